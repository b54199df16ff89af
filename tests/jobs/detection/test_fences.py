"""When a vehicle was within a geofence: to the moment, and without flapping."""

import math
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from jobs.detection.detector import Known
from jobs.detection.fences import draw_area
from jobs.detection.track import SECOND
from sql.tracks import IGNITION_OFF, IGNITION_ON, IGNITION_UNKNOWN

EARTH = Geod(ellps="WGS84")
WEST = 270
thoroughly = settings(max_examples=100, derandomize=True, database=None, deadline=None)


@pytest.fixture(scope="session")
def visit(find: Any) -> Any:
    """The visits of a geofence: seconds from the start of the ride at which each begins and ends."""

    def look(way: Any, fence: Any, fixes: Any = None, **other: Any) -> list[tuple[float, float | None]]:
        found = find(way.fixes() if fixes is None else fixes, fences=[fence], **other)
        return [(way.clock(row["entered_at"]), way.clock(row["left_at"])) for row in found.geofence_visits]

    return look


def place_away(
    metres: float, course: float = WEST, latitude: float = 48.0, longitude: float = 11.0
) -> tuple[float, float]:
    """Latitude and longitude so far from the middle of the geofence."""
    far_longitude, far_latitude, _ = EARTH.fwd(longitude, latitude, course, metres)
    return far_latitude, far_longitude


# The moment.


@thoroughly
@given(
    st.floats(-75, 75),
    st.sampled_from([11.0, 179.9999, -180.0, -0.0003]),
    st.floats(0, 360),
    st.floats(80, 3000),
    st.sampled_from([1.0, 10.0, 30.0, 60.0]),
    st.floats(6, 30),
)
def test_a_border_is_crossed_within_a_second_of_when_it_is(
    ride: Any,
    make_fence: Any,
    visit: Any,
    latitude: float,
    longitude: float,
    course: float,
    radius_m: float,
    every_s: float,
    mps: float,
) -> None:
    assume(2 * radius_m > 45 * mps)
    far_m = radius_m + 20 * mps + 500
    start = place_away(far_m, course + 180, latitude, longitude)
    way = ride(*start, every_s=every_s).drive(
        2 * far_m / mps + 2 * every_s, mps, EARTH.inv(*start[::-1], longitude, latitude)[0]
    )
    fence = make_fence({"type": "Point", "coordinates": [longitude, latitude]}, radius_m)
    ((entered, left),) = visit(way, fence)
    tolerance = 1 + radius_m / 1000 / mps  # a plane is a plane, and a circle has 256 sides
    assert entered == pytest.approx((far_m - radius_m) / mps, abs=tolerance)
    assert left == pytest.approx((far_m + radius_m) / mps, abs=tolerance)


@pytest.mark.parametrize("every_s", [10.0, 60.0])
def test_a_passage_into_which_no_fix_fell_is_seen(
    ride: Any, make_fence: Any, visit: Any, every_s: float
) -> None:
    way = ride(*place_away(3000), every_s=every_s).drive(480, 12.5)
    fence = make_fence(radius_m=60.0, least_visit=5 * SECOND)
    ((entered, left),) = visit(way, fence)
    assert (entered, left) == pytest.approx(((3000 - 60) / 12.5, (3000 + 60) / 12.5), abs=1)


def test_what_may_have_been_passed_in_minutes_of_silence_is_not(
    ride: Any, make_fence: Any, visit: Any
) -> None:
    fence = make_fence(least_visit=0)
    for pause_s, visits in ((110, 1), (130, 0)):
        way = ride(*place_away(500)).skip(pause_s, metres=1000)
        assert len(visit(way, fence)) == visits


def test_where_a_silence_lies_around_the_border_the_fixes_tell_when(
    ride: Any, make_fence: Any, visit: Any
) -> None:
    way = (
        ride(*place_away(2000))
        .stand(600)
        .skip(7200, metres=2000)
        .stand(600)
        .skip(7200, metres=2000)
        .stand(600)
    )
    assert visit(way, make_fence()) == [(7800, 8400)]


