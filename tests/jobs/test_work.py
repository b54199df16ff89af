"""The jobs at work: each on a connection of its own, none hurt by another, none running without the lock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from prometheus_client import REGISTRY

from config.settings import Settings
from jobs.lock import RunnerLock
from jobs.schedule import Job, list_jobs
from jobs.scheduler import run_scheduler
from jobs.work import Work
from sql import job_runs
from sql.pool import open_pool

PATIENCE_S = 30.0
SOON = IntervalTrigger(seconds=0.2, timezone=UTC)  # type: ignore[no-untyped-call]


@contextmanager
def at_work(url: str, *jobs: Job, may_run: Callable[[], bool] = lambda: True) -> Iterator[Work]:
    with open_pool(url, "jobs", 4, 0.0, least=0) as pool:
        work = Work(pool, jobs, may_run)
        work.start()
        try:
            yield work
        finally:
            work.stop()


def count(name: str, job: str) -> float:
    return REGISTRY.get_sample_value(name, {"job": job}) or 0.0


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def table(database_url: str) -> str:
    """A table that the jobs of a test write to."""
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE run (job text)")
    return database_url


def test_what_a_job_does_is_committed(table: str) -> None:
    done = threading.Event()

    def write(connection: psycopg.Connection) -> None:
        if connection.execute("SELECT count(*) FROM run").fetchone() == (2,):
            done.set()
        connection.execute("INSERT INTO run VALUES ('write')")

    with at_work(table, Job("write", SOON, write)):
        assert done.wait(PATIENCE_S)
    assert count("motorpool_job_last_success_timestamp_seconds", "write") > 1.7e9


def test_a_job_that_fails_leaves_nothing_behind_and_stops_no_other(table: str) -> None:
    others = threading.Semaphore(0)

    def fail(connection: psycopg.Connection) -> None:
        connection.execute("INSERT INTO run VALUES ('fail')")
        raise RuntimeError("on purpose")

    def work_well(connection: psycopg.Connection) -> None:
        others.release()

    with at_work(table, Job("fail", SOON, fail), Job("work well", SOON, work_well)):
        for _ in range(3):
            assert others.acquire(timeout=PATIENCE_S)
        while count("motorpool_job_failures_total", "fail") < 2:
            assert others.acquire(timeout=PATIENCE_S)
    assert query(table, "SELECT * FROM run") == []
    assert count("motorpool_job_failures_total", "work well") == 0


def test_a_running_job_may_finish_before_the_end(table: str) -> None:
    begun = threading.Event()

    def take_a_while(connection: psycopg.Connection) -> None:
        begun.set()
        connection.execute("SELECT pg_sleep(1)")
        connection.execute("INSERT INTO run VALUES ('finished')")

    with at_work(table, Job("take a while", SOON, take_a_while)) as work:
        assert begun.wait(PATIENCE_S)
        assert work.stop(grace_s=PATIENCE_S)
    assert query(table, "SELECT * FROM run") == [("finished",)]


def test_a_running_job_is_cancelled_when_its_time_is_over(table: str) -> None:
    begun = threading.Event()

    def take_for_ever(connection: psycopg.Connection) -> None:
        connection.execute("INSERT INTO run VALUES ('never')")
        begun.set()
        connection.execute("SELECT pg_sleep(1000)")

    with at_work(table, Job("take for ever", SOON, take_for_ever)) as work:
        assert begun.wait(PATIENCE_S)
        assert work.stop()
    assert query(table, "SELECT * FROM run") == []


def test_no_job_runs_that_may_not(table: str) -> None:
    asked = threading.Semaphore(0)
    ran = threading.Event()

    def refuse() -> bool:
        asked.release()
        return False

    with at_work(table, Job("refused", SOON, lambda _: ran.set()), may_run=refuse):
        for _ in range(3):
            assert asked.acquire(timeout=PATIENCE_S)
    assert not ran.is_set()


def test_the_loss_of_the_lock_stops_a_running_job_until_it_is_held_again(table: str) -> None:
    begun = threading.Semaphore(0)
    ended = threading.Semaphore(0)

    def take_for_ever(connection: psycopg.Connection) -> None:
        begun.release()
        try:
            connection.execute("SELECT pg_sleep(1000)")
        finally:
            ended.release()

    lock = RunnerLock(table)
    stop = threading.Event()
    pool = open_pool(table, "jobs", 4, 0.0, least=0)
    work = Work(pool, [Job("take for ever", SOON, take_for_ever)], lock.hold)
    thread = threading.Thread(target=run_scheduler, args=(lock, work, stop, 0.0))
    thread.start()
    try:
        assert begun.acquire(timeout=PATIENCE_S)
        with psycopg.connect(table, autocommit=True) as rival:
            rival.execute(
                "SELECT pg_terminate_backend(pid), pg_advisory_lock(hashtext('motorpool'), hashtext('jobs'))"
                " FROM pg_stat_activity"
                " WHERE application_name = 'motorpool-jobs-lock' AND datname = current_database()"
            )
            assert ended.acquire(timeout=PATIENCE_S)
            assert not lock.hold()
            assert not begun.acquire(blocking=False)
        assert begun.acquire(timeout=PATIENCE_S)
    finally:
        stop.set()
        thread.join()
        pool.close()


def test_the_database_is_told_of_each_run_and_how_it_ended(table: str) -> None:
    ended = threading.Semaphore(0)

    def fail(connection: psycopg.Connection) -> None:
        assert query(table, "SELECT outcome FROM job_runs ORDER BY id DESC LIMIT 1") == [("running",)]
        ended.release()
        connection.execute("INSERT INTO run VALUES ('secret')")
        raise ValueError("on purpose\nDETAIL: a child's name")

    with at_work(table, Job("fail", SOON, fail)):
        for _ in range(2):
            assert ended.acquire(timeout=PATIENCE_S)
    with psycopg.connect(table) as connection:
        (_, first) = job_runs.list_runs(connection, "fail", 2)
    assert (first["outcome"], first["problem"]) == ("failed", "ValueError: on purpose")
    assert first["ended_at"] >= first["started_at"]


def test_a_run_that_nobody_ended_is_lost_once_the_job_runs_again(table: str) -> None:
    with psycopg.connect(table) as connection:
        job_runs.begin_run(connection, "restart")
    done = threading.Event()
    with at_work(table, Job("restart", SOON, lambda _: done.set())):
        assert done.wait(PATIENCE_S)
    outcomes = query(table, "SELECT outcome, ended_at IS NOT NULL FROM job_runs ORDER BY id")
    assert outcomes[:2] == [("lost", True), ("done", True)]


def test_only_the_newest_runs_are_kept(table: str) -> None:
    with psycopg.connect(table) as connection:
        for _ in range(job_runs.RUNS_KEPT + 3):
            run = job_runs.begin_run(connection, "often")
        job_runs.end_run(connection, "often", run, None)
    assert query(table, "SELECT count(*) FROM job_runs") == [(job_runs.RUNS_KEPT,)]


def test_the_schedule_is_told_and_a_run_that_is_asked_for_comes_at_once(table: str) -> None:
    ran = threading.Event()
    yearly = CronTrigger(month=1, day=1, timezone=UTC)  # type: ignore[no-untyped-call]
    with (
        at_work(table, Job("yearly", yearly, lambda _: ran.set())) as work,
        psycopg.connect(table, autocommit=True) as connection,
    ):
        work.attend(connection)
        (row,) = job_runs.list_jobs(connection)
        assert (row["name"], row["schedule"], row["outcome"]) == ("yearly", "cron[month='1', day='1']", None)
        assert row["next_run"] > datetime.now(UTC)
        assert not job_runs.request_run(connection, "no such job", None)
        assert job_runs.request_run(connection, "yearly", None)
        work.attend(connection)
        assert ran.wait(PATIENCE_S)
        work.attend(connection)
        (after,) = job_runs.list_jobs(connection)
        assert (after["next_run"], after["requested_at"]) == (row["next_run"], None)


def test_the_jobs_of_an_installation_are_listed_with_their_hours() -> None:
    assert {job.name: str(job.when) for job in list_jobs(Settings())} == {
        "retention": "cron[hour='3', minute='10']",
        "driven roads": "cron[second='30']",
        "losses": "cron[hour='2-23', minute='20']",
        "newest fixes": "cron[second='0']",
        "outbox": "cron[hour='3', minute='40']",
        "sign-ins": "cron[hour='3', minute='50']",
        "alerts": "cron[second='*/10']",
        "exchange": "cron[second='*/5']",
    }
