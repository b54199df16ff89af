"""Too fast, and with too much force: just below the threshold and just above."""

from typing import Any

import numpy as np
import pytest

from jobs.detection.track import SECOND

STEADY = 120  # seconds at the speed that is tried


@pytest.fixture
def speed(ride: Any) -> Any:
    """A ride at 20 m/s with some seconds at another speed in the middle, at a fix a second."""

    def make(mps: float, seconds: float, **options: Any) -> Any:
        return ride(every_s=1.0, **options).drive(STEADY, 20).drive(seconds, mps).drive(STEADY, 20)

    return make


@pytest.mark.parametrize(("mps", "seconds", "events"), [(25, 30, 0), (25.1, 30, 1), (30, 10, 0), (30, 11, 1)])
def test_who_is_faster_than_allowed_for_as_long_as_the_rule_says_speeds(
    speed: Any, find: Any, make_rule: Any, mps: float, seconds: float, events: int
) -> None:
    way = speed(mps, seconds)
    found = find(way.fixes(), [make_rule("overspeed", 25, 10)]).events
    assert len(found) == events
    for event in found:
        assert (way.clock(event["started_at"]), way.clock(event["ended_at"])) == (121, 120 + seconds)
        assert (event["value"], event["limit_value"]) == (pytest.approx(mps, abs=1e-3), 25)


def test_a_rule_that_is_not_there_finds_nothing(speed: Any, find: Any) -> None:
    assert find(speed(40, 60).fixes()).events == []


@pytest.mark.parametrize(("dip_s", "events"), [(3, 1), (6, 2)])
def test_slowing_down_for_some_seconds_is_no_end(
    ride: Any, find: Any, make_rule: Any, dip_s: float, events: int
) -> None:
    way = ride(every_s=1.0).drive(60, 30).drive(dip_s, 24).drive(60, 30).drive(60, 10)
    assert len(find(way.fixes(), [make_rule("overspeed", 25, 10)]).events) == events


def test_speeding_goes_on_while_nothing_tells_its_end(ride: Any, find: Any, make_rule: Any) -> None:
    way = ride().drive(60, 20).drive(60, 30)
    (event,) = find(way.fixes(), [make_rule("overspeed", 25, 10)]).events
    assert event["ended_at"] is None
    (event,) = find(way.drive(10, 20).fixes(), [make_rule("overspeed", 25, 10)]).events
    assert way.clock(event["ended_at"]) == 120


def test_where_the_device_tells_no_speed_its_way_does(speed: Any, find: Any, make_rule: Any) -> None:
    for mps, events in ((24, 0), (27, 1)):
        way = speed(mps, 60, tells_speed=False)
        assert len(find(way.fixes(), [make_rule("overspeed", 25, 10)]).events) == events


def test_of_a_way_made_in_silence_nobody_knows_the_speed(ride: Any, find: Any, make_rule: Any) -> None:
    way = ride(tells_speed=False).drive(60, 10)
    for _ in range(10):
        way.skip(120, metres=120 * 40)
    assert find(way.fixes(), [make_rule("overspeed", 25, 10)]).events == []


def test_the_limit_of_a_geofence_takes_the_place_of_the_fleets_but_not_of_a_vehicles_lower_one(
    speed: Any, find: Any, make_rule: Any, make_fence: Any
) -> None:
    slow = make_fence(radius_m=3000.0, speed_limit_mps=8.0)
    fast = make_fence(radius_m=3000.0, speed_limit_mps=40.0, id=2)
    rule = make_rule("overspeed", 25, 10)
    (event,) = find(speed(30, 30).fixes(), [rule], [slow, fast]).events
    assert (event["geofence_id"], event["limit_value"], event["value"]) == (1, 8, 30)
    assert find(speed(30, 30).fixes(), [rule], [fast]).events == []
    (event,) = find(speed(30, 30).fixes(), [rule._replace(is_own=True)], [fast]).events
    assert (event["geofence_id"], event["limit_value"]) == (0, 25)


# Force.


def brake(ride: Any, change: float, every_s: float = 1.0) -> Any:
    """From 20 m/s to rest, so many metres a second less at each second."""
    way = ride(every_s=every_s).drive(60, 20)
    mps = 20.0
    while mps > 0:
        mps = max(mps - change * every_s, 0.0)
        way.drive(every_s, mps)
    return way.stand(60)


