"""The right to run jobs: one process a database has it, for as long as its connection lives.

It is a session's advisory lock, so a process that dies gives it back at once. One that hangs would keep it:
therefore the server ends a session that says nothing for ten seconds (`watch_session`).
"""

import threading

import psycopg
import structlog
from psycopg.conninfo import make_conninfo

from sql.pool import connect
from sql.queries import queries

POLL_S = 1.0
LONGEST_PAUSE_POLLS = 5
TCP_TIMEOUTS = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

log = structlog.get_logger()


class RunnerLock:
    """Takes the lock, keeps it, and notices its loss; may be asked from several threads."""

    def __init__(self, url: str) -> None:
        self._url = make_conninfo(url, **TCP_TIMEOUTS)
        self._connection: psycopg.Connection | None = None
        self._failures = 0
        self._mutex = threading.Lock()

    def hold(self) -> bool:
        """Take or confirm the lock; False while another process has it or the database is away."""
        with self._mutex:
            try:
                if self._connection is None:
                    self._connection = connect(self._url, "jobs-lock", autocommit=True)
                    queries.watch_session(self._connection)
                held: bool = queries.hold_job_lock(self._connection)
            except psycopg.Error as error:
                if not self._failures:
                    log.warning("the database is away", error=str(error).strip())
                self._failures += 1
                self._disconnect()
                return False
            if self._failures:
                log.info("the database is back", attempts=self._failures)
                self._failures = 0
            return held

    @property
    def pause_s(self) -> float:
        """How long to wait before asking again: longer and longer while the database is away."""
        return POLL_S * min(1 + self._failures, LONGEST_PAUSE_POLLS)

    def release(self) -> None:
        """Give the lock back, so that a process that stands by takes over at its next try."""
        with self._mutex:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
