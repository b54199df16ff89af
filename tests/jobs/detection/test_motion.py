"""Whether a vehicle moves and its ignition is on: noise, creeping, and loose contacts."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.detection.motion import Motion, find_motion, measure_pace
from jobs.detection.track import clean
from sql.tracks import IGNITION_OFF, IGNITION_ON, IGNITION_UNKNOWN, Fixes

OFF, ON, UNKNOWN = IGNITION_OFF, IGNITION_ON, IGNITION_UNKNOWN


def look_at(fixes: Fixes) -> Motion:
    return find_motion(clean(fixes))


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(
    st.sampled_from([1.0, 5.0, 10.0, 30.0, 60.0]),
    st.floats(0, 10),
    st.integers(0, 2**32),
    st.sampled_from([-80.0, 0.0, 48.0]),
)
def test_the_noise_of_a_receiver_that_tells_speeds_is_no_motion(
    ride: Any, every_s: float, noise_m: float, seed: int, latitude: float
) -> None:
    fixes = ride(latitude, every_s=every_s).stand(3600).fixes(noise_m, seed)
    assert not look_at(fixes).is_moving.any()


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(st.sampled_from([5.0, 10.0, 30.0, 60.0]), st.integers(0, 2**32))
def test_nor_is_that_of_one_that_tells_none_where_it_is_usual(ride: Any, every_s: float, seed: int) -> None:
    fixes = ride(every_s=every_s, tells_speed=False).stand(3600).fixes(2.0, seed)
    assert not look_at(fixes).is_moving.any()


@pytest.mark.parametrize("tells_speed", [True, False])
@pytest.mark.parametrize("every_s", [1.0, 10.0, 30.0])
def test_creeping_in_a_jam_is_motion(ride: Any, every_s: float, tells_speed: bool) -> None:
    fixes = ride(every_s=every_s, tells_speed=tells_speed).drive(600, 1.2).fixes()
    assert look_at(fixes).is_moving[2:-2].all()


def test_creeping_that_almost_halts_goes_on_being_motion(ride: Any) -> None:
    fixes = ride(tells_speed=False).drive(120, 5).drive(300, 0.6).drive(120, 5).fixes()
    assert look_at(fixes).is_moving.all()


def test_rolling_that_slowly_from_rest_is_no_motion_yet(ride: Any) -> None:
    assert not look_at(ride(tells_speed=False).stand(120).drive(300, 0.6).fixes()).is_moving.any()


def test_motion_begins_and_ends_within_half_a_minute_of_what_happens(ride: Any) -> None:
    fixes = ride(every_s=1.0).stand(300).drive(300).stand(300).fixes()
    moving = np.flatnonzero(look_at(fixes).is_moving)
    assert 280 <= moving[0] <= 301
    assert 599 <= moving[-1] <= 620
    assert (np.diff(moving) == 1).all()


def test_what_happened_in_a_silence_is_no_motion_of_the_fixes_around_it(ride: Any) -> None:
    fixes = ride().stand(300).skip(3600, metres=50_000).stand(300).fixes()
    assert not look_at(fixes).is_moving.any()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_fix_tells_no_motion(ride: Any, count: int) -> None:
    motion = look_at(ride().stand(20).fixes()[:count])
    assert (motion.is_moving.tolist(), motion.ignition.tolist()) == ([False] * count, [UNKNOWN] * count)


def test_a_pace_is_metres_a_second(ride: Any) -> None:
    assert measure_pace(clean(ride().drive(300, 12.5).fixes())) == pytest.approx(12.5, rel=1e-3)


def switched(ride: Any, mps: float, off_s: float, first: int = ON, then: int = OFF) -> list[int]:
    """What the ignition is taken for while it says something else for some seconds, at a fix a second."""
    way = ride(every_s=1.0, ignition=first).drive(120, mps).tell(ignition=then).drive(off_s, mps)
    way.tell(ignition=first).drive(120, mps)
    ignition: list[int] = look_at(way.fixes()).ignition[121 : 121 + int(off_s)].tolist()
    return ignition


@pytest.mark.parametrize(("mps", "shortest"), [(0.0, 10), (10.0, 60)])
def test_the_ignition_is_off_when_it_says_so_for_long_enough(ride: Any, mps: float, shortest: int) -> None:
    assert switched(ride, mps, shortest - 1) == [ON] * (shortest - 1)
    assert switched(ride, mps, shortest) == [OFF] * shortest


def test_an_ignition_that_is_on_for_a_moment_only_was_not_switched_on(ride: Any) -> None:
    assert switched(ride, 0.0, 9, first=OFF, then=ON) == [OFF] * 9
    assert switched(ride, 0.0, 10, first=OFF, then=ON) == [ON] * 10


def test_where_a_track_begins_and_ends_nobody_knows_how_long_it_lasted(ride: Any) -> None:
    way = ride(every_s=1.0, ignition=OFF).stand(3).tell(ignition=ON).stand(60).tell(ignition=OFF).stand(3)
    assert look_at(way.fixes()).ignition.tolist() == [OFF] * 4 + [ON] * 60 + [OFF] * 3


def test_fixes_that_say_nothing_of_the_ignition_change_nothing(ride: Any) -> None:
    fixes = ride(every_s=1.0, ignition=ON).stand(60).fixes()
    fixes["ignition"][20:40] = UNKNOWN
    fixes["ignition"][30] = OFF
    ignition = look_at(fixes).ignition
    assert ignition[20:30].tolist() == [UNKNOWN] * 10
    assert ignition[30] == OFF  # it took twenty seconds until it said something else
