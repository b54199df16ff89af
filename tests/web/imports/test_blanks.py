"""Templates and samples: what is filled in imports without questions, and the samples go through."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import psycopg
import pytest
from flask import g
from flask.testing import FlaskClient

from web.imports.blanks import SAMPLES
from web.imports.kinds import IMPORTS, KINDS

NAMES = sorted(kind.name for kind in IMPORTS if "workbook" in kind.formats)


@pytest.fixture
def admin(client: FlaskClient, sign_in: Callable[..., Any]) -> FlaskClient:
    sign_in("admin@example.org")
    return client


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_understood_without_questions(
    name: str,
    suffix: str,
    language: str,
    admin: FlaskClient,
    importer: Any,
    connection: psycopg.Connection,
) -> None:
    connection.execute("UPDATE users SET language = %s", (language,))
    template = admin.get(f"/imports/templates/{name}.{suffix}").data
    draft = importer.begin(name, template, f"template.{suffix}")
    with importer.app.test_request_context():
        g.user = importer.user
        known = {column.name for column in KINDS[name].columns if column.example != ""}
        assert set(draft.mapping.columns) >= known
        assert draft.questions == {}
    assert len(draft.sample.lines) == 1


def test_a_template_of_vehicles_filled_in_is_imported(
    admin: FlaskClient, importer: Any, connection: psycopg.Connection, verdicts: Callable[..., Any]
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(admin.get("/imports/templates/vehicles.xlsx").data))
    sheet = book.worksheets[0]
    headers = [cell.value for cell in sheet[1]]
    sheet.cell(3, headers.index("Fleet number") + 1, 102)
    sheet.cell(3, headers.index("Kind") + 1, "Van")
    sheet.cell(3, headers.index("Tank (L)") + 1, 80.5)
    filled = io.BytesIO()
    book.save(filled)
    row = importer.run("vehicles", filled.getvalue())
    assert verdicts(row) == (2, 0, 0, 0)
    found = connection.execute("SELECT fleet_number, kind, tank_l FROM vehicles ORDER BY 1").fetchall()
    assert found == [("101", "bus", 220.0), ("102", "van", 80.5)]


def test_a_template_says_what_each_cell_may_hold(admin: FlaskClient, connection: psycopg.Connection) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North yard')")
    book = openpyxl.load_workbook(io.BytesIO(admin.get("/imports/templates/vehicles.xlsx").data))
    rows, _choices, fields = book.worksheets
    rules = {str(rule.sqref): rule for rule in rows.data_validations.dataValidation}
    assert sorted({rule.type for rule in rules.values()}) == ["decimal", "list", "whole"]
    told = {line[0]: line for line in fields.iter_rows(values_only=True)}
    assert told["Fleet number"][2] == "yes"
    assert told["Tank"][3] == "L"
    assert "Diesel" in told["Fuel"][4]
    assert told["Depot"][4] == "North yard"


def test_a_template_speaks_of_the_readers_units(admin: FlaskClient, connection: psycopg.Connection) -> None:
    connection.execute("UPDATE users SET units = 'imperial'")
    text = admin.get("/imports/templates/vehicles.csv").data.decode("utf-8-sig")
    assert "Tank (gal)" in text
    assert ",58.1," in text


@pytest.mark.parametrize("name", sorted(kind.name for kind in IMPORTS if kind.sample))
def test_a_sample_is_there_and_goes_to_the_questions(name: str, admin: FlaskClient, importer: Any) -> None:
    with admin.get(f"/imports/samples/{name}") as answer:
        content = answer.data
    assert content == (SAMPLES / KINDS[name].sample).read_bytes()
    draft = importer.begin(name, content, KINDS[name].sample)
    assert draft.mapping.columns


def test_the_sample_of_vehicles_shows_what_can_go_wrong(
    importer: Any, connection: psycopg.Connection, verdicts: Callable[..., Any]
) -> None:
    content = (SAMPLES / "vehicles.csv").read_bytes()
    row = importer.run("vehicles", content, words={"kind": {"Midibus": "minibus"}, "fuel": {"CNG": "gas"}})
    assert verdicts(row) == (8, 0, 0, 4)
    rejected = importer.list_rejected(row["id"])
    assert [reasons[0][0] for reasons in rejected.values()] == [
        "seats",
        "vin",
        "fleet_number",
        "fleet_number",
    ]
    found = connection.execute(
        "SELECT make, notes, fuel FROM vehicles WHERE fleet_number IN ('S108', 'S109')"
    )
    assert found.fetchall() == [("Škoda", "", "gas"), ("Renault", "=1+1 is kept as text", "petrol")]


def test_unknown_kinds_and_formats_are_not_there(admin: FlaskClient) -> None:
    for address in ("templates/unicorns.csv", "templates/vehicles.pdf", "samples/unicorns"):
        assert admin.get(f"/imports/{address}").status_code == 404
    assert zipfile.is_zipfile(io.BytesIO(admin.get("/imports/templates/vehicles.xlsx").data))
