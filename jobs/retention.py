"""The nightly job that keeps positions no longer than GPS_HISTORY_RETENTION_DAYS."""

import psycopg
import structlog

from sql.retention import apply_policies, drop_expired

log = structlog.get_logger()


def keep_retention(connection: psycopg.Connection, days: int) -> None:
    """Have the database drop what is older than `days`, or drop it where its edition cannot; 0 keeps all."""
    policies = apply_policies(connection, days)
    for change in policies["changes"]:
        log.info("policy changed", change=change)
    if policies["enforced_by"] == "jobs":
        chunks = drop_expired(connection, days)
        log.info("old positions dropped", days=days, chunks=chunks)
