"""Slow statements are noted by the names of their queries, and by nothing that was in them."""

import json

import psycopg
import pytest
from prometheus_client import REGISTRY

from sql.audit import Author
from sql.pool import connect, open_pool
from sql.pool_use import measure_pool
from sql.processes import Process, list_processes
from sql.queries import FOLDER, NAMES, queries
from sql.records import Records
from sql.slow_queries import SLOW_QUERIES, SlowQueries, name_statement


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> SlowQueries:
    """A fresh book in which every statement is slow."""
    book = SlowQueries()
    book.threshold_s = 0.0
    monkeypatch.setattr("sql.slow_queries.SLOW_QUERIES", book)
    monkeypatch.setattr("sql.processes.SLOW_QUERIES", book)
    return book


def names(book: SlowQueries) -> set[str]:
    return {slow["query"] for slow in book.list_costliest()}


def test_no_two_queries_have_one_name() -> None:
    lines = [line for file in FOLDER.glob("*.sql") for line in file.read_text().splitlines()]
    given = [line.split()[2].rstrip("!$^*#<") for line in lines if line.startswith("-- name:")]
    assert len(given) == len(set(given))
    assert len(NAMES) == len(given)


def test_a_statement_is_noted_by_its_name_whatever_runs_it(database_url: str, noted: SlowQueries) -> None:
    with connect(database_url, "test", autocommit=True) as connection:
        queries.list_users(connection)
        list(queries.list_devices_with_fixes(connection))
        Records(connection, "depots", "depot", Author(), None).count(search="secret", archived=False)
        connection.execute("SELECT %s", ("a secret",))
        with connection.cursor() as cursor:
            with cursor.copy("/* copy_rows */ COPY (SELECT 1) TO STDOUT") as copy:
                assert list(copy)
            cursor.executemany("SELECT pg_notify('x', %s)", [("a",), ("b",)])
    assert names(noted) >= {"list_devices_with_fixes", "count_depots", "copy_rows", "other"}
    assert "secret" not in json.dumps(noted.list_costliest())


def test_only_what_takes_longer_is_noted_and_it_adds_up(database_url: str, noted: SlowQueries) -> None:
    noted.threshold_s = 0.05
    with connect(database_url, "test", autocommit=True) as connection:
        connection.execute("SELECT 1")
        for seconds in (0.1, 0.2):
            connection.execute("/* nap */ SELECT pg_sleep(%s)", (seconds,))
    (slow,) = noted.list_costliest()
    assert (slow["query"], slow["count"], slow["cancelled"]) == ("nap", 2, 0)
    assert 0.3 <= slow["total_s"] < 5
    assert 0.2 <= slow["longest_s"] < slow["total_s"]


def test_a_statement_that_its_timeout_ends_is_counted(database_url: str, noted: SlowQueries) -> None:
    noted.threshold_s = 60.0
    with (
        connect(database_url, "test", autocommit=True, statement_timeout_s=0.1) as connection,
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        connection.execute("/* dream */ SELECT pg_sleep(30)")
    assert [(slow["query"], slow["cancelled"]) for slow in noted.list_costliest()] == [("dream", 1)]
    assert REGISTRY.get_sample_value("motorpool_cancelled_queries_total", {"query": "dream"}) == 1


def test_a_name_comes_from_us_and_never_from_a_value(database_url: str) -> None:
    with connect(database_url, "test") as connection, connection.cursor() as cursor:
        assert name_statement("SELECT 'child'", cursor) == "other"
        assert name_statement(b"/* load */ SELECT 1", cursor) == "load"
        assert name_statement(queries.list_users.sql, cursor) == "list_users"


def test_the_book_is_shared_by_the_process(database_url: str) -> None:
    assert SLOW_QUERIES.threshold_s > 0


def test_a_pool_says_how_it_is_used(database_url: str) -> None:
    with open_pool(database_url, "jobs", 2, least=0) as pool:
        assert measure_pool(pool)["size"] == 0
        with pool.connection() as connection:
            timeout = connection.execute("SHOW statement_timeout").fetchone()
            use = measure_pool(pool)
        assert timeout == ("10s",)
        assert (use["most"], use["size"], use["in_use"], use["idle"]) == (2, 1, 1, 0)
        assert REGISTRY.get_sample_value("motorpool_pool_idle", {"pool": "jobs"}) == 1
    assert REGISTRY.get_sample_value("motorpool_pool_idle", {"pool": "jobs"}) is None


def test_processes_report_fall_silent_and_leave(database_url: str, noted: SlowQueries) -> None:
    with connect(database_url, "test", autocommit=True) as connection:
        process = Process("ingest", None, lambda: "stores positions", "broker:1883", lambda: False)
        process.report(connection)
        process.report(connection)
        (row,) = list_processes(connection)
        assert (row["doing"], row["broker"], row["broker_connected"]) == (
            "stores positions",
            "broker:1883",
            False,
        )
        assert (row["pool"], row["is_silent"]) == (None, False)
        assert "report_process" in {slow["query"] for slow in row["slow"]}
        connection.execute("UPDATE process_status SET updated_at = now() - interval '31 seconds'")
        assert [row["is_silent"] for row in list_processes(connection)] == [True]
        process.leave(connection)
        assert list_processes(connection) == []
