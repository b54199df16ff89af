"""What each process of ours says of itself in the database, so that the System pages can show them all."""

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from sql.pool_use import measure_pool
from sql.queries import fetch_rows, queries
from sql.slow_queries import SLOW_QUERIES

SILENT_AFTER_S = 30.0


def name_worker() -> str:
    """This process among all hosts, as ingest_status names it too."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Process:
    """One process; `report` is a beat of its pulse.

    `doing` says in a few words what it does now. `broker` is the address of the broker that it receives from,
    without its password, and `is_connected` whether it does.
    """

    def __init__(
        self,
        process: str,
        pool: ConnectionPool | None,
        doing: Callable[[], str],
        broker: str | None = None,
        is_connected: Callable[[], bool | None] = lambda: None,
    ) -> None:
        self._process, self._pool, self._doing = process, pool, doing
        self._broker, self._is_connected = broker, is_connected
        self._worker = name_worker()
        self._started_at = datetime.now(UTC)

    def report(self, connection: psycopg.Connection) -> None:
        """Say how it is, and forget who has been silent for an hour."""
        queries.forget_processes(connection)
        queries.report_process(
            connection,
            process=self._process,
            worker=self._worker,
            started_at=self._started_at,
            doing=self._doing(),
            broker=self._broker,
            broker_connected=self._is_connected(),
            pool=Jsonb(measure_pool(self._pool)) if self._pool else None,
            slow=Jsonb(SLOW_QUERIES.list_costliest()),
        )

    def leave(self, connection: psycopg.Connection) -> None:
        """Take the row away: the process ends as it should, and is no process that fell silent."""
        queries.remove_process(connection, process=self._process, worker=self._worker)


def list_processes(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Every process that has reported in the last hour; `is_silent` where it has stopped doing so."""
    return fetch_rows(connection, "list_processes", silent_after_s=SILENT_AFTER_S)
