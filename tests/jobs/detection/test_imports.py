"""What detection makes of positions that a file brought, and of their being taken back."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from jobs.detection.turn import redo
from jobs.detection.windows import FIRST
from sql.fleet import adopt_devices
from sql.imported_positions import finish, store, undo
from sql.tracks import IGNITION_OFF, IGNITION_ON

OFF, ON = IGNITION_OFF, IGNITION_ON
Tables = dict[str, list[Any]]
Import = Callable[[Sequence[Any]], int]


@pytest.fixture
def bring(connection: psycopg.Connection) -> Import:
    """Imports reports as one file, received now; the number of the import."""

    def import_reports(reports: Sequence[Any]) -> int:
        adopt_devices(connection, {report.uid for report in reports})
        ids = dict(connection.execute("SELECT uid, id FROM devices").fetchall())
        row = connection.execute(
            "INSERT INTO import_history (kind, file_name, file_bytes, file_sha256, reading, mapping)"
            " VALUES ('positions', 'log.csv', 1, repeat('0', 64), '{}', '{}') RETURNING id"
        ).fetchone()
        assert row
        now = datetime.now(UTC)
        with connection.transaction():
            store(connection, row[0], [(ids[report.uid], report.position, now) for report in reports])
            finish(connection, row[0])
        return int(row[0])

    return import_reports


@pytest.fixture
def take_back(connection: psycopg.Connection) -> Import:
    """Undoes an import; how many positions went."""

    def undo_import(import_id: Any) -> int:
        with connection.transaction():
            return undo(connection, import_id)

    return undo_import


def day_of(ride: Any, start: datetime) -> Any:
    """A day of some trips with rests in between."""
    way = ride(every_s=30.0, start=start, ignition=OFF).stand(3600)
    for _ in range(4):
        way.tell(ignition=ON).drive(900, 15).stand(300).tell(ignition=OFF).stand(2 * 3600)
    return way


def test_yesterdays_speeding_makes_an_event_and_no_alert(
    ride: Any, tell: Any, bring: Import, detect: Any, tables: Any, connection: psycopg.Connection
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    bring(tell("bus-1", ride(start=yesterday).drive(60, 20).drive(60, 30).drive(60, 20).fixes()))
    detect()
    assert [event["kind"] for event in tables()["events"]] == ["overspeed"]
    assert connection.execute("SELECT count(*) FROM alerts").fetchone() == (0,)


def test_what_was_taken_minutes_ago_is_news_however_it_came(
    ride: Any, tell: Any, bring: Import, detect: Any, connection: psycopg.Connection
) -> None:
    for minutes, alerts in ((6, 0), (2, 1)):
        start = datetime.now(UTC) - timedelta(minutes=minutes)
        bring(tell(f"bus-{minutes}", ride(start=start, every_s=5.0).drive(30, 20).drive(60, 30).fixes()))
        detect()
        assert connection.execute("SELECT count(*) FROM alerts").fetchone() == (alerts,)


def test_what_an_import_brought_vanishes_with_it_where_nothing_else_is_known(
    ride: Any, tell: Any, bring: Import, take_back: Import, detect: Any, tables: Callable[[], Tables]
) -> None:
    reports = tell(
        "bus-1", day_of(ride, datetime(2026, 3, 2, 6, tzinfo=UTC)).tell(ignition=ON).drive(300, 40).fixes()
    )
    import_id = bring(reports)
    detect()
    assert len(tables()["trips"]) == 5
    assert take_back(import_id) == len(reports)
    assert detect() == 1
    assert tables() == {"trips": [], "stops": [], "geofence_visits": [], "events": []}


def test_a_day_brought_between_two_others_and_taken_back_leaves_these_as_they_were(
    ride: Any,
    tell: Any,
    store: Any,
    bring: Import,
    take_back: Import,
    detect: Any,
    tables: Callable[[], Tables],
    connection: psycopg.Connection,
) -> None:
    days = [day_of(ride, datetime(2026, 3, day, 6, tzinfo=UTC)).fixes() for day in (2, 3, 4)]
    for fixes in (days[0], days[2]):
        store(tell("bus-1", fixes))
        detect()
    before = tables()
    rows = "SELECT started_at, xmin FROM trips ORDER BY started_at"
    untouched = set(connection.execute(rows).fetchall())
    import_id = bring(tell("bus-1", days[1]))
    detect()
    assert len(tables()["trips"]) == 12
    assert untouched < set(connection.execute(rows).fetchall()), "trips of other days are not written again"
    take_back(import_id)
    detect()
    assert tables() == before


@pytest.mark.parametrize("seed", range(6))
def test_whatever_part_of_a_track_comes_by_a_file_its_undoing_leaves_what_the_rest_alone_tells(
    ride: Any,
    tell: Any,
    store: Any,
    bring: Import,
    take_back: Import,
    detect: Any,
    tables: Callable[[], Tables],
    connection: psycopg.Connection,
    seed: int,
) -> None:
    rng = random.Random(seed)
    connection.execute("UPDATE rules SET threshold = 20 WHERE kind = 'overspeed'")
    live, filed = [], []
    for number in range(4):
        reports = tell(f"bus-{number}", make_track(ride, rng).fixes())
        edges = sorted(rng.choices(range(len(reports) + 1), k=2))
        share = rng.choice([0.3, 1.0])
        for place, report in enumerate(reports):
            is_filed = edges[0] <= place < edges[1] and rng.random() < share
            (filed if is_filed else live).append(report)
    half = len(live) // 2
    store(live[:half])
    detect()
    import_id = bring(filed)
    detect()
    whole = tables()
    redo_all(connection)
    detect()
    assert whole == tables()
    take_back(import_id)
    if rng.random() < 0.5:
        detect()
    store(live[half:])
    detect()
    left = tables()
    redo_all(connection)
    detect()
    assert left == tables()


def make_track(ride: Any, rng: random.Random) -> Any:
    """Some hours of driving, standing and sleeping."""
    way = ride(every_s=rng.choice([10.0, 30.0, 60.0]), ignition=OFF)
    for _ in range(rng.randrange(4, 20)):
        match rng.randrange(3):
            case 0:
                way.tell(ignition=ON).drive(rng.choice([90, 300, 900]), rng.uniform(2, 35))
            case 1:
                way.tell(ignition=OFF).skip(rng.choice([500, 4000]), metres=rng.choice([0, 2000]))
            case _:
                way.tell(ignition=rng.choice([OFF, ON])).stand(rng.choice([100, 600, 1500, 4000]))
    return way


def redo_all(connection: psycopg.Connection) -> None:
    connection.execute("TRUNCATE trips, stops, geofence_visits, events")
    redo(connection, FIRST)
