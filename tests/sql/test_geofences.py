"""Outlines of geofences: the one form in which each is kept, and what cannot be one."""

import json
import math
from contextlib import suppress
from typing import Any, get_args

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from sql.geofences import GeometryError, Reason, check_geometry
from sql.outlines import read_geometry, write_lines

SQUARE = [[11, 48], [11.01, 48], [11.01, 48.01], [11, 48.01], [11, 48]]
HOLE = [[11.002, 48.002], [11.002, 48.004], [11.004, 48.004], [11.004, 48.002], [11.002, 48.002]]


def polygon(*rings: list[Any]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def line(*points: list[Any]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": list(points)}


def point(*place: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(place)}


def test_a_ring_is_closed_turned_and_rid_of_repetitions() -> None:
    clockwise = [[11, 48], [11, 48.01], [11, 48.01], [11.01, 48.01, 520], [11.01, 48]]
    kept = check_geometry("polygon", polygon(clockwise), None)
    ring = kept["coordinates"][0]
    assert ring[0] == ring[-1]
    assert len(ring) == 5
    assert shapely.LinearRing(ring).is_ccw
    assert shapely.Polygon(ring).equals(shapely.Polygon(SQUARE))


def test_holes_are_kept() -> None:
    kept = check_geometry("polygon", polygon(SQUARE, HOLE), None)
    assert len(kept["coordinates"]) == 2
    assert not shapely.LinearRing(kept["coordinates"][1]).is_ccw


def test_a_line_over_the_180th_meridian_goes_on_beyond_it() -> None:
    kept = check_geometry("corridor", line([179.9, -17], [-179.9, -17.1], [-179.8, -17]), 50)
    assert kept["coordinates"] == [[179.9, -17], [180.1, -17.1], [180.2, -17]]
    assert check_geometry("corridor", kept, 50) == kept


def test_an_area_over_the_180th_meridian_is_the_same_wherever_it_begins() -> None:
    ring = [[179.9, -17], [-179.9, -17], [-179.9, -16.9], [179.9, -16.9]]
    hole = [[-179.99, -16.99], [-179.95, -16.99], [-179.95, -16.95]]
    for turn in range(4):
        kept = check_geometry("polygon", polygon(ring[turn:] + ring[:turn], hole), None)
        assert shapely.Polygon(kept["coordinates"][0]).bounds == (179.9, -17, 180.1, -16.9)
        assert kept["coordinates"][1][0][0] > 180


@pytest.mark.parametrize(
    ("shape", "geometry", "radius_m", "reason", "part"),
    [
        ("circle", None, 50, "type", "Point"),
        ("circle", polygon(SQUARE), 50, "type", "Point"),
        ("polygon", {"type": "Polygon"}, None, "few_polygon", "0"),
        ("polygon", polygon("x"), None, "no_point", "x"),
        ("circle", point(11), 50, "no_point", "[11]"),
        ("circle", point(11, "48"), 50, "no_point", "48"),
        ("circle", point(11, True), 50, "no_point", "True"),
        ("circle", point(math.nan, 48), 50, "longitude", "nan"),
        ("circle", point(11, math.inf), 50, "latitude", "inf"),
        ("circle", point(11, 10**400), 50, "latitude", "1000"),
        ("circle", point(361, 48), 50, "longitude", "361"),
        ("circle", point(48, 91), 50, "latitude", "91"),
        ("circle", point(11, 48), None, "radius", ""),
        ("circle", point(11, 48), 4.9, "radius", ""),
        ("circle", point(11, 48), math.nan, "radius", ""),
        ("corridor", line([11, 48], [11.01, 48]), None, "radius", ""),
        ("corridor", line([11, 48], [11, 48.0000001]), 50, "few_corridor", "1"),
        ("corridor", line(*([n / 1000, 48] for n in range(2001))), 50, "many", "2001"),
        ("corridor", line([-100, 48], [0, 48], [100, 48]), 50, "wide", ""),
        ("polygon", polygon(SQUARE[:2]), None, "few_polygon", "2"),
        ("polygon", polygon([[0, 48], [1, 48], [0, 48], [1, 48]]), None, "few_polygon", "2"),
        ("polygon", polygon([[0, 0], [1, 1], [2, 2], [0, 0]]), None, "flat", ""),
        ("polygon", polygon([[0, 0], [0.000001, 0], [0, 0.000001]]), None, "flat", ""),
        ("polygon", polygon([[0, 0], [1, 1], [1, 0], [0, 1]]), None, "crosses", "0.50000, 0.50000"),
        ("polygon", polygon([[0, 80], [120, 80], [-120, 80]]), None, "wide", ""),
        ("polygon", polygon(SQUARE, [[12, 48], [12.1, 48], [12.1, 48.1]]), None, "hole", "48."),
        ("polygon", polygon(SQUARE, HOLE, HOLE), None, "hole", "48."),
    ],
)
def test_what_is_no_outline_is_refused_by_its_part(
    shape: str, geometry: Any, radius_m: float | None, reason: Reason, part: str
) -> None:
    with pytest.raises(GeometryError) as refused:
        check_geometry(shape, geometry, radius_m)
    assert refused.value.reason == reason
    assert part in refused.value.part
    assert reason in get_args(Reason)


def test_two_thousand_corners_are_taken_and_no_more() -> None:
    def star(corners: int) -> list[list[float]]:
        angles = [2 * math.pi * n / corners for n in range(corners)]
        return [[11 + math.cos(angle), 48 + math.sin(angle)] for angle in angles]

    assert len(check_geometry("polygon", polygon(star(2000)), None)["coordinates"][0]) == 2001
    with pytest.raises(GeometryError, match="many"):
        check_geometry("polygon", polygon(star(2001)), None)


@given(
    st.lists(st.floats(0.1, 1), min_size=3, max_size=30),
    st.floats(-180, 180),
    st.floats(-70, 70),
    st.floats(0.01, 5),
)
def test_an_outline_around_any_place_is_kept_and_its_form_stays(
    radii: list[float], longitude: float, latitude: float, size: float
) -> None:
    ring = []
    for number, radius in enumerate(radii):
        angle = 2 * math.pi * number / len(radii)
        east = longitude + size * radius * math.cos(angle)
        ring.append([(east + 180) % 360 - 180, latitude + size * radius * math.sin(angle)])
    kept = check_geometry("polygon", polygon(ring), None)
    west, _, east, _ = shapely.Polygon(kept["coordinates"][0]).bounds
    assert -180 <= west < 180
    assert east - west <= 2 * size + 0.001
    again = check_geometry("polygon", kept, None)
    assert again == kept
    assert read_geometry("polygon", write_lines(kept)) == polygon(kept["coordinates"][0][:-1])


@pytest.mark.parametrize(
    ("shape", "text", "expected"),
    [
        ("circle", " 48.137, 11.575 ", point(11.575, 48.137)),
        ("circle", "48.137 11.575", point(11.575, 48.137)),
        ("corridor", "48,11\n\n-48.5;-11\n", line([11, 48], [-11, -48.5])),
        ("polygon", "48,11\n48,12\n49,12", polygon([[11, 48], [12, 48], [12, 49]])),
        ("circle", "POINT (11 48)", point(11, 48)),
        ("circle", "srid=4326;point(11 48)", point(11, 48)),
        ("polygon", "POLYGON ((0 0, 1 0, 1 1, 0 0))", polygon([[0, 0], [1, 0], [1, 1], [0, 0]])),
        ("corridor", "MULTILINESTRING ((0 0, 1 1))", line([0, 0], [1, 1])),
        ("polygon", json.dumps(polygon(SQUARE)), polygon(SQUARE)),
        ("polygon", json.dumps({"type": "Feature", "geometry": polygon(SQUARE)}), polygon(SQUARE)),
        (
            "polygon",
            json.dumps({"type": "FeatureCollection", "features": [{"geometry": None, "type": "Feature"}]}),
            "unreadable",
        ),
        ("polygon", json.dumps({"type": "FeatureCollection", "features": []}), "several"),
        ("polygon", json.dumps({"type": "MultiPolygon", "coordinates": [[SQUARE]]}), polygon(SQUARE)),
        ("circle", json.dumps({"type": "GeometryCollection", "geometries": [point(1, 2)]}), point(1, 2)),
        ("circle", "", "empty"),
        ("circle", "48,11\n49,12", "few_circle"),
        ("circle", "48.137", "unreadable"),
        ("circle", "N48 E11", "unreadable"),
        ("circle", "POINT (11", "unreadable"),
        ("circle", "[11, 48]", "unreadable"),
        ("circle", '{"type": "Point", "coordinates": [NaN, 48]}', "unreadable"),
        ("circle", "[" * 30_000, "unreadable"),
        ("polygon", "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))", "several"),
    ],
)
def test_coordinates_are_read_however_they_are_written(shape: str, text: str, expected: Any) -> None:
    if isinstance(expected, dict):
        assert read_geometry(shape, text) == expected
        return
    with pytest.raises(GeometryError) as refused:
        read_geometry(shape, text)
    assert refused.value.reason == expected


def test_lines_say_what_is_kept() -> None:
    assert write_lines(point(11.575, 48.137)) == "48.137, 11.575"
    assert write_lines(line([11, 48], [12, 49])) == "48, 11\n49, 12"
    assert write_lines(polygon(SQUARE)).splitlines()[-1] == "48.01, 11"
    assert read_geometry("polygon", write_lines(polygon(SQUARE, HOLE))) == polygon(SQUARE, HOLE)


numbers = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
nested = st.recursive(numbers, lambda inner: st.lists(inner, max_size=4), max_leaves=20)


@given(st.sampled_from(["circle", "polygon", "corridor"]), nested)
def test_whatever_is_sent_is_kept_or_refused(shape: str, coordinates: Any) -> None:
    kind = {"circle": "Point", "polygon": "Polygon", "corridor": "LineString"}[shape]
    with suppress(GeometryError):
        check_geometry(shape, {"type": kind, "coordinates": coordinates}, 50)
    with suppress(GeometryError):
        check_geometry(shape, read_geometry(shape, json.dumps(coordinates)), 50)


@given(
    st.sampled_from(["circle", "polygon", "corridor"]),
    st.text(alphabet='POINTLYGSERULM(){}[]",:;. -0123456789\n', max_size=60),
)
def test_whatever_is_typed_is_read_or_refused(shape: str, text: str) -> None:
    with suppress(GeometryError):
        check_geometry(shape, read_geometry(shape, text), 50)
