"""The jobs as the database knows them: their schedule, their runs, and who asked for one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from sql.processes import name_worker
from sql.queries import fetch_rows, queries

RUNS_KEPT = 500


def tell_schedule(connection: psycopg.Connection, jobs: Mapping[str, tuple[str, datetime | None]]) -> None:
    """Say which jobs there are: the schedule of each in words, and when it runs next."""
    names = list(jobs)
    queries.put_on_schedule(
        connection,
        names=names,
        schedules=[schedule for schedule, _ in jobs.values()],
        next_runs=[next_run for _, next_run in jobs.values()],
    )
    queries.take_off_schedule(connection, names=names)


def request_run(connection: psycopg.Connection, name: str, user_id: int | None) -> bool:
    """Ask for a run of this job as soon as may be; False where there is no such job."""
    return bool(queries.request_run(connection, name=name, user_id=user_id))


def claim_requests(connection: psycopg.Connection) -> list[str]:
    """The jobs that somebody asked for; whoever is told them runs them."""
    return [name for (name,) in queries.claim_requested_runs(connection)]


def begin_run(connection: psycopg.Connection, job: str) -> int:
    """Write that a job starts, at once; the id of the run."""
    run: int = queries.begin_run(connection, job=job, worker=name_worker())
    connection.commit()
    return run


def end_run(connection: psycopg.Connection, job: str, run: int, error: BaseException | None) -> None:
    """Write how a run ended, and forget the oldest runs of the job."""
    outcome = "failed" if error else "done"
    queries.end_run(connection, id=run, outcome=outcome, problem=describe(error) if error else "")
    queries.forget_runs(connection, job=job, most=RUNS_KEPT)
    connection.commit()


def describe(error: BaseException) -> str:
    """The kind of an error and the first line of what it says; further lines of a database's quote rows."""
    said = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {said}".removesuffix(": ")


def list_jobs(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Every job with its schedule and its newest run."""
    return fetch_rows(connection, "list_scheduled_jobs")


def list_runs(connection: psycopg.Connection, job: str, most: int) -> list[dict[str, Any]]:
    """The newest runs of a job."""
    return fetch_rows(connection, "list_runs", job=job, most=most)
