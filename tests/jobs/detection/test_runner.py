"""The processes that detect: they follow the daemon, share the work, and may be killed at any moment."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from bench.detection.drives import settle
from devices.position import Position
from jobs.detection.turn import redo
from jobs.detection.windows import FIRST
from local.drives.drives import make_drives

PATIENCE_S = 60.0


@pytest.fixture
def wait_for(connection: psycopg.Connection) -> Callable[[str], None]:
    """Waits until a query answers true."""

    def wait(query: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            row = connection.execute(query).fetchone()
            if row and row[0]:
                return
            time.sleep(0.05)
        raise AssertionError(f"never true within {PATIENCE_S} s: {query}")

    return wait


NOTHING_DUE = """
SELECT NOT EXISTS (SELECT FROM detection_due) AND NOT EXISTS (SELECT FROM stored_batches WHERE NOT is_spread)
"""


def test_an_emergency_call_is_an_alert_without_anybody_asking(
    start_scheduler: Any, store: Any, make_report: Any, wait_for: Callable[[str], None]
) -> None:
    start_scheduler().wait_for("runs the jobs")
    call = Position(None, datetime.now(UTC), 48.1, 11.5, attributes={"event": "sos"})
    store([make_report("bus-1", call)])
    wait_for("SELECT count(*) = 1 FROM alerts WHERE kind = 'sos' AND state = 'open'")


def test_a_process_that_stands_by_detects_as_well(
    start_scheduler: Any, store: Any, make_report: Any, wait_for: Callable[[str], None]
) -> None:
    first = start_scheduler()
    first.wait_for("runs the jobs")
    start_scheduler().wait_for("stands by")
    first.process.kill()
    store([make_report("bus-1", Position(None, datetime.now(UTC), 48.1, 11.5, attributes={"event": "sos"}))])
    wait_for("SELECT count(*) = 1 FROM alerts")


def test_killing_the_runners_at_random_changes_nothing(
    start_scheduler: Any,
    store: Any,
    make_reports: Any,
    detect: Callable[[], int],
    tables: Callable[[], dict[str, list[Any]]],
    connection: psycopg.Connection,
    wait_for: Callable[[str], None],
) -> None:
    rng = random.Random(2)
    drives = list(make_drives(5, 40))
    for drive in drives:
        settle(connection, drive)
    reports = [report for drive in drives for report in make_reports(drive)]
    reports.sort(key=lambda report: report.position.fix_time)
    runners = [start_scheduler(), start_scheduler()]
    size = len(reports) // 30
    for number, start in enumerate(range(0, len(reports), size)):
        store(reports[start : start + size])
        time.sleep(rng.uniform(0, 0.3))
        if number % 5 == 4:
            victim = rng.randrange(2)
            runners[victim].process.kill()
            runners[victim] = start_scheduler()
    wait_for(NOTHING_DUE)
    found = tables()
    connection.execute("TRUNCATE trips, stops, geofence_visits, events")
    redo(connection, FIRST)
    detect()
    assert found["trips"]
    assert found == tables()


def test_what_came_late_is_history_and_no_alarm(
    store: Any, make_report: Any, detect: Callable[[], int], connection: psycopg.Connection
) -> None:
    now = datetime.now(UTC)
    taken = now - timedelta(hours=2)
    late = Position(None, taken, 48.1, 11.5, attributes={"event": "sos"})
    store([make_report("bus-1", Position(None, now, 48.1, 11.5))])
    detect()
    store([make_report("bus-1", late, now)])
    detect()
    assert connection.execute("SELECT kind, started_at FROM events WHERE kind = 'sos'").fetchall() == [
        ("sos", taken)
    ]
    assert connection.execute("SELECT count(*) FROM alerts").fetchone() == (0,)
    assert connection.execute("SELECT fix_time FROM latest_positions").fetchall() == [(now,)]
