"""The jobs at work: each runs when it is due, in a thread and on a connection of the pool."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import psycopg
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from psycopg_pool import ConnectionPool

from jobs import metrics
from jobs.schedule import Job
from sql import job_runs

CANCEL_TIMEOUT_S = 10.0
CANCEL_AGAIN_S = 0.5

log = structlog.get_logger()


class Work:
    """Starts and stops the schedule; a job that fails is logged and counted, and runs again when due.

    As many jobs run at once as the pool has connections, and the database is told of each run.

    `may_run` is asked before each run, because a process that was frozen wakes with jobs overdue and does not
    know yet that another one has taken over.
    """

    def __init__(self, pool: ConnectionPool, jobs: Iterable[Job], may_run: Callable[[], bool]) -> None:
        self._pool = pool
        self._jobs = tuple(jobs)
        self._may_run = may_run
        for job in self._jobs:
            metrics.RUNS.labels(job.name)
            metrics.FAILURES.labels(job.name)
        self._scheduler: BackgroundScheduler | None = None
        self._running: dict[int, psycopg.Connection | None] = {}
        self._changed = threading.Condition()

    @property
    def started(self) -> bool:
        """Whether jobs are started when they are due."""
        return self._scheduler is not None

    def start(self) -> None:
        """Begin a schedule as of now; what was due earlier is left out."""
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(self._pool.max_size)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        for job in self._jobs:
            scheduler.add_job(self._run, job.when, args=[job], id=job.name)
        self._scheduler = scheduler
        scheduler.start()

    def attend(self, connection: psycopg.Connection) -> None:
        """Tell the database when each job runs next, and run those that somebody asked for; a beat."""
        scheduler = self._scheduler
        if scheduler is None:
            return
        due = {job.id: job.next_run_time for job in scheduler.get_jobs()}
        job_runs.tell_schedule(
            connection, {job.name: (str(job.when), due.get(job.name)) for job in self._jobs}
        )
        for name in job_runs.claim_requests(connection):
            log.info("a run was asked for", job=name)
            with suppress(JobLookupError):  # the schedule has just been stopped
                scheduler.modify_job(name, next_run_time=datetime.now(UTC))

    def stop(self, grace_s: float = 0.0) -> bool:
        """Start no more jobs, let those that run finish for `grace_s`, then cancel their queries.

        Returns whether all have ended; a job that computes without the database cannot be cancelled.
        """
        if self._scheduler is not None:
            scheduler, self._scheduler = self._scheduler, None
            scheduler.shutdown(wait=False)
        if self.wait_until_idle(grace_s):
            return True
        deadline = time.monotonic() + CANCEL_TIMEOUT_S
        while time.monotonic() < deadline:
            self._cancel_queries()
            if self.wait_until_idle(CANCEL_AGAIN_S):
                return True
        return False

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Whether no job runs any more, within the time given."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, timeout_s)

    def _cancel_queries(self) -> None:
        """Cancel the query of each running job; one that is between two queries needs another try."""
        with self._changed:
            connections = [connection for connection in self._running.values() if connection is not None]
        for connection in connections:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=CANCEL_AGAIN_S)

    def _run(self, job: Job) -> None:
        with self._registered() as thread:
            if not self.started or not self._may_run():
                return
            metrics.RUNS.labels(job.name).inc()
            started = time.monotonic()
            try:
                with self._pool.connection() as connection:
                    self._running[thread] = connection
                    try:
                        _run_and_tell(job, connection)
                    finally:
                        self._running[thread] = None  # from here on it is another's
            except Exception:
                metrics.FAILURES.labels(job.name).inc()
                log.exception("job failed", job=job.name)
            else:
                metrics.LAST_SUCCESS.labels(job.name).set_to_current_time()
                log.debug("job done", job=job.name)
            metrics.SECONDS.labels(job.name).observe(time.monotonic() - started)

    @contextmanager
    def _registered(self) -> Iterator[int]:
        """Count this thread among those that run a job, until it ends."""
        thread = threading.get_ident()
        with self._changed:
            self._running[thread] = None
        try:
            yield thread
        finally:
            with self._changed:
                del self._running[thread]
                self._changed.notify_all()


def _run_and_tell(job: Job, connection: psycopg.Connection) -> None:
    """Run a job in a transaction of its own, and write beside it when it began and how it ended."""
    run = job_runs.begin_run(connection, job.name)
    failure: Exception | None = None
    try:
        job.run(connection)
        connection.commit()
    except Exception as error:
        failure = error
        raise
    finally:
        with suppress(psycopg.Error):  # a connection that broke tells no more: the run counts as lost
            connection.rollback()
            job_runs.end_run(connection, job.name, run, failure)
