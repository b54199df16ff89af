"""The jobs that look after the outbox of stored positions (table stored_batches)."""

import psycopg
import structlog

from sql.positions import catch_up_latest
from sql.queries import queries

ABANDONED_AFTER_S = 30.0
KEPT_DAYS = 7

log = structlog.get_logger()


def settle_abandoned(connection: psycopg.Connection) -> None:
    """Move the newest fixes that a daemon still owed when it was killed, unless its next start did."""
    devices = catch_up_latest(connection, ABANDONED_AFTER_S)
    if devices:
        log.info("newest fixes moved for a daemon that ended", devices=devices)


def forget_old(connection: psycopg.Connection) -> None:
    """Drop the rows of a week ago; positions themselves tell what happened then."""
    forgotten = queries.forget_stored_batches(connection, days=KEPT_DAYS)
    log.info("old outbox rows dropped", rows=forgotten)
