"""A fleet whose positions are stored as the daemon stores them, and what detection makes of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg
import pytest

from bench.detection.drives import list_positions
from devices.position import Position
from jobs.detection.turn import detect_all
from local.drives.drives import Drive
from sql.batches import Batch, Message, Received
from sql.fleet import adopt_devices
from sql.pool import connect
from sql.positions import PositionStore

TABLES = {
    "trips": "device_id, started_at",
    "stops": "device_id, started_at",
    "geofence_visits": "device_id, geofence_id, entered_at",
    "events": "device_id, started_at, kind, geofence_id",
}


class Report(NamedTuple):
    """A position of a device, as it comes in."""

    uid: str
    position: Position
    received_at: datetime | None = None


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with connect(database_url, "test", autocommit=True) as connection:
        yield connection


@pytest.fixture
def store(connection: psycopg.Connection) -> Callable[[Iterable[Report]], None]:
    """Stores reports in one batch; devices that are new get a vehicle."""
    stores: list[PositionStore] = []
    known: set[str] = set()

    def keep(reports: Iterable[Report]) -> None:
        reports = list(reports)
        if new := {report.uid for report in reports} - known:
            adopt_devices(connection, new)
            known.update(new)
        if not stores:
            stores.append(PositionStore(connection))
        batch = Batch()
        for report in reports:
            message = Message("test", "", b"", report.received_at or datetime.now(UTC))
            batch.received.append(Received(report.uid, report.position, message))
        stores[0].store(batch)

    return keep


@pytest.fixture
def detect(connection: psycopg.Connection) -> Callable[[], int]:
    """Looks at all that is due."""
    return lambda: detect_all(connection)


def read_tables(connection: psycopg.Connection) -> dict[str, list[Any]]:
    """All that detection has found, with the names of devices in place of their numbers."""
    found = {}
    for table, order in TABLES.items():
        query = f"SELECT to_jsonb({table}) - 'device_id' || jsonb_build_object('uid', uid) FROM {table}"
        rows = connection.execute(f"{query} JOIN devices ON devices.id = device_id ORDER BY uid, {order}")
        found[table] = [row for (row,) in rows.fetchall()]
    return found


@pytest.fixture
def tables(connection: psycopg.Connection) -> Callable[[], dict[str, list[Any]]]:
    """Reads all that detection has found."""
    return lambda: read_tables(connection)


def cut(reports: Sequence[Report], size: int) -> Iterator[Sequence[Report]]:
    """Batches of some reports each."""
    for start in range(0, len(reports), size):
        yield reports[start : start + size]


@pytest.fixture
def make_report() -> Callable[..., Report]:
    """A report of a device."""
    return Report


@pytest.fixture
def make_reports() -> Callable[..., list[Report]]:
    """What a drive's unit sends, under another name and some seconds later where that is asked for."""

    def make(drive: Drive, uid: str = "", shift_s: float = 0.0) -> list[Report]:
        return [Report(uid or drive.uid, position) for position in list_positions(drive, shift_s)]

    return make
