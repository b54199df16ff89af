"""Every job, when it runs, and what it does."""

from collections.abc import Callable
from datetime import UTC
from functools import partial
from typing import NamedTuple

import psycopg
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from config.settings import Settings
from jobs.alerts import follow_alerts
from jobs.exchange import forget_files, work_off_exchange
from jobs.losses import record_losses
from jobs.outbox import forget_old, settle_abandoned
from jobs.retention import keep_retention
from jobs.roads import add_driven_roads
from jobs.sign_ins import forget_sign_ins


class Job(NamedTuple):
    """`run` gets a connection of its own, whose transaction is committed when it returns."""

    name: str
    when: BaseTrigger
    run: Callable[[psycopg.Connection], None]


def list_jobs(settings: Settings) -> tuple[Job, ...]:
    """The jobs of this installation; times are UTC."""
    cron = partial(CronTrigger, timezone=UTC)
    retention = partial(keep_retention, days=settings.gps_history_retention_days)
    return (
        Job("retention", cron(hour=3, minute=10), retention),
        Job("driven roads", cron(second=30), add_driven_roads),
        Job("losses", cron(hour="2-23", minute=20), record_losses),
        Job("newest fixes", cron(second=0), settle_abandoned),
        Job("alerts", cron(second="*/10"), follow_alerts),
        Job("imports and exports", cron(second="*/5"), work_off_exchange),
        Job("imported files", cron(hour=3, minute=45), forget_files),
        Job("outbox", cron(hour=3, minute=40), forget_old),
        Job("sign-ins", cron(hour=3, minute=50), forget_sign_ins),
    )
