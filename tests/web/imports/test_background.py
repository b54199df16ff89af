"""Large files while a person does something else: how far it is, stopping, and going on."""

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.program import PROGRAM
from sql import imports
from sql.queries import queries
from web.imports import work

FLEET = "Fleet number,Seats\n" + "".join(f"{number},{number % 60}\n" for number in range(6_000))


@pytest.fixture
def always_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell how far it is with each batch, however quick this machine is."""
    monkeypatch.setattr(work, "TELL_EVERY_S", 0.0)


def test_a_check_that_is_stopped_leaves_nothing_and_can_be_begun_again(
    importer: Any, connection: psycopg.Connection, always_told: None, verdicts: Callable[..., Any]
) -> None:
    draft = importer.begin("vehicles", FLEET)
    row = stop_while_working(importer, connection, draft.row["id"], "checking")
    assert row["state"] == "cancelled"
    assert 0 < row["rows_read"] < 6_000
    assert verdicts(importer.work(row["id"], "checking")) == (6_000, 0, 0, 0)


def test_a_commit_that_is_stopped_has_not_happened_and_can_be_asked_for_again(
    importer: Any, connection: psycopg.Connection, always_told: None, verdicts: Callable[..., Any]
) -> None:
    row = importer.check("vehicles", FLEET)
    row = stop_while_working(importer, connection, row["id"], "committing")
    assert row["state"] == "checked"
    assert connection.execute("SELECT count(*) FROM vehicles").fetchone() == (0,)
    assert importer.work(row["id"], "committing")["state"] == "done"
    assert connection.execute("SELECT count(*) FROM vehicles").fetchone() == (6_000,)


def stop_while_working(importer: Any, connection: psycopg.Connection, id: int, state: str) -> Any:
    """The import after somebody asked to stop it while it was worked on."""
    imports.ask(connection, id, state, None)
    worker = threading.Thread(target=work.work_on, args=(importer.app, importer.url, id))
    worker.start()
    while not imports.get(connection, id)["rows_read"] or not imports.get(connection, id)["share_done"]:
        assert worker.is_alive()
    queries.stop_import(connection, id=id)
    worker.join()
    return imports.get(connection, id)


def test_a_large_file_is_worked_on_by_the_jobs_without_anybody_waiting(
    importer: Any,
    connection: psycopg.Connection,
    environment: dict[str, str],
    tmp_path: Path,
    tools: Any,
) -> None:
    draft = importer.begin("vehicles", FLEET)
    imports.ask(connection, draft.row["id"], "checking", None)
    with (tmp_path / "jobs.log").open("wb") as log:
        jobs = subprocess.Popen([*PROGRAM, "jobs"], env={**os.environ, **environment}, stdout=log, stderr=log)
    try:
        tools.until(lambda: imports.get(connection, draft.row["id"])["state"] == "checked", "the check", 60)
    finally:
        jobs.terminate()
        jobs.wait()
    assert imports.get(connection, draft.row["id"])["rows_new"] == 6_000
