"""Where a trip begins and ends, and what is none; times are seconds from the first fix."""

from typing import Any

import pytest

from jobs.detection.findings import Findings
from jobs.detection.track import SECOND
from sql.tracks import IGNITION_OFF, IGNITION_ON

OFF, ON = IGNITION_OFF, IGNITION_ON
NEAR = 25  # seconds by which motion alone may err


@pytest.fixture
def tell_journeys(find: Any) -> Any:
    """Trips and stops as they follow one another: kind, from when to when, and whether it goes on."""

    def tell(way: Any) -> list[tuple[str, float, float, bool]]:
        found: Findings = find(way.fixes())
        rows = [("trip", row) for row in found.trips] + [("stop", row) for row in found.stops]
        told = [
            (kind, way.clock(row["started_at"]), way.clock(row["ended_at"]), row["is_open"])
            for kind, row in rows
        ]
        return sorted(told, key=lambda row: (row[1], row[2]))

    return tell


def name(told: list[tuple[str, float, float, bool]]) -> list[str]:
    return [kind for kind, *_ in told]


# From when to when.


def test_a_trip_lasts_from_ignition_on_to_ignition_off(ride: Any, tell_journeys: Any) -> None:
    way = ride(ignition=OFF).stand(600).tell(ignition=ON).stand(60)
    on = 610
    way.drive(600).stand(40).tell(ignition=OFF)
    off = way.now_s + 10
    way.stand(900)
    assert tell_journeys(way) == [
        ("stop", 0, on, False),
        ("trip", on, off, False),
        ("stop", off, way.now_s, True),
    ]


def test_where_the_device_tells_no_ignition_motion_counts(ride: Any, tell_journeys: Any) -> None:
    way = ride().stand(600).drive(600).stand(900)
    stood, drove, stands = tell_journeys(way)
    assert name([stood, drove, stands]) == ["stop", "trip", "stop"]
    assert drove[1:3] == (stood[2], stands[1])
    assert drove[1:3] == pytest.approx((600, 1200), abs=NEAR)


def test_an_engine_that_runs_for_long_before_leaving_makes_no_trip_of_it(
    ride: Any, tell_journeys: Any
) -> None:
    for warm_up_s, begins in ((160, 610), (300, 900)):
        way = ride(ignition=OFF).stand(600).tell(ignition=ON).stand(warm_up_s).drive(600).stand(600)
        assert tell_journeys(way)[1][1] == pytest.approx(begins, abs=20)


def test_an_engine_that_runs_for_long_after_arriving_neither(ride: Any, tell_journeys: Any) -> None:
    for runs_s, ends in ((150, 1360), (400, 1200)):
        way = ride(ignition=ON).stand(600).drive(600).stand(runs_s).tell(ignition=OFF).stand(600)
        assert tell_journeys(way)[1][2] == pytest.approx(ends, abs=20)


def test_what_moves_when_the_track_begins_is_on_a_trip_since_its_first_fix(
    ride: Any, tell_journeys: Any
) -> None:
    way = ride().drive(600).stand(600)
    assert name(tell_journeys(way)) == ["trip", "stop"]
    assert tell_journeys(way)[0][1] == pytest.approx(0, abs=NEAR)


def test_a_trip_is_open_until_the_vehicle_has_stood_for_long_enough(ride: Any, tell_journeys: Any) -> None:
    way = ride().stand(600).drive(600)
    assert tell_journeys(way)[-1] == ("trip", pytest.approx(600, abs=NEAR), 1200, True)
    way.stand(100)
    assert tell_journeys(way)[-1] == ("trip", pytest.approx(600, abs=NEAR), 1300, True)
    way.stand(120)
    told = tell_journeys(way)
    assert name(told) == ["stop", "trip", "stop"]
    assert told[1][3] is False
    assert told[1][2] == pytest.approx(1200, abs=NEAR)


def test_one_fix_alone_is_a_stop_that_goes_on(ride: Any, tell_journeys: Any) -> None:
    assert tell_journeys(ride()) == [("stop", 0, 0, True)]


def test_of_no_fix_nothing_is_told(ride: Any, find: Any) -> None:
    assert find(ride().fixes()[:0]) == Findings()


def test_a_trip_that_ends_where_a_silence_begins_is_over(ride: Any, tell_journeys: Any) -> None:
    way = ride().stand(600).drive(600).skip(7200, metres=30_000).drive(600)
    told = tell_journeys(way)
    assert name(told) == ["stop", "trip", "trip"]
    assert [row[3] for row in told] == [False, False, True]
    assert told[1][2] == 1200
    assert told[2][1] == pytest.approx(8400, abs=NEAR)


# What is no stop.


@pytest.mark.parametrize("tells_speed", [True, False])
@pytest.mark.parametrize("ignition", [ON, -1])
def test_a_red_light_is_no_stop(ride: Any, tell_journeys: Any, ignition: int, tells_speed: bool) -> None:
    way = (
        ride(ignition=ignition, tells_speed=tells_speed)
        .stand(600)
        .drive(300)
        .stand(120)
        .drive(300)
        .stand(600)
    )
    assert name(tell_journeys(way)) == ["stop", "trip", "stop"]


