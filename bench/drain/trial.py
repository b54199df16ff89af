"""One run: a full broker, the daemon that empties it, and the rivals on the same rows and schema."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from bench.drain import process, rivals
from bench.drain.messages import Load
from bench.drain.queue import fill_session
from config.program import PROGRAM
from config.settings import DEFAULT_TOPICS, default_data_dir
from local.services import Services
from sql.fleet import adopt_devices
from sql.migration import migrate
from sql.pool import connect

NAIVE_SHARE = 0.1
GIVE_UP_S = 600


def run(load: Load, batch: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure everything on services of the trial's own; the keys are those that `--json` prints."""
    folder = Path(tempfile.mkdtemp(prefix="motorpool-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        with Services(folder, default_data_dir() / "services") as services:
            migrate(services.database_url)
            with connect(services.database_url, "bench", autocommit=True) as connection:
                adopt_devices(connection, load.uids)
                return _measure(services, connection, load, batch, tell)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(
    services: Services, connection: psycopg.Connection, load: Load, batch: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    def empty() -> None:
        connection.execute("TRUNCATE positions, latest_positions, ingest_ledger, quarantine")
        connection.execute("CHECKPOINT")

    tell(f"queueing {load.total} messages of {load.devices} devices")
    fill_session(services.mqtt_url, "motorpool-ingest", DEFAULT_TOPICS, load.messages())
    empty()
    tell("the daemon drains")
    answer = _drain(services, connection, load, batch)
    rows = load.received()
    tell("binary COPY alone")
    empty()
    answer["limit_rows_per_s"] = round(rivals.copy_alone(connection, rows, batch))
    tell("the store alone")
    empty()
    answer["store_rows_per_s"] = round(rivals.store_alone(connection, rows, batch))
    tell("aiomqtt's iterator with executemany")
    empty()
    few = load._replace(total=max(batch, int(load.total * NAIVE_SHARE)))
    fill_session(services.mqtt_url, "naive", ["fleet/+/position"], few.messages())
    answer["naive_positions_per_s"] = round(
        rivals.drain_naively(services.mqtt_url, "naive", services.database_url, few.total, batch)
    )
    answer["decode_per_s"] = rivals.decode_alone(load)
    answer["ratio_to_limit"] = round(answer["positions_per_s"] / answer["limit_rows_per_s"], 3)
    answer["ratio_to_naive"] = round(answer["positions_per_s"] / answer["naive_positions_per_s"], 2)
    return answer


def _drain(services: Services, connection: psycopg.Connection, load: Load, batch: int) -> dict[str, Any]:
    environment = {
        **os.environ,
        "DATABASE_URL": services.database_url,
        "MQTT_URL": services.mqtt_url,
        "BATCH_SIZE": str(batch),
        "LOG_LEVEL": "warning",
    }
    postgres, mosquitto = services.postgres.pid, services.mosquitto.pid
    assert postgres
    assert mosquitto
    database_before, broker_before = process.family_cpu_s(postgres), process.cpu_s(mosquitto)
    daemon = subprocess.Popen([*PROGRAM, "ingest"], env=environment)
    try:
        first, first_at = _wait_for(connection, 1)
        daemon_before = process.cpu_s(daemon.pid)
        _, last_at = _wait_for(connection, load.total)
        millions = load.total / 1e6
        stored, duplicate = _sums(connection)
        return {
            "positions_per_s": round((load.total - first) / (last_at - first_at)),
            "daemon_cpu_s_per_million": round(
                (process.cpu_s(daemon.pid) - daemon_before) / (load.total - first) * 1e6, 2
            ),
            "database_cpu_s_per_million": round(
                (process.family_cpu_s(postgres) - database_before) / millions, 2
            ),
            "broker_cpu_s_per_million": round((process.cpu_s(mosquitto) - broker_before) / millions, 2),
            "peak_rss_mb": round(process.peak_rss_mb(daemon.pid), 1),
            "duplicates_share": round(duplicate / (stored + duplicate), 3),
            "messages": load.total,
            "devices": load.devices,
            "batch_size": batch,
        }
    finally:
        daemon.terminate()
        daemon.wait(60)


def _wait_for(connection: psycopg.Connection, received: int) -> tuple[int, float]:
    """Wait until the ledger has so many records; how many it has, and when that was."""
    deadline = time.monotonic() + GIVE_UP_S
    while time.monotonic() < deadline:
        stored, duplicate = _sums(connection)
        if stored + duplicate >= received:
            return stored + duplicate, time.perf_counter()
        time.sleep(0.02)
    raise TimeoutError(f"the daemon has not stored {received} positions in {GIVE_UP_S} s")


def _sums(connection: psycopg.Connection) -> tuple[int, int]:
    query = "SELECT coalesce(sum(stored), 0)::bigint, coalesce(sum(duplicate), 0)::bigint FROM ingest_ledger"
    row = connection.execute(query).fetchone()
    assert row
    return row[0], row[1]
