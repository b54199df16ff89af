"""What waits to be imported is worked on by a process of its own, which ends with the job that started it."""

import threading
import time
from pathlib import Path

import psycopg
import pytest

from jobs import exchange
from sql.pool import connect

WAITING = """
    INSERT INTO import_history (kind, state, file_name, file_bytes, file_sha256, reading, mapping)
    VALUES ('vehicles', 'checking', 'fleet.csv', 0, repeat('0', 64), '{}', '{}')
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of ours, which says that it began and then does as it is told."""
    script = tmp_path / "program"
    script.write_text('#!/bin/sh\necho $$ $1 > "$0.began"\nexec sh "$0.does"\n')
    script.chmod(0o700)
    monkeypatch.setattr(exchange, "PROGRAM", [str(script)])
    return script


def test_nothing_is_started_while_nothing_waits(database_url: str, program: Path) -> None:
    with connect(database_url, "jobs") as connection:
        exchange.work_off(connection)
    assert not program.with_suffix(".began").exists()


def test_what_waits_is_worked_on_and_a_failure_is_the_jobs(database_url: str, program: Path) -> None:
    program.with_suffix(".does").write_text("exit 3")
    with connect(database_url, "jobs") as connection:
        connection.execute(WAITING)
        with pytest.raises(Exception, match="exit status 3"):
            exchange.work_off(connection)
    assert program.with_suffix(".began").read_text().split()[1] == "exchange"


def test_whoever_stops_the_jobs_stops_it(database_url: str, program: Path) -> None:
    program.with_suffix(".does").write_text("exec sleep 60")
    with connect(database_url, "jobs") as connection:
        connection.execute(WAITING)
        stopper = threading.Thread(target=_cancel_when_begun, args=(connection, program))
        stopper.start()
        began = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled):
            exchange.work_off(connection)
        stopper.join()
    pid = program.with_suffix(".began").read_text().split()[0]
    assert not Path("/proc", pid).exists()
    assert time.monotonic() - began < 30


def _cancel_when_begun(connection: psycopg.Connection, program: Path) -> None:
    while not program.with_suffix(".began").exists():
        time.sleep(0.05)
    time.sleep(0.2)
    connection.cancel_safe()


def test_files_are_forgotten_after_a_month_and_their_history_stays(database_url: str) -> None:
    with connect(database_url, "jobs", autocommit=True) as connection:
        connection.execute(WAITING.replace("'checking'", "'done'"))
        connection.execute(WAITING.replace("'checking'", "'done'"))
        connection.execute("INSERT INTO import_pieces SELECT id, 0, '' FROM import_history")
        connection.execute("UPDATE import_history SET created_at = now() - interval '31 days' WHERE id = 1")
        exchange.forget_files(connection)
        assert connection.execute("SELECT import_id FROM import_pieces").fetchall() == [(2,)]
        assert connection.execute("SELECT count(*) FROM import_history").fetchone() == (2,)
