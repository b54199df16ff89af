"""`motorpool export` and the API: what scripts get, and that it can be read back."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pyarrow.parquet
import pytest
from flask import Flask
from flask.testing import FlaskClient

from sql.fleet import add_device
from web.exports import delivery
from web.exports.background import work_off_exports

PROGRAM = [sys.executable, "-c", "import motorpool; motorpool.main()", "export"]


@pytest.fixture
def run(database_url: str) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """The command, which needs no secret of the site."""

    def call(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        inherited = {name: value for name, value in os.environ.items() if name != "JWT_SECRET"}
        environment = {**inherited, "DATABASE_URL": database_url}
        return subprocess.run(
            [*PROGRAM, *arguments], env=environment, capture_output=True, timeout=120, check=False
        )

    return call


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture
def records(connection: psycopg.Connection) -> None:
    """Records with all that makes reading back hard."""
    connection.execute("INSERT INTO depots (name) VALUES ('North, \u201cold\u201d'), ('S\u00fcd; =2+2')")
    connection.execute(
        "INSERT INTO vehicles (fleet_number, plate, vin, kind, make, model, year, seats, fuel, tank_l,"
        " depot_id, status, notes) VALUES"
        " ('007', 'M-AB 7', '1M8GDM9AXKP042788', 'bus', '+Plus', '@home', 1999, 54, 'diesel', 300.25, 1,"
        " 'in service', E'two\\nlines, and \"quotes\"'),"
        " ('-1', '', '', 'van', '', '', NULL, NULL, 'electric', NULL, NULL, 'spare', '=HYPERLINK(1)'),"
        " ('''=x', '', '', 'car', '\u041a\u0410\u041c\u0410\u0417', '', 2024, 0, 'gas', 0.1, 2, 'spare', ' ')"
    )
    connection.execute(
        "INSERT INTO drivers (name, staff_number, status, phone, licence_expires_on, depot_id)"
        " VALUES ('Ann Lee', '0012', 'active', '+49 89 1234', '2027-02-03', 1),"
        " ('Bo', '', 'left', '', NULL, NULL)"
    )
    add_device(connection, "=868", "007")
    connection.execute("INSERT INTO devices (uid) VALUES ('0123456789012345')")
    connection.execute(
        "INSERT INTO driver_assignments (vehicle_id, driver_id, during, notes) VALUES"
        " (1, 1, tstzrange('2026-10-25 00:30:15.25+00', '2026-10-25 01:30+00'), 'twice'),"
        " (2, 2, tstzrange(now(), NULL), '')"
    )


@pytest.mark.usefixtures("records")
def test_a_file_is_written_whole_or_not_at_all(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "fleet.parquet"
    ended = run("vehicles", "--format", "parquet", "--output", str(path), "--json")
    assert json.loads(ended.stdout) == {
        "kind": "vehicles",
        "format": "parquet",
        "rows": 3,
        "bytes": path.stat().st_size,
    }
    assert pyarrow.parquet.read_table(path).column("Fleet number").to_pylist() == ["'=x", "-1", "007"]
    ended = run("trips", "--filter", "vehicle=nobody's", "--output", str(tmp_path / "trips.csv"))
    assert ended.returncode == 2
    assert [file.name for file in tmp_path.iterdir()] == ["fleet.parquet"]


@pytest.mark.usefixtures("records")
def test_a_workbook_goes_to_standard_output_and_the_count_to_the_other(run: Callable[..., Any]) -> None:
    asked = ("--filter", "status=spare", "--columns", "plate,fleet_number", "--format", "xlsx")
    ended = run("vehicles", *asked)
    sheet = openpyxl.load_workbook(io.BytesIO(ended.stdout)).active
    assert list(sheet.iter_rows(values_only=True)) == [("Plate", "Fleet number"), (None, "'=x"), (None, "-1")]
    assert ended.stderr.decode().startswith("2 rows, ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["buses"], "KIND buses: there are alerts, assignments, audit_log,"),
        (["vehicles", "--columns", "colour"], "colour: This must be one of: fleet_number"),
        (["vehicles", "--filter", "colour=red"], "vehicles can be asked by search, depot_id"),
        (["vehicles", "--filter", "red"], "write NAME=VALUE"),
        (["rules", "--format", "gpx"], "Rules cannot be drawn on a map."),
        (["trips", "--filter", "from=once"], "This must be a day"),
    ],
)
def test_a_wrong_question_ends_it_with_one_sentence(
    arguments: list[str], said: str, run: Callable[..., Any]
) -> None:
    ended = run(*arguments)
    assert ended.returncode == 2
    assert said in ended.stderr.decode()
    assert "Traceback" not in ended.stderr.decode()
    assert ended.stdout == b""


@pytest.mark.usefixtures("records")
def test_who_took_what_knows_commands_too(run: Callable[..., Any], connection: psycopg.Connection) -> None:
    run("drivers")
    found = connection.execute("SELECT user_id, kind, way, state, rows FROM export_runs").fetchall()
    assert found == [(None, "drivers", "command", "done", 2)]


@pytest.fixture
def api(client: FlaskClient, people: None) -> Callable[..., Any]:
    """The API as a dispatcher's program uses it."""
    credentials = {"email": "dispatcher@example.org", "password": "a long enough password", "device_id": "x"}
    token = client.post("/api/v1/auth/login", json=credentials).json["access_token"]

    def ask(path: str, **asked: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return client.get(f"/api/v1/exports/{path}", headers=headers, query_string=asked)

    return ask


@pytest.mark.usefixtures("records")
def test_a_program_learns_what_there_is_and_gets_it(api: Callable[..., Any]) -> None:
    kinds = {kind["name"]: kind for kind in api("kinds").json["items"]}
    assert "audit_log" not in kinds
    vehicles = kinds["vehicles"]
    assert {"name": "tank_l", "label": "Tank", "type": "number", "is_usual": True} in vehicles["columns"]
    assert vehicles["formats"] == ["csv", "xlsx", "parquet"]
    assert "gpx" in kinds["positions"]["formats"]
    assert "status" in vehicles["filters"]
    answer = api("vehicles", columns="tank_l,fleet_number", status="in service", header="name")
    assert read_csv(answer.get_data()) == [{"tank_l": "300.25", "fleet_number": "007"}]
    assert api("vehicles", format="docx").status_code == 422
    assert api("vehicles", columns="nothing").json["errors"]["columns"].startswith("nothing: ")
    assert api("audit_log").status_code == 403
    assert api("nothing").status_code == 404


@pytest.mark.usefixtures("records")
def test_a_program_comes_back_for_what_is_long(
    api: Callable[..., Any], app: Flask, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MOST_ROWS", 1)
    answer = api("vehicles", format="xlsx", columns="fleet_number")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/v1/exports/runs/{answer.json['id']}"
    assert (answer.json["state"], answer.json["format"]) == ("waiting", "xlsx")
    assert api("runs/1/file").status_code == 404
    while work_off_exports(app, connection):
        pass
    assert api("runs/1").json["state"] == "done"
    assert openpyxl.load_workbook(io.BytesIO(api("runs/1/file").get_data())).active["A2"].value == "'=x"
    listed = api("runs", limit=1).json
    assert (listed["total"], listed["items"][0]["rows"], listed["next"]) == (1, 3, None)
    assert api("runs/99").status_code == 404
