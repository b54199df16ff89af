"""Files that offices publish, as they are."""

import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl

from web.tables.numbers import guess_decimal, read_number


def test_the_budget_of_a_city_balances(read: Callable, recordings: Path) -> None:
    found = read((recordings / "import" / "montpellier_budget_2014_latin1.csv").read_bytes())
    assert found.headers == ["Exercice", "I_F", "D_R", "Nature", "Fonction", "BP", "Libellé fonction"]
    assert found.faults == []
    assert len(found.rows) == 1448
    assert guess_decimal(row[5] for row in found.rows) == {","}
    sums: dict[tuple, Decimal] = {}
    for row in found.rows:
        sums[row[1], row[2]] = sums.get((row[1], row[2]), Decimal()) + read_number(row[5], ",")
    assert sums == {
        ("F", "R"): Decimal("322408231.00"),
        ("F", "D"): Decimal("322408231.00"),
        ("I", "R"): Decimal("156583429.00"),
        ("I", "D"): Decimal("156583429.00"),
    }


def test_the_schools_of_a_city_have_their_accents(read: Callable, recordings: Path) -> None:
    found = read((recordings / "import" / "montpellier_ecoles_2014_cp850.csv").read_bytes())
    assert len(found.rows) == 120
    assert found.faults == []
    names = [row[3] for row in found.rows]
    assert "Ecole maternelle aliénor d'AQUITAINE" in names
    assert "Ecole Elémentaire Frédéric BAZILLE" in names
    letters = {sign for row in found.rows for cell in row if cell for sign in cell if not sign.isascii()}
    assert letters <= set("éèêëàâîïôûùçÉÈÀ°")


def test_a_list_of_vehicles_is_read_whole(read: Callable, recordings: Path) -> None:
    content = (recordings / "import" / "ved_static_ice_hev.xlsx").read_bytes()
    found = read(content, "ved.xlsx")
    header, *rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    assert found.headers == list(header)
    assert found.faults == []
    assert found.rows == [[cell.strip() if isinstance(cell, str) else cell for cell in row] for row in rows]
