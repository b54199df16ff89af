"""What waits in the background is made by a process of its own, which ends with whoever started it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.program import PROGRAM
from jobs import exchange
from jobs.exchange import ExchangeFailed, work_off_exchange
from sql.pool import connect

WANTED = (
    '{"kind": "vehicles", "format": "csv", "columns": ["fleet_number"], "asked": [], "values": "kept",'
    ' "header": "label", "delimiter": ",", "drawn_as": "lines", "language": "en", "time_zone": "UTC"}'
)


@pytest.fixture
def waiting(database_url: str) -> str:
    """A fleet of one, and an export that somebody waits for; the address of the database."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO vehicles (fleet_number, kind, fuel, status) VALUES ('7', 'bus', 'diesel', 'spare');"
            "INSERT INTO users (email, role, password_hash, scope) VALUES ('a@x.org', 'admin', '', 'fleet')"
        )
        connection.execute(
            "INSERT INTO export_runs (user_id, kind, wanted, way, state)"
            " SELECT id, 'vehicles', %s, 'background', 'waiting' FROM users",
            (WANTED,),
        )
    return database_url


def read_state(url: str) -> Any:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT state, rows FROM export_runs").fetchone()


def test_a_scheduler_has_it_made(waiting: str, start_scheduler: Callable[..., Any]) -> None:
    start_scheduler()
    deadline = time.monotonic() + 60
    while read_state(waiting) != ("done", 1):
        assert time.monotonic() < deadline, read_state(waiting)
        time.sleep(0.2)


def test_no_process_is_started_while_nothing_waits(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "PROGRAM", ["/nowhere/motorpool"])
    with connect(database_url, "test") as connection:
        work_off_exchange(connection)


def test_a_process_that_fails_is_a_job_that_fails(waiting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "PROGRAM", [sys.executable, "-c", "raise SystemExit(3)"])
    with connect(waiting, "test") as connection, pytest.raises(ExchangeFailed, match="code 3"):
        work_off_exchange(connection)


def test_a_job_that_is_cancelled_ends_its_process(
    waiting: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "pid"
    monkeypatch.setattr(exchange, "PROGRAM", ["/bin/sh", "-c", f"echo $$ > {told}; exec sleep 600"])
    with connect(waiting, "test") as connection:
        threading.Timer(1.0, connection.cancel_safe).start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            work_off_exchange(connection)
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_the_program_makes_all_that_waits_and_ends(waiting: str) -> None:
    ended = subprocess.run(
        [*PROGRAM, "exchange"], env={"DATABASE_URL": waiting, "PATH": "/bin"}, timeout=60, check=False
    )
    assert ended.returncode == 0
    assert read_state(waiting) == ("done", 1)


def test_a_process_that_is_killed_leaves_no_half_file_and_the_next_one_makes_it(
    waiting: str, tmp_path: Path
) -> None:
    with psycopg.connect(waiting, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO devices (uid) VALUES ('a');"
            "INSERT INTO positions (device_id, fix_time, received_at, latitude, longitude)"
            " SELECT 1, '2026-01-01Z'::timestamptz + n * interval '1 s', now(), 48, 11"
            " FROM generate_series(1, 200000) n;"
            """UPDATE export_runs SET kind = 'positions', wanted = wanted || '{"kind": "positions","""
            """ "columns": ["fix_time"], "asked": [["device", "a"], ["period", "all"]]}'"""
        )
        environment = {"DATABASE_URL": waiting, "PATH": "/bin"}
        first = subprocess.Popen([*PROGRAM, "exchange"], env=environment)
        deadline = time.monotonic() + 60
        while read_state(waiting)[1] < 10_000:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        first.kill()
        first.wait()
        assert read_state(waiting)[0] == "making"
        assert subprocess.run([*PROGRAM, "exchange"], env=environment, check=False).returncode == 0
        assert read_state(waiting) == ("done", 200_000)
        pieces = connection.execute("SELECT content FROM export_pieces ORDER BY number").fetchall()
        assert b"".join(bytes(piece) for (piece,) in pieces).count(b"\r\n") == 200_001
        assert connection.execute("SELECT attempts FROM export_runs").fetchone() == (2,)


def test_files_are_forgotten_after_a_month_and_their_history_stays(database_url: str) -> None:
    with connect(database_url, "jobs", autocommit=True) as connection:
        connection.execute(
            "INSERT INTO import_history (kind, state, file_name, file_bytes, file_sha256, reading, mapping)"
            " SELECT 'vehicles', 'done', 'a.csv', 0, repeat('0', 64), '{}', '{}' FROM generate_series(1, 2);"
            "INSERT INTO import_pieces SELECT id, 0, '' FROM import_history;"
            "UPDATE import_history SET created_at = now() - interval '31 days' WHERE id = 1"
        )
        exchange.forget_files(connection)
        assert connection.execute("SELECT import_id FROM import_pieces").fetchall() == [(2,)]
        assert connection.execute("SELECT count(*) FROM import_history").fetchone() == (2,)
