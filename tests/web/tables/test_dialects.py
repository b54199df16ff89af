"""How rows are written as text is found by what makes them even."""

import pytest

from web.tables.detection import detect
from web.tables.dialects import Dialect, cut, find_header, guess_dialect, is_value

ROWS = [["Name", "Day", "Price", "Note"]] + [
    [f"Bus {number}", f"{number}.11.2026", f"{number * 1111},50", "10:30: wash, then park"]
    for number in range(1, 12)
]


def write(delimiter: str, quote: str) -> str:
    def cell(text: str) -> str:
        return f"{quote}{text}{quote}" if delimiter in text else text

    return "".join(delimiter.join(map(cell, row)) + "\r\n" for row in ROWS)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":", "~", "^", " ", "#", "\x1f"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_the_sign_between_cells_is_found_among_signs_within_them(delimiter: str, quote: str) -> None:
    text = write(delimiter, quote)
    found = guess_dialect(text)
    assert found.delimiter == delimiter
    assert [row.cells for row in cut(text, found)[0]] == ROWS


def test_an_apostrophe_in_a_text_quotes_nothing() -> None:
    assert guess_dialect("a;b\nd'or;1\nl'eau;2\n") == Dialect(";", '"')


def test_inches_are_no_quotes() -> None:
    text = "size,name\n" + '"5 tyre,x\n' * 3 + '6" tyre,y\n' * 3
    assert guess_dialect(text) == Dialect(",", "")


def test_one_column_needs_no_sign() -> None:
    assert guess_dialect("name\nAda\nGrace\n") == Dialect(",", '"')


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name,km\nA,1\nB,2\n", 1),
        ("\n\nname,km\nA,1\nB,2\n", 3),
        ("Fleet of the town\nas of 2026-11-01\n\nname,km,year\nA,1,2020\nB,2,2021\nC,3,2022\n", 4),
        ("A,1\nB,2\nC,3\n", 0),
        ("2026-11-01,48.1,11.5\n2026-11-02,48.2,11.6\n", 0),
        ("name,place\nAda,Ulm\nGrace,Bonn\n", 1),
        ("sep=;\nname;km\nA;1\nB;2\n", 2),
    ],
)
def test_the_headers_stand_below_titles_and_above_values(text: str, line: int) -> None:
    assert find_header(cut(text, guess_dialect(text))[0]) == line


@pytest.mark.parametrize(
    "text", ["1", "-1.5", "1 234,50 €", "2026-11-23", "1/2/24", "10:30", "yes", "(3.00)", "5 %"]
)
def test_values_are_no_headers(text: str) -> None:
    assert is_value(text)


@pytest.mark.parametrize("text", ["Name", "km", "Bus 5", "1st driver", "WDB9066571S123456", "9" * 100_000])
def test_names_are_no_values(text: str) -> None:
    assert not is_value(text)


def test_only_the_begin_of_a_file_is_read_to_find_out(tmp_path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("name,km\n" + "bus,12\n" * 300_000)
    with path.open("rb") as file:
        detect(file, path.name)
        assert file.tell() <= 512 * 1024
