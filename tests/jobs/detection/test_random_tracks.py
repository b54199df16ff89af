"""Whatever small tracks come in whatever order, many looks find what one look finds."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jobs.detection.turn import redo
from jobs.detection.windows import FIRST
from sql.tracks import IGNITION_OFF, IGNITION_ON

DEVICES = 8
NOWHERE = "TRUNCATE trips, stops, geofence_visits, events, detection_due, stored_batches, positions"


def make_track(ride: Any, rng: random.Random) -> Any:
    """Some hours of driving, standing, sleeping and being towed, with all that a device may tell or not."""
    tells_ignition, tells_supply = rng.random() < 0.6, rng.random() < 0.5
    way = ride(every_s=rng.choice([10.0, 30.0, 60.0]), tells_speed=rng.random() < 0.6)
    for _ in range(rng.randrange(2, 14)):
        is_on = rng.random() < 0.5
        if tells_ignition:
            way.tell(ignition=rng.choice([IGNITION_OFF, IGNITION_ON, IGNITION_ON if is_on else IGNITION_OFF]))
        if tells_supply:
            way.tell(battery=rng.uniform(5, 60), power=rng.choice([0.0, 12.6]))
            way.tell(fuel_percent=rng.choice([20.0, 35.0, 60.0]))
        match rng.randrange(4):
            case 0:
                way.drive(rng.choice([30, 90, 300, 900]), rng.uniform(0.5, 35), rng.choice([0, 90, 180, 270]))
            case 1:
                way.skip(rng.choice([40, 500, 1300, 4000]), metres=rng.choice([0, 0, 100, 2000]))
            case _:
                way.stand(rng.choice([20, 100, 200, 600, 1500, 4000]))
    return way.fixes(noise_m=rng.choice([0.0, 3.0]), seed=rng.randrange(2**32))


@pytest.fixture
def rules(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE rules SET threshold = 20 WHERE kind = 'overspeed'")
    connection.execute(
        """
        INSERT INTO geofences (name, shape, geometry, radius_m, speed_limit_mps) VALUES
            ('here', 'circle', '{"type": "Point", "coordinates": [11.0, 48.0]}', 150, NULL),
            ('beside', 'circle', '{"type": "Point", "coordinates": [11.03, 48.0]}', 1500, 12)
        """
    )


def cut(reports: list[Any], rng: random.Random) -> Iterator[list[Any]]:
    while reports:
        size = rng.choice([1, 5, 50, 400])
        yield reports[:size]
        reports = reports[size:]


@settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.02, 0.3, 1.0]))
def test_many_looks_at_small_tracks_find_what_one_look_finds(
    ride: Any,
    tell: Any,
    store: Any,
    detect: Callable[[], int],
    tables: Callable[[], dict[str, list[Any]]],
    connection: psycopg.Connection,
    rules: None,
    seed: int,
    late: float,
) -> None:
    rng = random.Random(seed)
    connection.execute(NOWHERE)
    reports = [report for number in range(DEVICES) for report in tell(f"bus-{number}", make_track(ride, rng))]
    arrival = {
        id(report): report.position.fix_time + timedelta(hours=3 * rng.random() * (rng.random() < late))
        for report in reports
    }
    for batch in cut(sorted(reports, key=lambda report: arrival[id(report)]), rng):
        store(batch)
        detect()
    found = tables()
    connection.execute("TRUNCATE trips, stops, geofence_visits, events")
    redo(connection, FIRST)
    detect()
    assert found == tables()
