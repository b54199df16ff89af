"""A real day of a city's buses gives the same trips, stops, visits and events in whatever order it comes."""

import csv
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pyproj import Geod

from devices.position import Position

MPS_PER_MPH = 0.44704
FASTEST_MPS = 70.0
WGS84 = Geod(ellps="WGS84")
Feed = Callable[[Sequence[Any]], Iterator[Sequence[Any]]]
Tables = dict[str, list[Any]]


@pytest.fixture(scope="module")
def day(recordings: Path) -> list[Any]:
    """The reports of the day in the order of the recording."""
    with (recordings / "traces/capmetro/2015-03-07.csv").open(newline="") as file:
        return [
            (
                row["vehicle_id"],
                Position(
                    None,
                    datetime.fromisoformat(row["timestamp"]).astimezone(UTC),
                    float(row["latitude"]),
                    float(row["longitude"]),
                    float(row["speed"]) * MPS_PER_MPH,
                ),
            )
            for row in csv.DictReader(file)
        ]


def in_one_go(day: Sequence[Any]) -> Iterator[Sequence[Any]]:
    yield day


def live(day: Sequence[Any]) -> Iterator[Sequence[Any]]:
    ordered = sorted(day, key=lambda report: report[1].fix_time)
    for start in range(0, len(ordered), 2500):
        yield ordered[start : start + 2500]


def shuffled(day: Sequence[Any]) -> Iterator[Sequence[Any]]:
    mixed = list(day)
    random.Random(5).shuffle(mixed)
    for start in range(0, len(mixed), 6000):
        yield mixed[start : start + 6000]


def second_half_first(day: Sequence[Any]) -> Iterator[Sequence[Any]]:
    ordered = sorted(day, key=lambda report: report[1].fix_time)
    yield ordered[len(ordered) // 2 :]
    yield ordered[: len(ordered) // 2]


@pytest.fixture
def city(connection: psycopg.Connection) -> None:
    """Geofences where buses of that city often are, of every shape, and rules that find something."""
    connection.execute(
        """
        INSERT INTO geofences (name, shape, geometry, radius_m, speed_limit_mps, dwell_s) VALUES
            ('downtown', 'circle', '{"type": "Point", "coordinates": [-97.7423, 30.2672]}', 900, 9, 300),
            ('depot', 'circle', '{"type": "Point", "coordinates": [-97.7050, 30.2360]}', 120, NULL, 600),
            ('north', 'polygon', '{"type": "Polygon", "coordinates": [[[-97.75, 30.34], [-97.68, 30.34],
                [-97.68, 30.40], [-97.75, 30.40], [-97.75, 30.34]]]}', NULL, NULL, 600)
        """
    )
    connection.execute("UPDATE rules SET threshold = 18 WHERE kind = 'overspeed'")


@pytest.fixture
def feed(
    store: Any, detect: Any, tables: Any, make_report: Any, city: None, day: list[Any]
) -> Callable[[Feed], Tables]:
    """Stores the day in some order, looks after each batch, and tells what the tables hold then."""

    def play(order: Feed) -> Tables:
        for batch in order(day):
            store([make_report(uid, position) for uid, position in batch])
            detect()
        found: Tables = tables()
        return found

    return play


@pytest.fixture(scope="module")
def expected() -> dict[str, Tables]:
    """What the first of these tests has found."""
    return {}


@pytest.mark.parametrize(
    "order", [in_one_go, live, shuffled, second_half_first], ids=lambda order: order.__name__
)
def test_the_day_gives_the_same_in_every_order(
    order: Feed, feed: Callable[[Feed], Tables], expected: dict[str, Tables]
) -> None:
    found = feed(order)
    if not expected:
        expected.update(found if order is in_one_go else feed(in_one_go))
    assert {table: len(rows) for table, rows in found.items()} == {
        table: len(rows) for table, rows in expected.items()
    }
    for table, rows in expected.items():
        assert rows
        assert found[table] == rows


def test_the_distance_of_each_vehicle_is_that_of_its_moves_on_the_ellipsoid(
    feed: Callable[[Feed], Tables], day: list[Any]
) -> None:
    driven: dict[str, float] = {}
    expected: dict[str, float] = {}
    fixes: dict[str, dict[datetime, Position]] = {}
    for uid, position in day:
        fixes.setdefault(uid, {})[position.fix_time] = position
    for trip in feed(in_one_go)["trips"]:
        uid = trip["uid"]
        begin, end = (datetime.fromisoformat(trip[name]) for name in ("started_at", "ended_at"))
        track = [fixes[uid][moment] for moment in sorted(fixes[uid]) if begin <= moment <= end]
        driven[uid] = driven.get(uid, 0.0) + trip["distance_m"]
        expected[uid] = expected.get(uid, 0.0) + sum_moves(track)
    assert len(driven) > 100
    assert {
        uid: (driven[uid], expected[uid]) for uid in driven if not is_near(driven[uid], expected[uid])
    } == {}


def is_near(found_m: float, expected_m: float) -> bool:
    return abs(found_m - expected_m) <= 0.01 * expected_m


def sum_moves(track: list[Position]) -> float:
    """Metres along a track; what no bus can have driven in the time between two fixes is none."""
    total = 0.0
    for a, b in pairwise(track):
        metres = WGS84.inv(a.longitude, a.latitude, b.longitude, b.latitude)[2]
        if metres <= FASTEST_MPS * (b.fix_time - a.fix_time).total_seconds():
            total += metres
    return total
