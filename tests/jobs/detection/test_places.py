"""Where a vehicle may be, and when: events of geofences, corridors, and hours."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jobs.detection.rules import Week
from jobs.detection.track import SECOND
from sql.hours import parse

WEST = 270
CROSSINGS = ("fence_enter", "fence_leave", "fence_dwell")


@pytest.fixture
def tell_events(find: Any) -> Any:
    """The kinds of the events with the seconds from the start at which each begins and ends."""

    def tell(way: Any, *what: Any) -> list[tuple[str, float, float | None]]:
        return [
            (
                event["kind"],
                round(way.clock(event["started_at"])),
                event["ended_at"] and round(way.clock(event["ended_at"])),
            )
            for event in find(way.fixes(), *what).events
        ]

    return tell


@pytest.fixture
def hours() -> Any:
    """Hours in UTC; a ride begins on a Monday at eight."""
    return lambda text: Week(parse(text), ZoneInfo("UTC"))


def come_and_go(ride: Any, stays_s: float) -> Any:
    """From the west into the geofence around the start of a ride and out again, at 10 m/s."""
    return ride(48.0, 10.98).drive(150).stand(stays_s).drive(150)


def test_a_visit_is_told_when_it_begins_when_it_has_become_long_and_when_it_ends(
    ride: Any, tell_events: Any, make_rule: Any, make_fence: Any
) -> None:
    way = come_and_go(ride, 700)
    told = tell_events(way, [make_rule(kind) for kind in CROSSINGS], [make_fence()])
    (entered, enter, _), (dwells, dwell, _), (left, leave, _) = told
    assert (entered, dwells, left) == ("fence_enter", "fence_dwell", "fence_leave")
    assert (enter, dwell, leave) == pytest.approx((139, 739, 860), abs=1)
    assert all(began == ended for _, began, ended in told)


@pytest.mark.parametrize(
    ("stays_s", "kinds"), [(560, ["fence_enter", "fence_leave"]), (600, list(CROSSINGS))]
)
def test_a_visit_is_long_from_the_moment_that_the_fence_names(
    ride: Any, tell_events: Any, make_rule: Any, make_fence: Any, stays_s: float, kinds: list[str]
) -> None:
    told = tell_events(come_and_go(ride, stays_s), [make_rule(kind) for kind in CROSSINGS], [make_fence()])
    assert sorted(kind for kind, *_ in told) == sorted(kinds)


def test_a_visit_that_goes_on_has_become_long_without_anybody_leaving(
    ride: Any, tell_events: Any, make_rule: Any, make_fence: Any
) -> None:
    assert tell_events(ride().stand(610), [make_rule("fence_dwell")], [make_fence()]) == [
        ("fence_dwell", 600, 600)
    ]


def test_who_was_there_from_the_first_fix_on_has_not_entered(
    ride: Any, tell_events: Any, make_rule: Any, make_fence: Any
) -> None:
    way = ride().stand(300).drive(300)
    told = tell_events(way, [make_rule(kind) for kind in CROSSINGS], [make_fence()])
    assert [kind for kind, *_ in told] == ["fence_leave"]


@pytest.mark.parametrize(
    ("text", "events"), [("Mo 08:00-09:00", 2), ("Mo 08:05-09:00", 1), ("Tu 08:00-09:00", 0)]
)
def test_crossings_count_within_the_hours_of_the_fence(
    ride: Any, tell_events: Any, make_rule: Any, make_fence: Any, hours: Any, text: str, events: int
) -> None:
    rules = [make_rule("fence_enter"), make_rule("fence_leave")]
    assert len(tell_events(come_and_go(ride, 300), rules, [make_fence(week=hours(text))])) == events


@pytest.mark.parametrize(("text", "events"), [("Mo 08:00-09:00", 1), ("Mo 09:00-10:00", 0)])
def test_any_rule_may_hold_at_some_hours_only(
    ride: Any, tell_events: Any, make_rule: Any, hours: Any, text: str, events: int
) -> None:
    way = ride().drive(300, 10).drive(120, 30).drive(60, 10)
    assert len(tell_events(way, [make_rule("overspeed", 25, 10, week=hours(text))])) == events


# Corridors.


@pytest.fixture
def corridor(make_fence: Any) -> Any:
    line = {"type": "LineString", "coordinates": [[10.9, 48.0], [11.2, 48.0]]}
    return make_fence(line, 100.0, is_corridor=True, vehicle_ids=frozenset({1}), least_visit=0)


@pytest.mark.parametrize(("seconds", "events"), [(30, 0), (60, 1)])
def test_who_leaves_the_corridor_for_longer_than_the_rule_says_is_off_route(
    ride: Any, tell_events: Any, make_rule: Any, corridor: Any, seconds: float, events: int
) -> None:
    way = ride().drive(300).drive(seconds, course=0).drive(seconds, course=180).drive(300)
    told = tell_events(way, [make_rule("off_route", lasting_s=60)], [corridor])
    assert len(told) == events
    for _, began, ended in told:
        assert (began, ended) == pytest.approx((310, 410), abs=1)


def test_a_detour_goes_on_until_the_trip_ends(
    ride: Any, tell_events: Any, make_rule: Any, corridor: Any
) -> None:
    rule = make_rule("off_route", lasting_s=60)
    way = ride().drive(300).drive(120, course=0)
    assert tell_events(way, [rule], [corridor]) == [("off_route", 310, None)]
    ((_, began, ended),) = tell_events(way.stand(600), [rule], [corridor])
    assert (began, ended) == pytest.approx((310, 420), abs=20)


def test_who_stands_beside_the_corridor_is_on_no_trip_and_so_not_off_route(
    ride: Any, tell_events: Any, make_rule: Any, corridor: Any
) -> None:
    assert tell_events(ride(48.1).stand(3600), [make_rule("off_route", lasting_s=60)], [corridor]) == []


def test_a_corridor_is_no_place_that_is_entered(
    ride: Any, tell_events: Any, make_rule: Any, corridor: Any
) -> None:
    way = ride(48.01).drive(300, course=180)
    assert tell_events(way, [make_rule(kind) for kind in CROSSINGS], [corridor]) == []


# Hours.


@pytest.mark.parametrize(
    ("text", "events"),
    [("Mo-Fr 06:00-18:00", 0), ("Mo-Fr 09:00-18:00", 1), ("Mo 08:15-08:30", 1), ("Su-Mo 22:00-08:11", 0)],
)
def test_a_trip_that_begins_when_nobody_may_drive_is_unauthorised(
    ride: Any, tell_events: Any, make_rule: Any, hours: Any, text: str, events: int
) -> None:
    way = ride().stand(600).drive(600).stand(600)
    told = tell_events(way, [make_rule("unauthorised", week=hours(text))])
    assert len(told) == events
    for _, began, ended in told:
        assert (began, ended) == pytest.approx((600, 1200), abs=25)


def test_it_is_so_as_long_as_the_trip_goes_on(
    ride: Any, tell_events: Any, make_rule: Any, hours: Any
) -> None:
    ((_, _, ended),) = tell_events(
        ride().drive(600), [make_rule("unauthorised", week=hours("Su 10:00-11:00"))]
    )
    assert ended is None


def test_without_hours_everybody_may_always_drive(ride: Any, tell_events: Any, make_rule: Any) -> None:
    assert tell_events(ride().drive(600), [make_rule("unauthorised")]) == []


def test_hours_are_those_of_the_clock_on_the_wall(ride: Any, make_rule: Any, tell_events: Any) -> None:
    for zone, events in (
        ("Europe/Berlin", 0),
        ("America/Chicago", 1),
    ):  # eight in London: nine, and two at night
        rule = make_rule("unauthorised", week=Week(parse("Mo-Fr 08:30-18:00"), ZoneInfo(zone)))
        assert len(tell_events(ride().drive(600), [rule])) == events


def test_a_week_covers_times_as_one_by_one(hours: Any, ride: Any) -> None:
    week = hours("Mo 08:10-08:20, Mo 08:40-12:00")
    times = ride().stand(7200).fixes()["time"]
    assert week.covers(times).tolist() == [week.covers_one(int(time)) for time in times]
    assert week.covers(times[:0]).tolist() == []
    assert not week.covers_one(int(times[0]) + 600 * SECOND - 1)
    assert week.covers_one(int(times[0]) + 600 * SECOND)