@pytest.mark.parametrize(("seconds", "visits"), [(29, 0), (31, 1)])
def test_a_visit_lasts_at_least_as_long_as_it_must(
    ride: Any, make_fence: Any, visit: Any, seconds: float, visits: int
) -> None:
    mps = 200 / seconds
    way = ride(*place_away(600), every_s=1.0).drive(1200 / mps, mps)
    assert len(visit(way, make_fence())) == visits


def test_a_fence_beyond_which_the_vehicle_turns_back_is_not_entered(
    ride: Any, make_fence: Any, visit: Any
) -> None:
    assert visit(ride(*place_away(1000)).drive(80).drive(80, course=WEST), make_fence()) == []


# No flapping.


def cross(visits: list[tuple[float, float | None]]) -> int:
    """How many borders were crossed after the first fix."""
    return sum((entered > 0) + (left is not None) for entered, left in visits)


@settings(thoroughly, max_examples=150)
@given(
    st.floats(0, 200),
    st.floats(0, 10),
    st.sampled_from([0.001, 10.0, 60.0, 600.0]),
    st.floats(0.5, 8),
    st.sampled_from([1.0, 5.0, 10.0, 30.0, 60.0]),
    st.booleans(),
    st.sampled_from([IGNITION_OFF, IGNITION_ON, IGNITION_UNKNOWN]),
    st.integers(0, 2**32),
)
@example(100, 10, 0.001, 1, 1.0, True, IGNITION_UNKNOWN, 1)
@example(100, 10, 60.0, 8, 10.0, False, IGNITION_ON, 2)
@example(100, 3, 600.0, 1, 1.0, False, IGNITION_OFF, 3)
def test_what_stands_beside_a_border_never_crosses_it(
    ride: Any,
    make_fence: Any,
    visit: Any,
    away_m: float,
    noise_m: float,
    wander_s: float,
    hours: float,
    every_s: float,
    tells_speed: bool,
    ignition: int,
    seed: int,
) -> None:
    way = ride(*place_away(away_m), every_s=every_s, tells_speed=tells_speed, ignition=ignition)
    way.stand(min(hours * 3600, 2000 * every_s))
    assert cross(visit(way, make_fence(), way.fixes(noise_m, seed, wander_s))) == 0


@settings(thoroughly, max_examples=60)
@given(
    st.floats(70, 160),
    st.floats(0, 10),
    st.sampled_from([0.001, 60.0]),
    st.sampled_from([1.0, 5.0, 10.0, 30.0]),
    st.integers(0, 2**32),
    st.booleans(),
)
def test_what_comes_to_stand_beside_a_border_crosses_it_once_or_not_at_all(
    ride: Any,
    make_fence: Any,
    visit: Any,
    away_m: float,
    noise_m: float,
    wander_s: float,
    every_s: float,
    seed: int,
    from_inside: bool,
) -> None:
    way = ride(*place_away(2000 - away_m, 90 if from_inside else WEST), every_s=every_s).stand(300)
    way.drive(1980 / 10, 10, WEST if from_inside else 90).stand(min(4 * 3600, 2000 * every_s))
    visits = visit(
        way, make_fence(radius_m=2000.0 if from_inside else 100.0), way.fixes(noise_m, seed, wander_s)
    )
    assert cross(visits) <= 1


def test_who_is_a_little_outside_has_not_left(ride: Any, make_fence: Any, visit: Any) -> None:
    for hysteresis_m, is_there in ((30.0, True), (10.0, False)):
        way = ride().stand(60).drive(80, 4).stand(600)
        assert way.longitude == pytest.approx(place_away(320, 90)[1])
        assert (visit(way, make_fence(radius_m=300.0, hysteresis_m=hysteresis_m)) == [(0, None)]) == is_there


def test_who_leaves_for_less_than_half_a_minute_was_there_all_the_time(
    ride: Any, make_fence: Any, visit: Any
) -> None:
    for out_m, visits in ((40, 1), (300, 2)):
        way = (
            ride(every_s=1.0)
            .stand(300)
            .drive((100 + out_m) / 10)
            .drive((100 + out_m) / 10, course=WEST)
            .stand(300)
        )
        assert len(visit(way, make_fence())) == visits


# Whom and where.


