"""Pools of connections to TimescaleDB, and the one way a single connection is made.

web and jobs borrow from a pool of their own. What must be one and the same connection for long is single: the
writer of ingest (temporary tables, COPY), those that LISTEN, the lock of the scheduler, and each pulse.
"""

import psycopg
from psycopg_pool import ConnectionPool

from sql.pool_use import watch_pool
from sql.slow_queries import TimedCursor

CONNECT_TIMEOUT_S = 5
# While the database is away a pool tries no longer than this and leaves the rest to the next request: by
# itself it would pause longer and longer, and stay away for minutes after the database has come back.
RECONNECT_TIMEOUT_S = 2.0
IDLE_S = 120.0


def connect(
    url: str, process: str, autocommit: bool = False, statement_timeout_s: float = 0.0
) -> psycopg.Connection:
    """Open one connection in UTC that names its process to the database; 0 s is no timeout."""
    return psycopg.connect(
        url,
        application_name=f"motorpool-{process}",
        options=_options(statement_timeout_s),
        autocommit=autocommit,
        connect_timeout=CONNECT_TIMEOUT_S,
        cursor_factory=TimedCursor,
    )


def open_pool(
    url: str, process: str, size: int = 8, statement_timeout_s: float = 10.0, least: int = 1
) -> ConnectionPool:
    """Open a pool of `least` to `size` connections; the caller closes it (it is a context manager).

    It opens even while the database is away; `pool.connection(timeout=…)` then raises PoolTimeout.
    """
    pool = ConnectionPool(
        url,
        min_size=least,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        max_idle=IDLE_S,
        reconnect_timeout=RECONNECT_TIMEOUT_S,
        open=True,
        check=ConnectionPool.check_connection,
        name=process,
        kwargs={
            "application_name": f"motorpool-{process}",
            "options": _options(statement_timeout_s),
            "connect_timeout": CONNECT_TIMEOUT_S,
            "cursor_factory": TimedCursor,
        },
    )
    watch_pool(pool)
    return pool


def _options(statement_timeout_s: float) -> str:
    return f"-c timezone=UTC -c client_encoding=utf8 -c statement_timeout={int(statement_timeout_s * 1000)}"
