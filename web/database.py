"""The request's way to the database, and the clear answer while it is away."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import psycopg
from flask import Flask, current_app
from psycopg_pool import ConnectionPool, PoolTimeout
from werkzeug.exceptions import ServiceUnavailable

PATIENCE_S = 2.0


def set_up(app: Flask, pool: ConnectionPool) -> None:
    """Lend this pool's connections to the requests of this app."""
    app.extensions["pool"] = pool


@contextmanager
def connection() -> Iterator[psycopg.Connection]:
    """A connection whose transaction ends with the block. Raises ServiceUnavailable while there is none."""
    pool = cast(ConnectionPool, current_app.extensions["pool"])
    try:
        with pool.connection(timeout=PATIENCE_S) as lent:
            yield lent
    except (PoolTimeout, psycopg.OperationalError) as error:
        raise ServiceUnavailable("The database does not answer. Try again in a moment.") from error