def test_a_fence_lies_across_the_date_line(ride: Any, make_fence: Any, visit: Any) -> None:
    fence = make_fence({"type": "Point", "coordinates": [180.0, -17.0]}, 1000.0)
    way = ride(*place_away(3000, WEST, -17.0, 180.0)).drive(600)
    ((entered, left),) = visit(way, fence)
    assert (entered, left) == pytest.approx((200, 400), abs=2)


def test_a_polygon_that_crosses_itself_has_an_inside(ride: Any, make_fence: Any, visit: Any) -> None:
    bow = [[11.0, 48.0], [11.02, 48.01], [11.02, 48.0], [11.0, 48.01], [11.0, 48.0]]
    fence = make_fence({"type": "Polygon", "coordinates": [bow]}, None)
    assert visit(ride(48.005, 11.001).stand(600), fence) == [(0, None)]
    assert visit(ride(48.009, 11.01).stand(600), fence) == []


@pytest.mark.parametrize("ring", [[[11, 48]] * 4, [[11, 48], [11.01, 48], [11.02, 48], [11, 48]]])
def test_a_polygon_without_an_area_is_no_place_to_be(ring: list[list[float]]) -> None:
    *_, area = draw_area({"type": "Polygon", "coordinates": [ring]}, None)
    assert math.isclose(area.area, 0)


def test_a_corridor_is_as_wide_as_it_is_drawn(ride: Any, make_fence: Any, visit: Any) -> None:
    line = {"type": "LineString", "coordinates": [[11.0, 48.0], [11.05, 48.0]]}
    fence = make_fence(line, 80.0, is_corridor=True, vehicle_ids=frozenset({1}))
    way = ride(48.0, 11.01).drive(60, 10).drive(60, 10, course=0)
    ((entered, left),) = visit(way, fence)
    assert entered == 0
    assert left == pytest.approx(68, abs=1)


@pytest.mark.parametrize(
    ("depot_id", "vehicle_ids", "is_corridor", "concerned"),
    [
        (None, [], False, {(1, 7), (2, 8), (None, None)}),
        (7, [], False, {(1, 7)}),
        (7, [2], False, {(2, 8)}),
        (None, [1], True, {(1, 7)}),
        (None, [], True, set()),
    ],
)
def test_a_fence_concerns_all_or_those_of_its_depot_or_those_it_names(
    make_fence: Any,
    depot_id: int | None,
    vehicle_ids: list[int],
    is_corridor: bool,
    concerned: set[tuple[int | None, int | None]],
) -> None:
    fence = make_fence(depot_id=depot_id, vehicle_ids=frozenset(vehicle_ids), is_corridor=is_corridor)
    vehicles = [(1, 7), (2, 8), (None, None)]
    assert {vehicle for vehicle in vehicles if fence.concerns(*vehicle)} == concerned


# Begun anew in the middle.


def test_who_is_known_to_be_inside_is_so_since_then(ride: Any, make_fence: Any, visit: Any) -> None:
    way = ride().stand(900).drive(600)
    known = Known(way.start, visits={1: way.start - 3600 * SECOND})
    ((entered, left),) = visit(way, make_fence(), known=known)
    assert (entered, left) == (-3600, pytest.approx(910, abs=2))


def test_a_fence_that_is_drawn_elsewhere_meanwhile_has_been_left(
    ride: Any, make_fence: Any, visit: Any
) -> None:
    way = ride().stand(900)
    known = Known(way.start, visits={1: way.start - 3600 * SECOND})
    elsewhere = make_fence({"type": "Point", "coordinates": [11.5, 48.0]})
    assert visit(way, elsewhere, known=known) == [(-3600, 0)]
    assert visit(way, elsewhere) == []


def test_of_two_places_with_no_fix_in_between_each_is_left_and_entered(
    ride: Any, make_fence: Any, visit: Any
) -> None:
    way = ride().stand(900).skip(600, metres=4000).stand(900)
    there = make_fence({"type": "Point", "coordinates": [way.longitude, way.latitude]})
    assert visit(way, make_fence()) == [(0, pytest.approx(915, abs=2))]
    assert visit(way, there) == [(pytest.approx(1485, abs=2), None)]