@pytest.mark.parametrize(("change", "events"), [(3.4, 0), (3.5, 1), (6, 1)])
def test_braking_is_harsh_from_the_threshold_on(
    ride: Any, find: Any, make_rule: Any, change: float, events: int
) -> None:
    way = brake(ride, change)
    found = find(way.fixes(), [make_rule("harsh_braking", 3.5)]).events
    assert len(found) == events
    for event in found:
        assert way.clock(event["started_at"]) == 60
        assert event["value"] == pytest.approx(change, abs=1e-3)


def test_one_manoeuvre_is_one_event_and_two_are_two(ride: Any, find: Any, make_rule: Any) -> None:
    way = (
        ride(every_s=1.0)
        .drive(30, 20)
        .drive(1, 15)
        .drive(2, 15)
        .drive(1, 10)
        .drive(30, 10)
        .drive(1, 5)
        .drive(30, 5)
    )
    assert len(find(way.fixes(), [make_rule("harsh_braking", 3.5)]).events) == 2


@pytest.mark.parametrize(("change", "events"), [(2.9, 0), (3.1, 1)])
def test_so_is_acceleration(ride: Any, find: Any, make_rule: Any, change: float, events: int) -> None:
    way = ride(every_s=1.0).stand(60)
    for step in range(1, 6):
        way.drive(1, step * change)
    found = find(way.drive(60, 5 * change).fixes(), [make_rule("harsh_acceleration", 3)]).events
    assert len(found) == events


@pytest.mark.parametrize(("mps", "turn", "events"), [(10, 20, 0), (10, 26, 1), (2, 170, 0)])
def test_so_is_cornering_but_not_at_walking_pace(
    ride: Any, find: Any, make_rule: Any, mps: float, turn: float, events: int
) -> None:
    way = ride(every_s=1.0).drive(60, mps, 350)
    for step in range(1, 4):
        way.drive(1, mps, (350 + step * turn) % 360)
    found = find(way.drive(60, mps, (350 + 3 * turn) % 360).fixes(), [make_rule("harsh_cornering", 4)]).events
    assert len(found) == events


def test_fixes_every_ten_seconds_tell_nothing_of_force(ride: Any, find: Any, make_rule: Any) -> None:
    way = ride().drive(60, 40).drive(60, 0.0).drive(60, 40, 180)
    kinds = ("harsh_braking", "harsh_acceleration", "harsh_cornering")
    assert find(way.fixes(), [make_rule(kind, 3) for kind in kinds]).events == []


def test_an_extra_report_in_between_tells_nothing_of_force_either(
    ride: Any, find: Any, make_rule: Any
) -> None:
    way = ride().drive(60, 20)
    way.every_s = 1.0
    way.drive(1, 12)
    way.every_s = 10.0
    assert find(way.drive(60, 12).fixes(), [make_rule("harsh_braking", 3.5)]).events == []


def test_what_the_device_felt_itself_is_not_told_twice(ride: Any, find: Any, make_rule: Any) -> None:
    way = brake(ride, 6)
    rule = make_rule("harsh_braking", 3.5)
    for place, details in ((66, ["device"]), (90, ["", "device"])):
        found = find(way.fixes(), [rule], names={place: " Harsh_Braking "}).events
        assert [event["detail"] for event in found] == details


def test_speeds_that_a_device_tells_only_sometimes_disturb_nothing(
    ride: Any, find: Any, make_rule: Any
) -> None:
    fixes = brake(ride, 6).fixes()
    fixes["speed"][::2] = np.nan
    assert find(fixes, [make_rule("harsh_braking", 3.5)]).events == []


# The fixes kept with an event.


@pytest.mark.parametrize("seconds", [12, 59, 60, 61, 599, 1500])
def test_an_event_keeps_at_most_sixty_fixes_the_first_and_the_last_among_them(
    speed: Any, find: Any, make_rule: Any, seconds: int
) -> None:
    way = speed(30, seconds)
    (event,) = find(way.fixes(), [make_rule("overspeed", 25, 10)]).events
    times = [fix[0] for fix in event["fixes"]]
    assert len(times) == min(seconds, 60)
    assert times == sorted(set(times))
    assert (times[0] / 1000 - times[-1] / 1000) == 1 - seconds
    fix = event["fixes"][0]
    assert fix[0] * 1000 == way.start + 121 * SECOND + 946_684_800_000_000
    assert (fix[1:3], fix[3:]) == ([event["latitude"], event["longitude"]], [30, 90])
