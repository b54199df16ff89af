"""The request's way to the database, and the clear answer while it is away."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import psycopg
from flask import Flask, current_app, g
from flask_babel import gettext as _
from psycopg_pool import ConnectionPool, PoolTimeout
from werkzeug.exceptions import ServiceUnavailable

from sql.flags import Flags

PATIENCE_S = 2.0
RETRY_AFTER_S = 5


class DatabaseAway(ServiceUnavailable):
    """No connection could be had, or it broke: the next request may well get one."""

    kind = "database-away"


class DatabaseSlow(ServiceUnavailable):
    """A statement ran into WEB_STATEMENT_TIMEOUT."""

    kind = "database-slow"


def set_up(app: Flask, pool: ConnectionPool) -> None:
    """Lend this pool's connections to the requests of this app, and read the feature flags over it."""
    app.extensions["pool"] = pool
    app.extensions["flags"] = Flags(connection)


@contextmanager
def connection() -> Iterator[psycopg.Connection]:
    """A connection whose transaction ends with the block; within such a block, the same one again.

    Who holds one and waits for another could wait for ever: all of the pool may be held by those who wait for
    what this one has locked. Raises DatabaseAway while there is none, DatabaseSlow where a statement took too
    long.
    """
    if (held := g.get("connection")) is not None:
        with held.transaction():
            yield held
        return
    pool = cast(ConnectionPool, current_app.extensions["pool"])
    with answering_for_it(), pool.connection(timeout=PATIENCE_S) as lent:
        g.connection = lent
        try:
            yield lent
        finally:
            g.pop("connection")


@contextmanager
def answering_for_it() -> Iterator[None]:
    """A clear answer where the database is away or too slow. Raises DatabaseAway, DatabaseSlow."""
    try:
        yield
    except psycopg.errors.QueryCanceled as error:
        said = _("This took the database longer than it may. Ask for less, or try again later.")
        raise DatabaseSlow(said, retry_after=6 * RETRY_AFTER_S) from error
    except (PoolTimeout, psycopg.OperationalError) as error:
        said = _("The database does not answer. Nothing is lost; try again in a moment.")
        raise DatabaseAway(said, retry_after=RETRY_AFTER_S) from error
