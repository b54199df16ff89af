"""What the units of labelled drives report: errors as wide as told, at their interval, late and twice."""

import math
from bisect import bisect_left
from collections import Counter
from itertools import pairwise
from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import native
from local.drives.definitions import POINT_KINDS
from local.drives.drives import Drive, make_drives
from local.drives.ground import Ground
from local.drives.journey import Journey
from local.drives.receiver import Fix, as_native, observe
from local.drives.scenarios import SCENARIOS
from local.drives.scoring import match, tolerate
from local.drives.tracker import Tracker

NOON = 1_772_452_800.0  # 2026-03-02 12:00 UTC


@pytest.fixture(scope="module")
def drives() -> list[Drive]:
    """Each scenario once."""
    return list(make_drives(6, len(SCENARIOS)))


def test_errors_of_a_parked_receiver_are_as_wide_and_as_slow_as_told() -> None:
    journey = Journey(Random(1), NOON)
    journey.stand(100_000)
    tracker = Tracker(5.0, parked_interval_s=5.0, parked_error_m=8.0, outlier_chance=0.01)
    errors = [deviation(fix) for fix in observe(journey, tracker, Ground(50.0, 8.0), Random(2))]
    wild = [error for error in errors if abs(error) > 60]
    assert 0.006 < len(wild) / len(errors) < 0.014
    assert all(60 < abs(error) < 340 for error in wild)
    calm = [error if abs(error) <= 60 else 0j for error in errors]
    spread = math.sqrt(sum(abs(error) ** 2 for error in calm) / len(calm) / 2)
    assert spread == pytest.approx(8.0, rel=0.15)
    assert abs(sum(calm)) / len(calm) < 1.0
    lagged = sum((a * b.conjugate()).real for a, b in zip(calm, calm[9:], strict=False)) / len(calm)
    assert lagged / (2 * spread**2) == pytest.approx(math.exp(-1), abs=0.12)


def deviation(fix: Fix) -> complex:
    """Metres east and north of 50 degrees north, 8 east."""
    return complex(
        math.copysign(measure((50.0, 8.0), (50.0, fix.longitude)), fix.longitude - 8.0),
        math.copysign(measure((50.0, 8.0), (fix.latitude, 8.0)), fix.latitude - 50.0),
    )