def test_standing_for_longer_is_one(ride: Any, tell_journeys: Any) -> None:
    way = ride(ignition=ON).stand(600).drive(300).stand(260).drive(300).stand(600)
    assert name(tell_journeys(way)) == ["stop", "trip", "stop", "trip", "stop"]


@pytest.mark.parametrize(("off_s", "trips"), [(20, 1), (50, 2)])
def test_standing_briefly_is_one_where_the_engine_is_off_meanwhile(
    ride: Any, tell_journeys: Any, off_s: float, trips: int
) -> None:
    way = ride(ignition=ON).stand(600).drive(300).stand(50).tell(ignition=OFF).stand(off_s)
    way.tell(ignition=ON).stand(30).drive(300).stand(600)
    assert name(tell_journeys(way)).count("trip") == trips


def test_an_engine_that_says_off_for_a_moment_on_the_move_halts_nothing(
    ride: Any, tell_journeys: Any
) -> None:
    way = (
        ride(ignition=ON)
        .stand(600)
        .drive(300)
        .tell(ignition=OFF)
        .drive(30)
        .tell(ignition=ON)
        .drive(300)
        .stand(600)
    )
    assert name(tell_journeys(way)) == ["stop", "trip", "stop"]


# What is no trip.


@pytest.mark.parametrize("ignition", [ON, -1])
def test_moving_up_in_the_yard_is_no_trip(ride: Any, tell_journeys: Any, ignition: int) -> None:
    way = ride(ignition=ignition).stand(600).drive(30, 2).stand(900)
    assert tell_journeys(way) == [("stop", 0, way.now_s, True)]


def test_driving_round_the_yard_neither_however_far(ride: Any, tell_journeys: Any) -> None:
    way = ride(every_s=2.0, ignition=ON).stand(600)
    for course in (0, 90, 180, 270) * 3:
        way.drive(20, 3, course)
    assert name(tell_journeys(way.stand(600))) == ["stop"]


def test_a_short_way_that_leads_somewhere_is_a_trip_where_the_ignition_vouches_for_it(
    ride: Any, tell_journeys: Any
) -> None:
    for ignition, names in ((ON, ["stop", "trip", "stop"]), (-1, ["stop"])):
        way = ride(every_s=5.0, ignition=ignition).stand(600).drive(20, 12).stand(600)
        assert name(tell_journeys(way)) == names


@pytest.mark.parametrize("seed", range(5))
def test_a_noisy_night_is_one_stop(ride: Any, find: Any, seed: int) -> None:
    way = ride(every_s=30.0).stand(8 * 3600)
    found = find(way.fixes(noise_m=6, seed=seed))
    assert (len(found.trips), len(found.stops)) == (0, 1)
    assert (found.stops[0]["latitude"], found.stops[0]["longitude"]) == pytest.approx((48, 11), abs=1e-4)


# Devices that sleep.


def test_who_wakes_where_it_fell_asleep_has_stood_there_all_the_time(ride: Any, tell_journeys: Any) -> None:
    way = ride().drive(600).stand(400).skip(8 * 3600, metres=40).stand(600)
    assert name(tell_journeys(way)) == ["trip", "stop"]


def test_who_falls_asleep_on_arrival_stands_from_then_on(ride: Any, tell_journeys: Any) -> None:
    way = ride(ignition=ON).stand(600).drive(600).skip(8 * 3600, metres=0).drive(600).stand(600)
    assert name(tell_journeys(way)) == ["stop", "trip", "stop", "trip", "stop"]
    assert tell_journeys(way)[2][1:3] == (1200, 1200 + 8 * 3600)


def test_who_wakes_elsewhere_stood_at_two_places_and_nobody_knows_of_the_way(
    ride: Any, tell_journeys: Any
) -> None:
    way = ride().stand(600).skip(3600, metres=5000).stand(600)
    assert tell_journeys(way) == [("stop", 0, 600, False), ("stop", 4200, 4800, True)]


# Moved without its engine.


def test_who_is_moved_with_the_ignition_off_is_towed_and_not_on_a_trip(
    ride: Any, find: Any, make_rule: Any
) -> None:
    way = ride(ignition=OFF).stand(600).drive(300, 8).stand(900)
    found = find(way.fixes(), [make_rule("tow", 200)])
    assert found.trips == []
    (tow,) = found.events
    assert tow["value"] == pytest.approx(2400, abs=30)
    assert way.clock(tow["started_at"]) == pytest.approx(600, abs=NEAR)
    assert way.clock(tow["ended_at"]) == pytest.approx(900, abs=NEAR)


def test_who_sleeps_with_the_ignition_off_and_wakes_far_away_was_towed(
    ride: Any, find: Any, make_rule: Any
) -> None:
    for metres, ignition, tows in ((5000, OFF, 1), (250, OFF, 0), (5000, ON, 0)):
        way = ride(ignition=OFF).stand(600).tell(ignition=ignition).skip(7200, metres=metres).stand(600)
        assert len(find(way.fixes(), [make_rule("tow", 200)]).events) == tows


