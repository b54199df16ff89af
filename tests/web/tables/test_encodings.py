"""The characters that bytes mean are found without being told."""

from pathlib import Path

import pytest

from web.tables.encodings import MARK, guess_encoding

TEXTS = {
    "German": "Straße;Größe;Führerschein\nMüller;groß;Ölwechsel fällig\n",
    "German, only sharp s": "Straße\nSpaß\nFuß\n",
    "German, large": "KÖLN;MÜNCHEN;DÜSSELDORF\n",
    "French": "Libellé;Élève;à côté\nHôpital;façade;où\n1\u00a0063,00;ÉCOLE;garçon\n",
    "French, one word": "prix à payer;b\n",
    "French, large": "CRÉDIT;DÉPENSES\nRÉPARATION;BUDGÉTAIRE\n",
    "Spanish": "Año;Matrícula;¿Qué?\nCamión;Málaga;Último\n",
    "Spanish, large": "ESPAÑA;LOGROÑO\n",
    "French, degrees": "Adresse\nRue du Lac n° 5\n",
    "French, one name": "Ville\nNîmes\n",
    "Swedish": "Göteborg;Malmö;Åre\n",
    "typographic": "1\u00a0000,50 €;l\u2019été\n",
}
ENCODINGS = ("cp1252", "latin-1", "cp850", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_text_reads_the_same_in_every_encoding(text: str, encoding: str) -> None:
    try:
        content = text.encode(encoding)
    except UnicodeEncodeError:
        pytest.skip(f"{encoding} has no such characters")
    assert content.decode(guess_encoding(content)) == text


def test_the_real_files_of_a_city_read_right(recordings: Path) -> None:
    budget = (recordings / "import" / "montpellier_budget_2014_latin1.csv").read_bytes()
    schools = (recordings / "import" / "montpellier_ecoles_2014_cp850.csv").read_bytes()
    assert budget.decode(guess_encoding(budget)) == budget.decode("latin-1")
    assert guess_encoding(schools) == "cp850"


def test_a_few_damaged_bytes_do_not_make_utf_8_another_encoding() -> None:
    content = "é;ü;ñ;ç;à;ö\n".encode() + b"\xff\n"
    assert guess_encoding(content) == "utf-8"


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"\x81\x8d\x8f\x90\x9d", b"\xff\xfe\x00", bytes(range(256))]
)
def test_a_choice_always_comes_out(content: bytes) -> None:
    assert isinstance(content.decode(guess_encoding(content), MARK), str)


def test_a_make_that_begins_with_a_letter_of_its_own_is_read_right() -> None:
    rows = "Fleet number;Make\n1;Škoda\n2;MAN\n".encode("cp1252")
    assert "Škoda" in rows.decode(guess_encoding(rows))