def test_speeds_and_courses_err_as_told() -> None:
    journey = Journey(Random(1), NOON)
    journey.heading = 0.0
    journey.stand(2000)
    journey.reach(15)
    journey.keep(4000)
    fixes = observe(
        journey, Tracker(1.0, parked_interval_s=1.0, course_error=1.5), Ground(50.0, 8.0), Random(2)
    )
    parked = [fix for fix in fixes if fix.time < NOON + 2000]
    assert all(fix.speed_mps is not None and 0 <= fix.speed_mps <= 0.3 for fix in parked)
    assert {int((fix.course or 0) // 90) for fix in parked} == {0, 1, 2, 3}
    speeds = [(fix.speed_mps or 0) - 15 for fix in fixes if fix.time > NOON + 2020]
    courses = [(fix.course or 0) - 90 for fix in fixes if fix.time > NOON + 2020]
    assert deviate(speeds) == pytest.approx(0.1, rel=0.1)
    assert deviate(courses) == pytest.approx(1.5, rel=0.1)


def deviate(errors: list[float]) -> float:
    return math.sqrt(sum(error * error for error in errors) / len(errors))


@given(
    st.floats(-60, 65),
    st.sampled_from([-180.0, -93.6, 0.0, 25.1, 179.99]),
    st.complex_numbers(max_magnitude=30_000),
    st.floats(-math.pi, math.pi),
)
def test_a_hundred_metres_on_the_plane_are_a_hundred_on_the_globe(
    latitude: float, longitude: float, point: complex, angle: float
) -> None:
    ground = Ground(latitude, longitude)
    there = point + 100 * complex(math.cos(angle), math.sin(angle))
    assert measure(ground.locate(point), ground.locate(there)) == pytest.approx(100, abs=0.05)


def measure(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two near places, by the ellipsoid's radii of curvature."""
    middle = math.radians((a[0] + b[0]) / 2)
    squared = 0.00669437999014
    bulge = 1 - squared * math.sin(middle) ** 2
    north = 6_378_137.0 * (1 - squared) / bulge**1.5 * math.radians(b[0] - a[0])
    turn = (b[1] - a[1] + 180) % 360 - 180
    east = 6_378_137.0 / math.sqrt(bulge) * math.cos(middle) * math.radians(turn)
    return math.hypot(north, east)


def test_ground_keeps_its_own_place() -> None:
    assert Ground(41.9, -93.6).locate(0j) == (41.9, -93.6)
    north, east = Ground(41.9, -93.6).locate(500j), Ground(41.9, -93.6).locate(500 + 0j)
    assert north[0] > 41.9
    assert north[1] == -93.6
    assert east[1] > -93.6


def test_units_report_at_their_interval_and_less_often_at_rest(drives: list[Drive]) -> None:
    for drive in drives:
        gaps = Counter(round(b.time - a.time, 1) for a, b in pairwise(drive.fixes) if b.time > a.time)
        assert gaps[drive.interval_s] or drive.scenario == "parked_in_a_street_canyon", drive.scenario
    silences = {drive.scenario: max(b.time - a.time for a, b in pairwise(drive.fixes)) for drive in drives}
    assert 80 <= silences["tunnel"] <= 135
    assert silences["sleep"] > 7200
    assert 720 <= silences["out_of_reach"] <= 965


def test_units_tell_only_what_they_know(drives: list[Drive]) -> None:
    told = {drive.scenario: {name for fix in drive.fixes for name in as_native(fix)} for drive in drives}
    assert told["with_a_place_only"] == {"time", "lat", "lon", "accuracy", "satellites"}
    assert "ignition" not in told["without_ignition"]
    assert not {"speed", "course"} & told["without_speed"]
    assert {"speed", "course", "ignition"} <= told["errand"]
    assert "battery_percent" in told["battery_wobbles"]
    assert "external_power_v" in told["power_cut"]
    assert "fuel_percent" in told["fuel_theft"]
    assert "event" in told["sos"]
    assert not {"battery_percent", "external_power_v", "fuel_percent", "event"} & told["errand"]


def test_whoever_reads_the_fixes_could_know_the_truth() -> None:
    """No span is lost between two fixes, and no moment is told too late to be placed."""
    for drive in make_drives(8, 3 * len(SCENARIOS)):
        times = sorted({fix.time for fix in drive.fixes})
        assert not any(550 < b - a < 690 for a, b in pairwise(times))
        for happening in drive.truth:
            end = times[-1] if happening.ends_at is None else happening.ends_at
            seen = happening._replace(starts_at=find_next(times, happening.starts_at))
            if happening.kind not in (*POINT_KINDS, "offline"):
                seen = seen._replace(ends_at=find_next(times, end))
            scores = match([seen], [happening], tolerate(drive.interval_s), until=times[-1])
            assert scores[happening.kind].hits == 1, (drive.scenario, happening)


def find_next(times: list[float], time: float) -> float:
    return times[min(bisect_left(times, time), len(times) - 1)]


def test_fixes_that_come_late_or_twice_are_the_same_fixes(drives: list[Drive]) -> None:
    by_scenario = {drive.scenario: drive for drive in drives}
    twice = by_scenario["repeated_fixes"].fixes
    assert len({fix.time for fix in twice}) < 0.95 * len(twice)
    assert len({fix._replace(delivery=None) for fix in twice}) == len({fix.time for fix in twice})
    fixes = by_scenario["out_of_order"].fixes
    arrivals = [fix.delivery or fix.time for fix in fixes]
    assert all(arrival >= fix.time for arrival, fix in zip(arrivals, fixes, strict=True))
    assert sum(a > b for a, b in pairwise(arrivals)) > 3
    held = Counter(fix.delivery for fix in by_scenario["backlog"].fixes if fix.delivery)
    assert max(held.values()) >= 5


def test_the_decoder_reads_every_fix(drives: list[Drive]) -> None:
    for drive in drives:
        fixes = drive.fixes[:: max(1, len(drive.fixes) // 50)]
        for fix, position in zip(
            fixes, native.decode(orjson.dumps([as_native(fix) for fix in fixes])), strict=True
        ):
            assert not isinstance(position, Exception)
            attributes = getattr(position, "attributes", None) or {}
            assert getattr(position, "latitude", None) == fix.latitude
            assert attributes.get("battery_percent") == fix.battery_percent
            assert attributes.get("external_power_v") == fix.external_power_v
            assert attributes.get("fuel_level_percent") == fix.fuel_percent
            assert attributes.get("event") == fix.event
