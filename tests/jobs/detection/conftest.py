"""What detection makes of tracks: of one alone, or of a fleet's, stored as the daemon stores them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import psycopg
import pytest
from pyproj import Geod

from bench.detection.drives import list_positions
from devices.position import Position
from jobs.detection import detector
from jobs.detection.detector import Known, Vehicle
from jobs.detection.fences import Fence, draw_area
from jobs.detection.findings import Findings
from jobs.detection.rules import Rule, Week
from jobs.detection.track import SECOND
from jobs.detection.turn import detect_all
from local.drives.drives import Drive
from sql.batches import Batch, Message, Received
from sql.fleet import adopt_devices
from sql.pool import connect
from sql.positions import PositionStore
from sql.tracks import FIX, IGNITION_UNKNOWN, Fixes, from_moment, to_moment

EARTH = Geod(ellps="WGS84")
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
EAST = 90.0

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


class Ride:
    """What a device tells on its way: a fix at the start, then one every so many seconds.

    Whatever else it tells it goes on telling until it is made to tell something else.
    """

    def __init__(
        self,
        latitude: float = 48.0,
        longitude: float = 11.0,
        every_s: float = 10.0,
        start: datetime = MONDAY,
        tells_speed: bool = True,
        **told: float,
    ) -> None:
        self.latitude, self.longitude, self.every_s = latitude, longitude, every_s
        self.start = self.time = from_moment(start)
        self._tells_speed, self._told = tells_speed, told
        self._rows: list[dict[str, float]] = []
        self._add(0.0, np.nan)

    @property
    def now_s(self) -> float:
        """Seconds since the start."""
        return (self.time - self.start) / SECOND

    @property
    def newest(self) -> int:
        """The number of the newest fix."""
        return len(self._rows) - 1

    def tell(self, **told: float) -> "Ride":
        """What the next fixes tell: ignition, accuracy, fuel_percent, battery, power, has_event, …"""
        self._told = self._told | told
        return self

    def stand(self, seconds: float) -> "Ride":
        """Stay here."""
        return self.drive(seconds, 0.0)

    def drive(self, seconds: float, mps: float = 10.0, course: float = EAST) -> "Ride":
        """Go straight on."""
        for _ in range(round(seconds / self.every_s)):
            self._move(mps * self.every_s, course)
            self.time += round(self.every_s * SECOND)
            self._add(mps, course)
        return self

    def skip(self, seconds: float, metres: float = 0.0, course: float = EAST) -> "Ride":
        """Tell nothing for some time and then one fix, so far away."""
        self._move(metres, course)
        self.time += round(seconds * SECOND)
        self._add(0.0, np.nan)
        return self

    def _move(self, metres: float, course: float) -> None:
        self.longitude, self.latitude, _ = EARTH.fwd(self.longitude, self.latitude, course, metres)

    def _add(self, mps: float, course: float) -> None:
        speed = mps if self._tells_speed else np.nan
        row = {"time": self.time, "received": self.time, "latitude": self.latitude, "speed": speed}
        self._rows.append(row | {"longitude": self.longitude, "course": course} | self._told)

    def fixes(self, noise_m: float = 0.0, seed: int = 0, wander_s: float = 0.001) -> Fixes:
        """All of it, as a receiver sees it that errs by so many metres, otherwise after so many seconds."""
        fixes = np.full(len(self._rows), np.nan, np.dtype([(name, "f8") for name in FIX.names or ()]))
        fixes["stretch"], fixes["has_event"], fixes["ignition"] = 0, 0, IGNITION_UNKNOWN
        for number, row in enumerate(self._rows):
            for name, value in row.items():
                fixes[name][number] = value
        if noise_m:
            east, north = _wander(len(fixes), noise_m, np.exp(-self.every_s / wander_s), seed)
            course, away = np.degrees(np.arctan2(east, north)), np.hypot(east, north)
            longitude, latitude, _ = EARTH.fwd(fixes["longitude"], fixes["latitude"], course, away)
            fixes["longitude"], fixes["latitude"] = longitude, latitude
        return fixes.astype(FIX)

    def clock(self, moment: str | None) -> float | None:
        """A moment of a row in seconds since the start."""
        return (
            None
            if moment is None
            else (datetime.fromisoformat(moment) - to_moment(self.start)).total_seconds()
        )


def _wander(count: int, deviation: float, kept: float, seed: int) -> Any:
    """Errors to the east and to the north, of which some part is kept from each fix to the next."""
    errors = np.random.default_rng(seed).normal(0, deviation, (2, count))
    errors[:, 1:] *= np.sqrt(1 - kept * kept)
    for number in range(1, count):
        errors[:, number] += kept * errors[:, number - 1]
    return errors


@pytest.fixture(scope="session")
def ride() -> type[Ride]:
    """Begins a ride."""
    return Ride


@pytest.fixture(scope="session")
def make_rule() -> Callable[..., Rule]:
    """A rule of a kind."""

    def make(kind: str, threshold: float = 0.0, lasting_s: float = 0.0, week: Week | None = None) -> Rule:
        return Rule(kind, True, "warning", threshold, round(lasting_s * SECOND), 120 * SECOND, week)

    return make


@pytest.fixture(scope="session")
def make_fence() -> Callable[..., Fence]:
    """A geofence of any geometry; a circle of 100 m around the start of a ride unless told otherwise."""

    def make(geometry: dict[str, Any] | None = None, radius_m: float | None = 100.0, **changes: Any) -> Fence:
        point = {"type": "Point", "coordinates": [11.0, 48.0]}
        latitude, longitude, area = draw_area(geometry or point, radius_m)
        fence = Fence(
            id=1,
            version=1,
            depot_id=None,
            vehicle_ids=frozenset(),
            is_corridor=False,
            latitude=latitude,
            longitude=longitude,
            area=area,
            hysteresis_m=30.0,
            least_visit=30 * SECOND,
            dwell=600 * SECOND,
            speed_limit_mps=None,
            week=None,
            alert_on=frozenset(),
        )
        return replace(fence, **changes)

    return make


@pytest.fixture(scope="session")
def find() -> Callable[..., Findings]:
    """What is found in one track by some rules and geofences."""

    def look(
        fixes: Fixes,
        rules: Iterable[Rule] = (),
        fences: Iterable[Fence] = (),
        names: dict[int, str] | None = None,
        known: Known | None = None,
        tank_l: float | None = None,
    ) -> Findings:
        vehicle = Vehicle(1, tank_l, {rule.kind: rule for rule in rules}, tuple(fences))
        return detector.detect(1, fixes, names or {}, known or Known(), vehicle)

    return look


@pytest.fixture
def tell() -> Callable[..., list[Report]]:
    """The reports in which a device tells fixes, with what it calls some of them; as late as asked for."""
    words = {"odometer": "odometer_m", "fuel_percent": "fuel_level_percent", "fuel_l": "fuel_level_l"}
    words |= {"battery": "battery_percent", "power": "external_power_v"}

    def known(value: float) -> float | None:
        return None if np.isnan(value) else float(value)

    def tell(
        uid: str, fixes: Fixes, names: dict[int, str] | None = None, late: timedelta = timedelta()
    ) -> list[Report]:
        reports = []
        for number, fix in enumerate(fixes):
            attributes: dict[str, Any] = {
                word: float(fix[name]) for name, word in words.items() if not np.isnan(fix[name])
            }
            if fix["ignition"] != IGNITION_UNKNOWN:
                attributes["ignition"] = bool(fix["ignition"])
            if names and number in names:
                attributes["event"] = names[number]
            moment, place = to_moment(fix["time"]), (float(fix["latitude"]), float(fix["longitude"]))
            motion = {"speed_mps": known(fix["speed"]), "course": known(fix["course"])}
            accuracy_m = known(fix["accuracy"])
            position = Position(None, moment, *place, **motion, accuracy_m=accuracy_m, attributes=attributes)
            reports.append(Report(uid, position, moment + late))
        return reports

    return tell
