"""The job that records yesterday's loss ledger once yesterday is over, and shows it to Prometheus."""

from datetime import UTC, datetime, timedelta

import psycopg
import structlog

from jobs import metrics
from sql.losses import record_day, sum_fleet_day

log = structlog.get_logger()


def record_losses(connection: psycopg.Connection) -> None:
    """Record yesterday's ledger of each device that has none yet; a night that was missed is caught up."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    recorded = record_day(connection, yesterday)
    total = sum_fleet_day(connection, yesterday)
    if recorded:
        log.info("losses recorded", day=str(yesterday), devices=recorded, missing_fixes=total.missing_fixes)
    for outcome in ("stored", "duplicate", "quarantined"):
        metrics.YESTERDAY_RECORDS.labels(outcome).set(getattr(total, outcome))
    metrics.YESTERDAY_GAPS.set(total.gaps)
    metrics.YESTERDAY_MISSING.set(total.missing_fixes)
    metrics.YESTERDAY_SILENT.set(total.silent)
