"""Distances on the globe, and which fixes are not where they say."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from jobs.detection.track import LONGEST_SILENCE, SECOND, WORST_ACCURACY_M, Track, clean, measure, wrap

EARTH = Geod(ellps="WGS84")
thoroughly = settings(max_examples=200, derandomize=True, database=None, deadline=None)
longitudes = st.floats(-180, 180)
courses = st.floats(0, 360)


def places_apart(latitude: float, longitude: float, course: float, metres: float) -> tuple[float, ...]:
    far_longitude, far_latitude, _ = EARTH.fwd(longitude, latitude, course, metres)
    return latitude, longitude, far_latitude, far_longitude


@thoroughly
@given(st.floats(-80, 80), longitudes, courses, st.floats(0.01, 100_000))
def test_a_distance_is_that_on_the_ellipsoid_within_a_thousandth(
    latitude: float, longitude: float, course: float, metres: float
) -> None:
    assert measure(*places_apart(latitude, longitude, course, metres)) == pytest.approx(
        metres, rel=1e-3, abs=1e-6
    )


@thoroughly
@given(st.floats(-85, 85), longitudes, courses, st.floats(0.01, 10_000))
def test_a_step_between_fixes_is_measured_well_as_far_north_as_vehicles_drive(
    latitude: float, longitude: float, course: float, metres: float
) -> None:
    assert measure(*places_apart(latitude, longitude, course, metres)) == pytest.approx(
        metres, rel=1e-4, abs=1e-6
    )


@thoroughly
@given(st.floats(-80, 80), st.floats(-0.2, 0.2), courses, st.floats(0.01, 20_000))
def test_a_distance_across_the_date_line_is_the_short_one(
    latitude: float, beyond: float, course: float, metres: float
) -> None:
    longitude = float(wrap(180.0 + beyond))
    assert measure(*places_apart(latitude, longitude, course, metres)) == pytest.approx(
        metres, rel=1e-3, abs=1e-6
    )


@thoroughly
@given(st.floats(-85, 85), longitudes, st.floats(-85, 85), longitudes)
def test_there_and_back_is_the_same_distance(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> None:
    here, there = (latitude, longitude), (other_latitude, other_longitude)
    assert measure(*here, *there) == pytest.approx(measure(*there, *here), rel=1e-12)


@pytest.mark.parametrize(("degrees", "short"), [(0, 0), (190, -170), (-190, 170), (359.5, -0.5), (540, -180)])
def test_a_difference_of_longitudes_goes_the_short_way(degrees: float, short: float) -> None:
    assert wrap(degrees) == short


def list_places(track: Track) -> list[int]:
    """Seconds from the first fix to each that is left."""
    return ((track.time - track.time[0]) // SECOND).tolist()


def test_a_fix_far_off_for_a_moment_is_left_out(ride: Any) -> None:
    fixes = ride().drive(100).fixes()
    fixes["latitude"][5] += 0.006
    assert list_places(clean(fixes)) == [0, 10, 20, 30, 40, 60, 70, 80, 90, 100]


def test_so_is_one_where_the_vehicle_stands(ride: Any) -> None:
    fixes = ride().stand(100).fixes()
    fixes["longitude"][3] += 0.002
    assert 30 not in list_places(clean(fixes))


def test_there_and_back_at_a_speed_that_can_be_driven_is_no_spike(ride: Any) -> None:
    there_and_back = ride().drive(60, 10).drive(60, 10, course=270)
    assert len(clean(there_and_back.fixes())) == 13


@pytest.mark.parametrize(("metres", "left"), [(28, 11), (45, 10)])
def test_what_is_hardly_off_its_way_stays(ride: Any, metres: float, left: int) -> None:
    fixes = ride(every_s=1.0).stand(10).fixes()
    fixes["latitude"][5] += metres / 111_200
    assert len(clean(fixes)) == left


def test_a_fix_that_knows_itself_to_be_inaccurate_is_left_out(ride: Any) -> None:
    fixes = ride().drive(40).fixes()
    fixes["accuracy"] = [5, np.nan, WORST_ACCURACY_M, WORST_ACCURACY_M + 1, 3]
    assert list_places(clean(fixes)) == [0, 10, 20, 40]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_track_of_hardly_any_fix_is_a_track(ride: Any, count: int) -> None:
    track = clean(ride().drive(40).fixes()[:count])
    assert (len(track), len(track.smooth[0]), len(track.step_mm)) == (count, count, max(count - 1, 0))


def test_after_long_enough_nobody_knows_what_happened_in_between(ride: Any) -> None:
    longest = LONGEST_SILENCE / SECOND
    track = clean(ride().skip(longest).skip(longest + 1).fixes())
    assert track.is_silence.tolist() == [False, True]


def test_no_vehicle_makes_a_step_of_two_hundred_and_sixty_kilometres_an_hour(ride: Any) -> None:
    track = clean(ride().skip(10, metres=690).skip(10, metres=710).skip(2000, metres=10).fixes())
    assert track.is_possible.tolist() == [True, False, False]


@thoroughly
@given(
    st.floats(-80, 80),
    st.sampled_from([-180.0, -179.999, 0.0, 11.5, 179.999]),
    courses,
    st.lists(st.tuples(st.integers(1, 60), st.floats(0, 40)), min_size=2, max_size=20),
)
def test_smoothing_moves_nothing_on_a_straight_way(
    ride: Any, latitude: float, longitude: float, course: float, legs: list[tuple[int, float]]
) -> None:
    way = ride(latitude, longitude, every_s=1.0)
    for seconds, mps in legs:
        way.every_s = seconds
        way.drive(seconds, mps, course)
    track = Track(way.fixes())
    smooth = measure(*track.smooth, track.latitude, track.longitude)
    assert smooth.max() < 0.02  # a geodesic is no straight line in degrees, quite


def test_smoothing_leaves_out_what_one_fix_alone_claims_but_not_after_a_pause(ride: Any) -> None:
    for pause_s, moved in ((10, True), (60, False)):
        track = Track(ride().stand(20).skip(pause_s).stand(20).fixes())
        track.latitude[3] += 0.0001
        assert (track.smooth[0][3] != track.latitude[3]) == moved
