"""What becomes of alerts by the clock: silences begin and end, snoozed ones wake, others escalate."""

from datetime import UTC, datetime

import psycopg
import structlog

from sql.alerts import gather_late_storms, raise_silences
from sql.escalations import escalate, wake

log = structlog.get_logger()


def follow_alerts(connection: psycopg.Connection) -> None:
    """Do what is due now."""
    now = datetime.now(UTC)
    raise_silences(connection, now)
    gather_late_storms(connection)
    woken, escalated = wake(connection, now), escalate(connection, now)
    if woken or escalated:
        log.info("alerts followed", woken=woken, escalated=escalated)
