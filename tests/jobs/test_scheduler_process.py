"""One scheduler runs the jobs, others stand by, and neither a crash nor an outage changes that for long."""

import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg

from sql import job_runs
from sql.pool import connect

Start = Callable[..., Any]


def test_the_second_process_stands_by_and_takes_over_when_the_first_is_killed(start_scheduler: Start) -> None:
    first = start_scheduler()
    first.wait_for("runs the jobs")
    second = start_scheduler()
    second.wait_for("stands by")
    first.process.kill()
    second.wait_for("runs the jobs")


def test_the_second_process_takes_over_when_the_first_hangs(start_scheduler: Start) -> None:
    first = start_scheduler()
    first.wait_for("runs the jobs")
    second = start_scheduler()
    first.process.send_signal(signal.SIGSTOP)
    second.wait_for("runs the jobs")
    first.process.send_signal(signal.SIGCONT)
    first.wait_for("lost the lock; stands by")


def test_a_process_told_to_stop_ends_well_and_leaves_the_lock(start_scheduler: Start) -> None:
    first = start_scheduler()
    first.wait_for("runs the jobs")
    first.process.terminate()
    first.wait_for("stopped")
    assert first.process.wait() == 0
    start_scheduler().wait_for("runs the jobs")


def test_an_outage_of_the_database_is_survived(start_scheduler: Start, database_url: str) -> None:
    scheduler = start_scheduler()
    scheduler.wait_for("runs the jobs")
    with _away(database_url):
        scheduler.wait_for("the database is away")
        scheduler.wait_for("lost the lock; stands by")
    scheduler.wait_for("the database is back")
    scheduler.wait_for("runs the jobs")
    assert scheduler.process.poll() is None


def test_a_start_without_a_database_waits_for_it(start_scheduler: Start, database_url: str) -> None:
    with _away(database_url):
        scheduler = start_scheduler()
        scheduler.wait_for("the database is away")
    scheduler.wait_for("runs the jobs")


def test_the_service_manager_hears_that_it_is_ready_and_alive(start_scheduler: Start) -> None:
    scheduler = start_scheduler(WATCHDOG_USEC="2000000")
    said = [scheduler.notify_socket.recv(1024).decode().strip() for _ in range(5)]
    assert said[:2] == ["READY=1", "STATUS=stands by"]
    assert "STATUS=runs the jobs" in said
    assert "WATCHDOG=1" in said


def test_both_processes_report_and_the_one_that_runs_the_jobs_takes_requests(
    start_scheduler: Start, database_url: str
) -> None:
    first = start_scheduler()
    first.wait_for("runs the jobs")
    second = start_scheduler()
    with connect(database_url, "test", autocommit=True) as connection:

        def is_so(query: str, expected: object) -> bool:
            return connection.execute(query).fetchall() == expected

        doing = "SELECT doing, pool ->> 'most' FROM process_status ORDER BY doing"
        _until(lambda: is_so(doing, [("runs the jobs", "4"), ("stands by", "4")]))
        _until(lambda: job_runs.request_run(connection, "retention", None))
        _until(lambda: is_so("SELECT outcome FROM job_runs WHERE job = 'retention'", [("done",)]))
        due = "SELECT next_run > now(), requested_at IS NULL FROM scheduled_jobs WHERE name = 'retention'"
        _until(lambda: is_so(due, [(True, True)]))
        second.process.terminate()
        second.wait_for("stopped")
        _until(lambda: is_so(doing, [("runs the jobs", "4")]))


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_metrics_are_served_on_the_port_after_metrics_port(start_scheduler: Start, free_port: int) -> None:
    scheduler = start_scheduler(METRICS_PORT=str(free_port - 1))
    scheduler.wait_for("runs the jobs")
    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/metrics") as answer:
        text = answer.read().decode()
    assert "motorpool_jobs_lock_held 1.0" in text
    assert 'motorpool_job_failures_total{job="retention"} 0.0' in text


def test_a_metrics_port_that_is_taken_is_one_sentence(start_scheduler: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        scheduler = start_scheduler(METRICS_PORT=str(port - 1))
        assert scheduler.process.wait(timeout=60) == 1


def test_without_a_database_url_it_says_so_and_ends(start_scheduler: Start) -> None:
    scheduler = start_scheduler(DATABASE_URL="")
    assert scheduler.process.wait(timeout=60) == 2


@contextmanager
def _away(url: str) -> Iterator[None]:
    """The database refuses everybody, and has thrown out who was there."""
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        try:
            throw_out = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            admin.execute(throw_out, (name,))
            yield
        finally:
            admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
