"""Pools of connections to TimescaleDB, and the one way a single connection is made."""

import psycopg
from psycopg_pool import ConnectionPool

OPTIONS = "-c timezone=UTC -c client_encoding=utf8"


def connect(url: str, process: str, autocommit: bool = False) -> psycopg.Connection:
    """Open one connection in UTC that names its process to the database."""
    return psycopg.connect(
        url,
        application_name=f"motorpool-{process}",
        options=OPTIONS,
        autocommit=autocommit,
        connect_timeout=5,
    )


def open_pool(url: str, process: str, size: int = 8, statement_timeout_s: float = 10.0) -> ConnectionPool:
    """Open a pool of at most `size` connections; the caller closes it (it is a context manager).

    It opens even while the database is away; `pool.connection(timeout=…)` then raises PoolTimeout.
    """
    return ConnectionPool(
        url,
        min_size=1,
        max_size=size,
        timeout=5.0,
        open=True,
        check=ConnectionPool.check_connection,
        name=process,
        kwargs={
            "application_name": f"motorpool-{process}",
            "options": f"{OPTIONS} -c statement_timeout={int(statement_timeout_s * 1000)}",
            "connect_timeout": 5,
        },
    )
