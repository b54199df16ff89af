"""The nightly job that forgets where people were signed in, and how they tried to."""

import psycopg
import structlog

from sql.queries import queries

KEPT_DAYS = 30

log = structlog.get_logger()


def forget_sign_ins(connection: psycopg.Connection) -> None:
    """Drop sessions and links that ended a month ago, and failed sign-ins that no limit counts any more."""
    sessions = queries.forget_sessions(connection, days=KEPT_DAYS)
    links = queries.forget_password_resets(connection, days=KEPT_DAYS)
    attempts = queries.remove_old_attempts(connection)
    log.info("old sign-ins dropped", sessions=sessions, links=links, attempts=attempts)
