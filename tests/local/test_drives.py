"""Labelled drives: repeatable, each kind shown and mimicked, and none of them close to a threshold."""

import math
from datetime import datetime
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.drives.definitions import KINDS, Happening
from local.drives.drives import Drive, find_truth, make_drives
from local.drives.journey import Journey
from local.drives.scenario import Plan
from local.drives.scenarios import SCENARIOS

NOON = 1_772_452_800.0  # 2026-03-02 12:00 UTC
ROUNDS = 2


def plan(name: str, seed: int) -> Plan:
    return SCENARIOS[name].write(Journey(Random(f"{name} {seed}"), NOON))


@pytest.fixture(scope="module")
def drives() -> list[Drive]:
    """Each scenario twice."""
    return list(make_drives(5, ROUNDS * len(SCENARIOS)))


def of(kind: str, happenings: list[Happening]) -> list[Happening]:
    return [happening for happening in happenings if happening.kind == kind]


def test_each_scenario_shows_what_it_promises_and_nothing_that_it_only_seems_to(drives: list[Drive]) -> None:
    for drive in drives:
        kinds = {happening.kind for happening in drive.truth}
        scenario = SCENARIOS[drive.scenario]
        assert set(scenario.shows) <= kinds, drive.uid + drive.scenario
        assert not set(scenario.tempts) & kinds, drive.uid + drive.scenario


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_shown_by_two_scenarios_and_two_others_seem_to(kind: str) -> None:
    assert sum(kind in scenario.shows for scenario in SCENARIOS.values()) >= 2
    assert sum(kind in scenario.tempts for scenario in SCENARIOS.values()) >= 2


def test_the_same_seed_makes_the_same_drives_and_another_seed_others() -> None:
    first = list(make_drives(3, 30))
    assert first == list(make_drives(3, 30))
    assert first[:10] == list(make_drives(3, 10))
    assert all(a.fixes != b.fixes for a, b in zip(first, make_drives(4, 30), strict=True))


def test_drives_lie_within_their_time_and_place(drives: list[Drive]) -> None:
    begins = datetime.fromisoformat("2026-03-02T06:00Z").timestamp()
    assert len({drive.uid for drive in drives}) == len(drives)
    assert {drive.interval_s for drive in drives} == {1, 2, 5, 10, 30}
    for drive in drives:
        assert all(a.time <= b.time for a, b in pairwise(drive.fixes))
        assert begins <= drive.fixes[0].time < begins + 31 * 86_400
        assert all(-60 < fix.latitude < 65 for fix in drive.fixes)
        assert all(-180 <= fix.longitude < 180 for fix in drive.fixes)
        for happening in drive.truth:
            assert drive.fixes[0].time - 60 <= happening.starts_at <= drive.fixes[-1].time + 1
            assert happening.ends_at is None or happening.ends_at >= happening.starts_at


def test_one_drive_passes_midnight_and_one_the_date_line(drives: list[Drive]) -> None:
    over = [drive for drive in drives if drive.scenario == "across_the_date_line"]
    assert all({math.copysign(1, fix.longitude) for fix in drive.fixes} == {-1, 1} for drive in over)
    for drive in drives:
        if drive.scenario == "past_midnight":
            (trip,) = of("trip", drive.truth)
            assert trip.ends_at is not None
            assert trip.starts_at // 86_400 < trip.ends_at // 86_400


journeys = given(st.integers(0, 10_000), st.sampled_from(sorted(SCENARIOS)))


@settings(max_examples=30, deadline=None)
@journeys
def test_no_standing_and_no_ignition_lasts_about_as_long_as_it_takes(seed: int, name: str) -> None:
    this = plan(name, seed)
    journey = this.journey
    standings = journey.standings()
    assert not any(165 < end - start < 195 for start, end in standings)
    if not this.tracker.tells_ignition:
        return
    for (start, on), (end, _) in pairwise(journey.switches):
        assert not 6.5 < end - start < 12.5
        assert on or not 23 < end - start < 45
        for begin, stop in standings:
            shared = min(end, stop) - max(start, begin)
            assert not (on and (280 < shared < 320 or 160 < shared < 195))


@settings(max_examples=30, deadline=None)
@journeys
def test_no_speed_and_no_manoeuvre_is_about_what_it_takes(seed: int, name: str) -> None:
    this = plan(name, seed)
    path = list(this.journey.moments())
    limit = this.settings.get("speed_limit_mps", 25.0)
    top = max(moment.speed_mps for moment in path)
    assert name == "just_below_the_limit" or not 0.93 * limit < top < 1.07 * limit
    held = [piece for piece in this.journey.pieces if piece.duration > 1]
    assert not any(-4.02 < piece.acceleration < -2.98 for piece in held)
    assert not any(2.56 < piece.acceleration < 3.45 for piece in held)
    assert not any(3.4 < piece.speed_mps**2 * abs(piece.curvature) < 4.6 for piece in held)
    for trip in of("trip", find_truth(this, [])):
        assert trip.value is not None
        assert trip.value > 300


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([name for name in SCENARIOS if plan(name, 1).zones]))
def test_no_fence_is_nearly_entered_and_nearly_left(seed: int, name: str) -> None:
    this = plan(name, seed)
    path = list(this.journey.moments())
    for zone in this.zones:
        depths = [zone.depth(moment.point) for moment in path]
        corners = [i for i, (a, b) in enumerate(pairwise(depths), 1) if (a > 0) != (b > 0)]
        short, long = (45, 75) if zone.is_corridor else (24, 38)
        for a, b in pairwise([0, *corners, len(path) - 1]):
            lasts = path[b].time - path[a].time
            assert not short < lasts < long
            assert not (depths[b - 1] > 0 and 560 < lasts < 640) or zone.is_corridor
            assert not corners or lasts < short or max(map(abs, depths[a:b])) > 18
