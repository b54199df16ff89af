"""The picture of the fleet: what counts as a change, and what a view can see."""

import pytest

from web.picture import Bounds, Move, Picture, Vehicle, group_moves
from web.sockets import read_bounds

NORTH, SOUTH = 1, 2
BUS_1 = (1, 48.1, 11.5, 10.04, 359.6, 1000, "bus-1", "Bus 1", NORTH)
BUS_2 = (2, None, None, None, None, None, "bus-2", "Bus 2", None)
TOWN = Bounds(west=11.0, south=48.0, east=12.0, north=49.0)


@pytest.fixture
def picture() -> Picture:
    picture = Picture()
    picture.replace([BUS_1, BUS_2])
    return picture


def test_values_are_rounded_to_what_a_map_can_show(picture: Picture) -> None:
    assert picture.vehicles[1] == (1, 48.1, 11.5, 10.0, 0, 1000, "bus-1", "Bus 1", NORTH)


def test_a_newer_fix_moves_the_vehicle(picture: Picture) -> None:
    (move,) = picture.advance([(1, 48.2, 11.6, None, None, 2000)])
    assert move.before.latitude == 48.1
    assert picture.vehicles[1] == (1, 48.2, 11.6, None, None, 2000, "bus-1", "Bus 1", NORTH)


@pytest.mark.parametrize("fix_time_ms", [999, 1000])
def test_a_fix_no_newer_moves_nothing(picture: Picture, fix_time_ms: int) -> None:
    assert picture.advance([(1, 48.2, 11.6, None, None, fix_time_ms)]) == []
    assert picture.vehicles[1].latitude == 48.1


def test_the_first_fix_of_a_vehicle_is_a_move(picture: Picture) -> None:
    assert len(picture.advance([(2, 48.2, 11.6, None, None, 1)])) == 1


def test_a_device_that_is_not_in_the_picture_waits_for_the_whole_reading(picture: Picture) -> None:
    assert picture.advance([(99, 48.2, 11.6, None, None, 2000)]) == []


def test_reading_all_again_without_change_tells_nothing(picture: Picture) -> None:
    assert picture.replace([BUS_2, BUS_1]) == []


def test_reading_all_again_finds_what_slipped_through(picture: Picture) -> None:
    moves = picture.replace([(1, 48.3, 11.5, 10.0, 0, 3000, "bus-1", "Bus 1", NORTH), BUS_2])
    assert moves is not None
    assert [move.after.latitude for move in moves] == [48.3]


@pytest.mark.parametrize(
    "rows",
    [
        [BUS_1],
        [BUS_1, BUS_2, (3, None, None, None, None, None, "bus-3", "Bus 3", None)],
        [(*BUS_1[:7], "Bus 1 (new)", NORTH), BUS_2],
        [(1, 48.0, 11.5, 10.0, 0, 900, "bus-1", "Bus 1", NORTH), BUS_2],
        [(1, None, None, None, None, None, "bus-1", "Bus 1", NORTH), BUS_2],
        [(*BUS_1[:8], SOUTH), BUS_2],
    ],
    ids=[
        "a vehicle went",
        "a vehicle came",
        "a new number",
        "a fix was taken back",
        "a fix was deleted",
        "another depot",
    ],
)
def test_what_is_more_than_newer_fixes_asks_for_a_new_snapshot(picture: Picture, rows: list[tuple]) -> None:
    assert picture.replace(rows) is None


def vehicle(latitude: float | None, longitude: float | None) -> Vehicle:
    return Vehicle(1, latitude, longitude, None, None, 1, "bus-1", "Bus 1", None)


def test_a_reach_holds_the_vehicles_of_its_depots_and_the_fleet_holds_all(picture: Picture) -> None:
    def labels(reach: frozenset[int] | None) -> list[str]:
        return [vehicle.label for vehicle in picture.list_within(reach)]

    assert labels(None) == ["Bus 1", "Bus 2"]
    assert labels(frozenset({NORTH})) == ["Bus 1"]
    assert labels(frozenset({SOUTH})) == labels(frozenset()) == []


def test_moves_are_grouped_by_depot_without_those_of_none(picture: Picture) -> None:
    moves = picture.advance([(1, 48.2, 11.6, None, None, 2000), (2, 48.2, 11.6, None, None, 2000)])
    assert {depot: [m.after.id for m in found] for depot, found in group_moves(moves).items()} == {NORTH: [1]}


def test_bounds_hold_what_lies_in_them() -> None:
    assert vehicle(48.0, 12.0).is_within(TOWN)
    assert not vehicle(47.9, 11.5).is_within(TOWN)
    assert not vehicle(None, None).is_within(TOWN)


def test_bounds_may_span_the_date_line() -> None:
    fiji = Bounds(west=177.0, south=-20.0, east=-178.0, north=-15.0)
    assert vehicle(-17.0, 179.0).is_within(fiji)
    assert vehicle(-17.0, -179.0).is_within(fiji)
    assert not vehicle(-17.0, 0.0).is_within(fiji)


def test_a_move_forward_is_newer_and_not_older() -> None:
    early, late = vehicle(48.0, 11.0), vehicle(48.0, 11.0)._replace(fix_time_ms=2)
    assert Move(early, late).is_forward()
    assert not Move(late, early).is_forward()


def test_a_view_without_bounds_is_everything() -> None:
    assert read_bounds({"bounds": None, "zoom": 3}) is None
    assert read_bounds({"bounds": [11, 48.0, 12, 49]}) == (11, 48.0, 12, 49)


@pytest.mark.parametrize("view", [None, "all", {}, {"bounds": [1, 2, 3]}, {"bounds": ["a", 1, 2, 3]}])
def test_a_view_that_makes_no_sense_is_named(view: object) -> None:
    with pytest.raises(ValueError, match="bounds: must be"):
        read_bounds(view)
