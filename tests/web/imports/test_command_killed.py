"""`motorpool exchange` killed at its work: all of an import has happened, or nothing."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.program import PROGRAM
from sql import imports
from sql.queries import queries

MANY = 20_000
FLEET = "Fleet number,Make,Seats,Notes\n" + "".join(
    f"{number},MAN,{number % 60},by the gate\n" for number in range(MANY)
)
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start one that works off what waits."""
    processes: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / f"exchange-{len(processes)}.log").open("wb") as log:
            command = [*PROGRAM, "exchange"]
            processes.append(
                subprocess.Popen(command, env={**os.environ, **environment}, stderr=log, stdout=log)
            )
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def count_vehicles(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM vehicles").fetchone()
    assert row
    return int(row[0])


def count_changes(connection: psycopg.Connection) -> dict[str, int]:
    """How many lines of the audit log are about vehicles, by the request."""
    rows = connection.execute(
        "SELECT request_id, count(*) FROM audit_log WHERE table_name = 'vehicles' GROUP BY 1"
    )
    return dict(rows.fetchall())


def is_free(connection: psycopg.Connection, id: int) -> bool:
    """Whether the database has noticed that nobody works on an import any more."""
    if not queries.claim_import(connection, id=id):
        return False
    return bool(queries.release_import(connection, id=id))


def test_one_killed_in_the_middle_of_a_commit_leaves_nothing_and_the_next_does_all(
    importer: Any, connection: psycopg.Connection, start: Start, tools: Any
) -> None:
    id = importer.check("vehicles", FLEET)["id"]
    imports.ask(connection, id, "committing", None)
    process = start()

    def is_in_the_middle() -> bool:
        row = imports.get(connection, id)
        return row["state"] == "committing" and 0.3 < row["share_done"] < 1

    tools.until(is_in_the_middle, "it to be in the middle")
    process.kill()
    process.wait()
    tools.until(lambda: is_free(connection, id), "the database to notice")
    assert count_vehicles(connection) == 0
    assert count_changes(connection) == {}
    row = imports.get(connection, id)
    assert row["state"] == "committing"
    assert list(queries.list_waiting_imports(connection)) == [(id,)]
    assert start().wait(60) == 0
    row = imports.get(connection, id)
    assert (row["state"], row["rows_new"], row["problem"]) == ("done", MANY, "")
    assert count_vehicles(connection) == MANY
    assert count_changes(connection) == {f"import-{id}": MANY}


def test_one_killed_in_the_middle_of_undoing_leaves_all_and_the_next_takes_it_back(
    importer: Any, connection: psycopg.Connection, start: Start, tools: Any
) -> None:
    id = importer.run("vehicles", FLEET)["id"]
    imports.ask(connection, id, "undoing", None)
    process = start()
    removing = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
        " AND application_name = 'motorpool-exchange' AND query LIKE '%DELETE FROM \"vehicles\"%'"
    )
    tools.until(lambda: connection.execute(removing).fetchone() == (1,), "it to be in the middle", 60)
    process.kill()
    process.wait()
    tools.until(lambda: is_free(connection, id), "the database to notice")
    tools.until(lambda: connection.execute(removing).fetchone() == (0,), "the statement to end", 60)
    assert count_vehicles(connection) == MANY
    assert count_changes(connection) == {f"import-{id}": MANY}
    assert imports.get(connection, id)["state"] == "undoing"
    assert start().wait(120) == 0
    assert imports.get(connection, id)["state"] == "undone"
    assert count_vehicles(connection) == 0
    assert count_changes(connection) == {f"import-{id}": MANY, f"undo-import-{id}": MANY}


def test_two_at_once_work_on_an_import_once(
    importer: Any, connection: psycopg.Connection, start: Start
) -> None:
    id = importer.check("vehicles", FLEET)["id"]
    imports.ask(connection, id, "committing", None)
    assert [process.wait(60) for process in (start(), start())] == [0, 0]
    assert imports.get(connection, id)["state"] == "done"
    assert count_vehicles(connection) == MANY
    assert count_changes(connection) == {f"import-{id}": MANY}