def test_a_tow_goes_on_as_long_as_it_does(ride: Any, find: Any, make_rule: Any) -> None:
    way = ride(ignition=OFF).stand(600).drive(300, 8)
    (tow,) = find(way.fixes(), [make_rule("tow", 200)]).events
    assert tow["ended_at"] is None


@pytest.mark.parametrize(("seconds", "mps"), [(300, 0.6), (40, 8)])
def test_neither_drift_nor_a_push_is_a_tow(
    ride: Any, find: Any, make_rule: Any, seconds: float, mps: float
) -> None:
    way = ride(ignition=OFF).stand(600).drive(seconds, mps).stand(900)
    found = find(way.fixes(), [make_rule("tow", 100)])
    assert (found.trips, found.events, len(found.stops)) == ([], [], 1)


# A trip's figures.


def test_a_trip_is_as_long_as_its_way(ride: Any, find: Any) -> None:
    way = ride(ignition=OFF, odometer=5_000).stand(600).tell(ignition=ON).stand(30).drive(300, 12.0)
    way.drive(300, 8.0, course=10).tell(odometer=11_000).stand(60).tell(ignition=OFF).stand(600)
    (trip,) = find(way.fixes()).trips
    assert trip["distance_m"] == pytest.approx(300 * 12 + 300 * 8, rel=0.001)
    assert trip["moving_s"] + trip["idle_s"] == way.clock(trip["ended_at"]) - way.clock(trip["started_at"])
    assert trip["idle_s"] == pytest.approx(90, abs=NEAR)
    assert trip["top_speed_mps"] == 12
    assert trip["mean_speed_mps"] == pytest.approx(10, rel=0.06)
    assert (trip["start_odometer_m"], trip["end_odometer_m"]) == (5_000, 11_000)


def test_the_noise_of_standing_at_lights_is_no_way(ride: Any, find: Any) -> None:
    way = ride(every_s=1.0, ignition=ON).stand(300)
    for _ in range(6):
        way.drive(60).stand(120)
    (trip,) = find(way.stand(300).fixes(noise_m=3)).trips
    assert trip["distance_m"] == pytest.approx(3600, rel=0.25)


@pytest.mark.parametrize(
    ("unit", "tank_l", "litres", "percent"),
    [("fuel_percent", None, None, 20), ("fuel_percent", 80.0, 16, 20), ("fuel_l", 80.0, 20, None)],
)
def test_the_fuel_used_is_what_is_less_at_the_end(
    ride: Any, find: Any, unit: str, tank_l: float | None, litres: float | None, percent: float | None
) -> None:
    way = ride(**{unit: 70.0}).stand(600)
    for level in range(70, 49, -1):
        way.tell(**{unit: level}).drive(60)
    (trip,) = find(way.stand(600).fixes(), tank_l=tank_l).trips
    assert (trip["fuel_used_l"], trip["fuel_used_percent"]) == (litres, percent)


def test_how_much_a_vehicle_used_that_was_refuelled_on_the_way_nobody_knows(ride: Any, find: Any) -> None:
    way = ride(fuel_percent=30).stand(600).drive(300).tell(fuel_percent=90).drive(300).stand(600)
    assert find(way.fixes()).trips[0]["fuel_used_percent"] is None


def test_a_slosh_that_ends_higher_than_it_began_is_no_use(ride: Any, find: Any) -> None:
    way = ride(fuel_percent=30).stand(600).drive(300).tell(fuel_percent=32).drive(300).stand(600)
    assert find(way.fixes()).trips[0]["fuel_used_percent"] == 0


# What lets detection begin anew in the middle.


def test_a_stop_knows_when_nothing_stirred_whether_its_engine_ran_or_not(ride: Any, find: Any) -> None:
    way = ride(ignition=ON).drive(600).stand(120).tell(ignition=OFF).stand(1800).tell(ignition=ON).stand(600)
    (stop,) = find(way.fixes()).stops
    assert (way.clock(stop["quiet_from"]), way.clock(stop["quiet_until"])) == (730, 3120)


@pytest.mark.parametrize(("rest_s", "is_quiet"), [(330, False), (420, True)])
def test_what_is_quiet_for_less_than_six_minutes_is_none(
    ride: Any, find: Any, rest_s: float, is_quiet: bool
) -> None:
    way = ride(ignition=ON).drive(600).stand(rest_s).drive(600)
    stop = find(way.fixes()).stops[-1]
    assert (stop["quiet_from"] is not None) == is_quiet


def test_times_are_those_of_fixes(ride: Any, find: Any) -> None:
    way = ride().stand(600).drive(600).stand(600)
    times = set((way.fixes()["time"] - way.start) // SECOND)
    found = find(way.fixes())
    for row in (*found.trips, *found.stops):
        assert {way.clock(row["started_at"]), way.clock(row["ended_at"])} <= times
