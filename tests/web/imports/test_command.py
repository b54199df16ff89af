"""`motorpool import` as a process: what it says to whoever scripts it."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.program import PROGRAM
from sql.queries import queries

FLEET = """Bus,Make,Seats
101,MAN,52
102,O'Hara,many
حافلة,MAN,50
"""


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Import a file of this text with these options."""

    def run(*options: str, text: str | None = FLEET) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "fleet.csv"
        given = [] if text is None else [str(file)]
        file.write_text(text or "")
        command = [*PROGRAM, "import", "vehicles", *given, *options]
        return subprocess.run(
            command,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def read_fleet(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT fleet_number, make, seats FROM vehicles ORDER BY id").fetchall()


def test_a_file_is_imported_and_what_came_of_it_is_told_as_json(
    run: Callable[..., Any], connection: psycopg.Connection
) -> None:
    ended = run("--json")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told == {
        "id": told["id"],
        "state": "done",
        "rows": {"read": 3, "new": 2, "changed": 0, "same": 0, "rejected": 1},
        "rejected": [{"line": 3, "reasons": told["rejected"][0]["reasons"]}],
        "problem": "",
        "obstacles": [],
    }
    assert told["rejected"][0]["reasons"][0][0] == "seats"
    assert read_fleet(connection) == [("101", "MAN", 52), ("حافلة", "MAN", 50)]


def test_a_dry_run_tells_the_same_and_changes_nothing(
    run: Callable[..., Any], connection: psycopg.Connection
) -> None:
    told = json.loads(run("--json", "--dry-run").stdout)
    assert told["state"] == "checked"
    assert told["rows"] == {"read": 3, "new": 2, "changed": 0, "same": 0, "rejected": 1}
    assert read_fleet(connection) == []
    assert connection.execute("SELECT count(*) FROM audit_log WHERE table_name = 'vehicles'").fetchone() == (
        0,
    )


def test_what_has_to_be_said_is_asked_by_name_and_nothing_happens(
    run: Callable[..., Any], connection: psycopg.Connection
) -> None:
    ended = run(text='Bezeichner,Tank\n101,"1,234"\n')
    assert ended.returncode == 2
    assert "fleet_number: " in ended.stderr
    assert "decimals: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert read_fleet(connection) == []
    ended = run("--map", "fleet_number=Bezeichner", "--decimals", ",", text='Bezeichner,Tank\n101,"1,234"\n')
    assert ended.returncode == 0, ended.stderr
    row = connection.execute("SELECT fleet_number, to_char(tank_l, 'FM90.00') FROM vehicles").fetchone()
    assert row == ("101", "1.23")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--map", "fleet_number=Nothing"), "the file has no column 'Nothing'"),
        (("--set", "colour=red"), "colour: no such field"),
        (("--set", "status"), "'status' is not NAME=VALUE"),
        (("--time-zone", "Nowhere"), "time_zone: There is no such time zone."),
        (("--undo", "1"), "Give either FILE or --undo ID"),
    ],
)
def test_a_wrong_option_is_named(options: tuple[str, ...], sentence: str, run: Callable[..., Any]) -> None:
    ended = run(*options)
    assert ended.returncode == 2
    assert sentence in ended.stderr


def test_a_text_for_all_rows_that_cannot_be_kept_is_told(
    run: Callable[..., Any], connection: psycopg.Connection
) -> None:
    ended = run("--set", "depot_id=Nowhere")
    assert (ended.returncode, ended.stderr) == (1, "Depot: There is no such record.\n")
    assert read_fleet(connection) == []


def test_an_import_is_taken_back_by_its_number(
    run: Callable[..., Any], connection: psycopg.Connection
) -> None:
    id = json.loads(run("--json").stdout)["id"]
    told = json.loads(run("--undo", str(id), "--json", text=None).stdout)
    assert told["state"] == "undone"
    assert read_fleet(connection) == []
    ended = run("--undo", str(id), text=None)
    assert (ended.returncode, ended.stderr) == (1, "Error: the import is undone\n")
    ended = run("--undo", str(id + 1), text=None)
    assert (ended.returncode, ended.stderr) == (1, f"Error: There is no import {id + 1}.\n")


def test_what_stands_in_the_way_of_taking_back_is_told(
    run: Callable[..., Any], connection: psycopg.Connection
) -> None:
    id = json.loads(run("--json").stdout)["id"]
    connection.execute("INSERT INTO devices (uid, vehicle_id) SELECT 'd', min(id) FROM vehicles")
    ended = run("--undo", str(id), text=None)
    assert ended.returncode == 1
    assert "  101: It has been used since (devices).\n" in ended.stdout
    assert "It has not been taken back" in ended.stderr
    assert len(read_fleet(connection)) == 2


def test_an_import_that_another_process_works_on_is_waited_for(
    environment: dict[str, str], tmp_path: Path, connection: psycopg.Connection, tools: Any
) -> None:
    """What works in the background may be quicker than the command that asked."""
    assert queries.claim_import(connection, id=1)
    (tmp_path / "fleet.csv").write_text(FLEET)
    command = [*PROGRAM, "import", "vehicles", str(tmp_path / "fleet.csv"), "--json"]
    with subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE) as process:
        states = "SELECT count(*) FROM import_history WHERE state = 'checking'"
        tools.until(lambda: connection.execute(states).fetchone() == (1,), "the command to ask")
        time.sleep(0.5)
        assert process.poll() is None
        queries.release_import(connection, id=1)
        told = json.loads(process.communicate(timeout=30)[0])
    assert (told["state"], told["rows"]["new"]) == ("done", 2)
