"""Commits batches in a thread of its own, and tries again for as long as the database is away.

A batch is only ever given up when the daemon stops: then it stays unacknowledged and the broker keeps it.
"""

import random
import threading
from collections.abc import Callable
from typing import TypeVar

import psycopg
import structlog

from ingest import metrics
from sql.batches import Batch, Tally
from sql.pool import connect
from sql.positions import PositionStore

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0

T = TypeVar("T")

log = structlog.get_logger()


class Abandoned(Exception):
    """The daemon stopped before the database took the batch."""


class Writer:
    """Owns the connection; `store` is called from one thread only.

    A statement that takes longer than the timeout is cancelled, and its batch tried again; 0 s is no timeout.
    """

    def __init__(self, database_url: str, statement_timeout_s: float = 0.0) -> None:
        self._url = database_url
        self._statement_timeout_s = statement_timeout_s
        self._connection: psycopg.Connection | None = None
        self._store: PositionStore | None = None
        self._given_up = threading.Event()

    def wait_until_open(self) -> None:
        """Return once the database answers and has our tables. Raises Abandoned after `give_up`."""
        self._persist(lambda store: None)

    def store(self, batch: Batch, more_follows: bool) -> dict[str, Tally]:
        """Commit the batch, however long that takes. Raises Abandoned after `give_up`."""
        with metrics.STORE_SECONDS.time():
            return self._persist(lambda store: store.store(batch, more_follows))

    def _persist(self, action: Callable[[PositionStore], T]) -> T:
        pause = FIRST_PAUSE_S
        failures = 0
        while True:
            try:
                result = action(self._open())
            except psycopg.Error as error:
                self.close()
                failures += 1
                metrics.DATABASE_ERRORS.inc()
                log.warning("the database did not take a batch", error=str(error).strip(), attempt=failures)
                if self._given_up.wait(pause * random.uniform(0.5, 1.0)):  # noqa: S311  (jitter, no secret)
                    raise Abandoned from error
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                if failures:
                    log.info("the database answers again", attempts=failures + 1)
                return result

    def give_up(self) -> None:
        """End a wait for the database, from any thread."""
        self._given_up.set()

    def close(self) -> None:
        """Close the connection; the next batch opens a new one."""
        if self._connection:
            self._connection.close()
        self._connection = self._store = None

    def _open(self) -> PositionStore:
        if self._store is None:
            self._connection = connect(
                self._url, "ingest", autocommit=True, statement_timeout_s=self._statement_timeout_s
            )
            self._store = PositionStore(self._connection)
        return self._store
