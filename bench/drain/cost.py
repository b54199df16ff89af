"""What it costs the daemon, the database and the broker to store what waits in the broker."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import psycopg

from bench import process
from bench.books import wait_for
from bench.client import Message
from bench.drain.queue import fill_session
from bench.stage import Stage
from config.settings import DEFAULT_TOPICS

SESSION = "motorpool-ingest"
A_MILLION = 1_000_000


class Cost(NamedTuple):
    """By the clock, and in CPU seconds of each process for a million positions."""

    positions_per_s: float
    daemon_cpu_s_per_million: float
    database_cpu_s_per_million: float
    broker_cpu_s_per_million: float
    peak_rss_mb: float
    duplicates: int

    @property
    def cpu_s_per_million(self) -> float:
        """All three together."""
        return self.daemon_cpu_s_per_million + self.database_cpu_s_per_million + self.broker_cpu_s_per_million

    def describe(self) -> dict[str, Any]:
        """The figures that every trial prints."""
        return {
            "positions_per_s": round(self.positions_per_s),
            "daemon_cpu_s_per_million": round(self.daemon_cpu_s_per_million, 2),
            "database_cpu_s_per_million": round(self.database_cpu_s_per_million, 2),
            "broker_cpu_s_per_million": round(self.broker_cpu_s_per_million, 2),
            "peak_rss_mb": round(self.peak_rss_mb, 1),
        }


def queue_up(stage: Stage, messages: Iterable[Message]) -> None:
    """Put these into the daemon's session before it runs."""
    fill_session(stage.mqtt_url, SESSION, DEFAULT_TOPICS, messages)


def drain(stage: Stage, connection: psycopg.Connection, positions: int, **settings: str) -> Cost:
    """Let a daemon empty its session, which holds so many positions; the ledger must be empty before.

    Clock and daemon are read from the first batch on, for a start takes a second and is no part of this; the
    others from before it, for the broker has delivered more by then than is stored.
    """
    postgres, mosquitto = stage.postgres.pid, stage.mosquitto.pid
    assert postgres
    assert mosquitto
    database_before, broker_before = process.family_cpu_s(postgres), process.cpu_s(mosquitto)
    with stage.play("ingest", LOG_LEVEL="warning", **settings) as daemon:
        first, first_at = wait_for(connection, 1)
        daemon_before = process.cpu_s(daemon.pid)
        last, last_at = wait_for(connection, positions)
        later = last.positions - first.positions
        return Cost(
            positions_per_s=later / (last_at - first_at),
            daemon_cpu_s_per_million=(process.cpu_s(daemon.pid) - daemon_before) / later * A_MILLION,
            database_cpu_s_per_million=(process.family_cpu_s(postgres) - database_before)
            / last.positions
            * A_MILLION,
            broker_cpu_s_per_million=(process.cpu_s(mosquitto) - broker_before) / last.positions * A_MILLION,
            peak_rss_mb=process.peak_rss_mb(daemon.pid),
            duplicates=last.duplicate,
        )
