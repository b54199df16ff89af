"""What the ignition tells: switching, idling. Towing stands with the journeys."""

from typing import Any

import pytest

from sql.tracks import IGNITION_OFF, IGNITION_ON, IGNITION_UNKNOWN

OFF, ON, UNKNOWN = IGNITION_OFF, IGNITION_ON, IGNITION_UNKNOWN


def list_switching(way: Any, found: Any) -> list[tuple[str, float]]:
    return [(event["kind"], way.clock(event["started_at"])) for event in found.events]


@pytest.fixture
def switching(make_rule: Any) -> list[Any]:
    return [make_rule("ignition_on"), make_rule("ignition_off")]


def test_each_switching_is_told_at_the_fix_that_tells_it(ride: Any, find: Any, switching: list[Any]) -> None:
    way = ride(ignition=OFF).stand(60).tell(ignition=ON).stand(60).tell(ignition=OFF).stand(60)
    found = find(way.fixes(), switching)
    assert list_switching(way, found) == [("ignition_on", 70), ("ignition_off", 130)]
    assert all(event["started_at"] == event["ended_at"] for event in found.events)


def test_fixes_that_say_nothing_are_looked_through(ride: Any, find: Any, switching: list[Any]) -> None:
    way = ride(ignition=OFF).stand(60).tell(ignition=UNKNOWN).stand(60).tell(ignition=ON).stand(60)
    assert list_switching(way, find(way.fixes(), switching)) == [("ignition_on", 130)]


def test_what_a_track_begins_with_was_not_switched(ride: Any, find: Any, switching: list[Any]) -> None:
    assert find(ride(ignition=ON).stand(600).fixes(), switching).events == []


def test_one_rule_may_be_there_without_the_other(ride: Any, find: Any, switching: list[Any]) -> None:
    way = ride(ignition=OFF).stand(60).tell(ignition=ON).stand(60).tell(ignition=OFF).stand(60)
    assert list_switching(way, find(way.fixes(), switching[1:])) == [("ignition_off", 130)]


@pytest.mark.parametrize(("stands_s", "events"), [(280, 0), (310, 1)])
def test_an_engine_that_runs_while_the_vehicle_stands_for_long_enough_idles(
    ride: Any, find: Any, make_rule: Any, stands_s: float, events: int
) -> None:
    way = ride(ignition=ON).drive(300).stand(stands_s).drive(300)
    found = find(way.fixes(), [make_rule("idling", lasting_s=300)]).events
    assert len(found) == events
    for event in found:
        assert way.clock(event["started_at"]) == pytest.approx(300, abs=10)
        assert way.clock(event["ended_at"]) == pytest.approx(300 + stands_s, abs=10)


def test_idling_goes_on_until_the_engine_is_off_or_the_vehicle_leaves(
    ride: Any, find: Any, make_rule: Any
) -> None:
    rule = make_rule("idling", lasting_s=300)
    way = ride(ignition=ON).stand(400)
    assert find(way.fixes(), [rule]).events[0]["ended_at"] is None
    (event,) = find(way.tell(ignition=OFF).stand(60).fixes(), [rule]).events
    assert way.clock(event["ended_at"]) == 400


@pytest.mark.parametrize("ignition", [OFF, UNKNOWN])
def test_an_engine_that_does_not_run_or_does_not_tell_is_not_idling(
    ride: Any, find: Any, make_rule: Any, ignition: int
) -> None:
    way = ride(ignition=ignition).stand(3600)
    assert find(way.fixes(), [make_rule("idling", lasting_s=300)]).events == []


def test_nobody_knows_whether_an_engine_ran_through_a_silence(ride: Any, find: Any, make_rule: Any) -> None:
    way = ride(ignition=ON).stand(200).skip(7200).stand(200)
    assert find(way.fixes(), [make_rule("idling", lasting_s=300)]).events == []


@pytest.mark.parametrize(("threshold", "events"), [(2300, 1), (2500, 0)])
def test_a_tow_counts_from_the_distance_that_the_rule_names(
    ride: Any, find: Any, make_rule: Any, threshold: float, events: int
) -> None:
    way = ride(ignition=OFF).stand(600).drive(300, 8).stand(900)
    assert len(find(way.fixes(), [make_rule("tow", threshold)]).events) == events
