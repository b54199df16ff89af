"""Battery, external power and fuel."""

from typing import Any

import numpy as np
import pytest

from jobs.detection.detector import Known
from jobs.detection.track import SECOND


@pytest.fixture
def lows(find: Any, make_rule: Any) -> Any:
    """From when to when the battery was low, below 20 percent: seconds from the start of a ride."""

    def look(way: Any, **other: Any) -> list[tuple[float, float | None]]:
        events = find(way.fixes(), [make_rule("low_battery", 20)], **other).events
        return [(way.clock(event["started_at"]), way.clock(event["ended_at"])) for event in events]

    return look


def charge(ride: Any, *levels: float) -> Any:
    """A ride whose device tells these levels of its battery, each for a minute."""
    way = ride(battery=levels[0])
    for level in levels:
        way.tell(battery=level).stand(60)
    return way


@pytest.mark.parametrize(("level", "since"), [(20, []), (19.9, [(70, None)])])
def test_a_battery_is_low_below_the_threshold(
    ride: Any, lows: Any, level: float, since: list[tuple[float, None]]
) -> None:
    assert lows(charge(ride, 80, level)) == since


def test_it_is_so_until_it_is_well_above(ride: Any, lows: Any) -> None:
    assert lows(charge(ride, 80, 19, 21, 19, 29, 19, 21)) == [(70, None)]
    assert lows(charge(ride, 80, 19, 21, 19, 30, 21, 19)) == [(70, 250), (370, None)]


def test_a_battery_that_is_never_told_is_not_low(ride: Any, lows: Any) -> None:
    assert lows(ride().stand(600)) == []


def test_what_a_low_battery_is_told_with_is_the_level_it_fell_to(
    ride: Any, find: Any, make_rule: Any
) -> None:
    (event,) = find(charge(ride, 80, 19, 12).fixes(), [make_rule("low_battery", 20)]).events
    assert (event["value"], event["limit_value"]) == (19, 20)


def test_a_battery_known_to_be_low_is_so_since_then(ride: Any, find: Any, make_rule: Any) -> None:
    rule = make_rule("low_battery", 20)
    for levels, ended in (((19, 25, 18), None), ((19, 25, 31), 130), ((60,), 0)):
        way = charge(ride, *levels)
        known = Known(way.start, lasting={"low_battery": way.start - 3600 * SECOND})
        found = find(way.fixes(), [rule], known=known)
        assert found.events == []
        (ending,) = found.endings
        assert (way.clock(ending["started_at"]), way.clock(ending["ended_at"])) == (-3600, ended)


@pytest.mark.parametrize(
    ("volts", "events"), [([12.6, 5.1], 0), ([12.6, 0.0, 8.9], 1), ([12.6, 0, 9.0, 0], 2)]
)
def test_external_power_is_cut_below_the_threshold_until_it_is_well_above(
    ride: Any, find: Any, make_rule: Any, volts: list[float], events: int
) -> None:
    way = ride(power=12.6)
    for each in volts:
        way.tell(power=each).stand(60)
    assert len(find(way.fixes(), [make_rule("power_cut", 5)]).events) == events


# Fuel.


@pytest.fixture
def drops(find: Any, make_rule: Any) -> Any:
    """Each fuel drop of at least ten points: how much, and from when to when in seconds from the start."""

    def look(way: Any, fixes: Any = None) -> list[tuple[float, float, float]]:
        events = find(way.fixes() if fixes is None else fixes, [make_rule("fuel_drop", 10, 600)]).events
        return [
            (event["value"], way.clock(event["started_at"]), way.clock(event["ended_at"])) for event in events
        ]

    return look


def test_fuel_that_is_gone_within_minutes_is_a_drop(ride: Any, drops: Any) -> None:
    way = ride(fuel_percent=80).stand(1800)
    for level in range(80, 59, -4):
        way.tell(fuel_percent=level).stand(60)
    ((lost, began, ended),) = drops(way.stand(1800))
    assert lost == pytest.approx(20, abs=0.5)
    assert (began, ended) == pytest.approx((1860, 2110), abs=60)


@pytest.mark.parametrize(("lost", "events"), [(9.5, 0), (10.5, 1)])
def test_a_drop_has_at_least_so_many_points(ride: Any, drops: Any, lost: float, events: int) -> None:
    way = ride(fuel_percent=80).stand(1800).tell(fuel_percent=80 - lost).stand(1800)
    assert len(drops(way)) == events


def test_what_an_engine_burns_is_none(ride: Any, drops: Any) -> None:
    way = ride(fuel_percent=90)
    for level in np.arange(90, 40, -0.5):
        way.tell(fuel_percent=level).drive(60)
    assert drops(way) == []


@pytest.mark.parametrize("seed", range(3))
def test_fuel_that_sloshes_is_none(ride: Any, drops: Any, seed: int) -> None:
    way = ride(fuel_percent=50).drive(3600)
    fixes = way.fixes()
    fixes["fuel_percent"] += np.random.default_rng(seed).normal(0, 4, len(fixes))
    assert drops(way, fixes) == []


def test_one_wrong_reading_is_none(ride: Any, drops: Any) -> None:
    way = ride(fuel_percent=50).stand(600)
    assert drops(way.tell(fuel_percent=0).stand(10).tell(fuel_percent=50).stand(600)) == []


def test_refuelling_is_none(ride: Any, drops: Any) -> None:
    assert drops(ride(fuel_percent=20).stand(600).tell(fuel_percent=95).stand(600)) == []


def test_two_drops_far_apart_are_two(ride: Any, drops: Any) -> None:
    way = (
        ride(fuel_percent=80).stand(1800).tell(fuel_percent=60).stand(3600).tell(fuel_percent=40).stand(1800)
    )
    assert [lost for lost, *_ in drops(way)] == [20, 20]


def test_a_power_cut_counts_wherever_the_fix_that_tells_it_claims_to_be(
    find: Any, make_rule: Any, ride: Any
) -> None:
    fixes = ride().stand(300).fixes()
    fixes["power"] = 12.0
    middle = len(fixes) // 2
    fixes["power"][middle] = 0.2
    fixes["latitude"][middle] += 0.1  # eleven kilometres, and back
    (event,) = find(fixes, [make_rule("power_cut", 5)]).events
    assert event["kind"] == "power_cut"
