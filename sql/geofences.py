"""The outline of a geofence: what may be one, and its normal form.

It is kept as GeoJSON in longitude and latitude. A line over the 180th meridian goes on beyond it (179.9,
180.1), so that it is one line for whoever computes with it; the westernmost point lies from -180 to 180.
"""

import math
import re
from collections.abc import Iterable
from typing import Any, Literal

import shapely
from shapely.geometry.polygon import orient

Geometry = dict[str, Any]
Point = tuple[float, float]

TYPES = {"circle": "Point", "polygon": "Polygon", "corridor": "LineString"}
MOST_POINTS = 2000
LEAST_RADIUS_M, MOST_RADIUS_M = 5, 200_000
LEAST_AREA_M2 = 1.0
METRES_PER_DEGREE = 111_320.0
# Six decimals are a tenth of a metre.
DECIMALS = 6
MOST_QUOTED = 60

Reason = Literal[
    "empty",
    "unreadable",
    "type",
    "several",
    "no_point",
    "latitude",
    "longitude",
    "many",
    "few_circle",
    "few_polygon",
    "few_corridor",
    "crosses",
    "hole",
    "flat",
    "wide",
    "radius",
]


class GeometryError(ValueError):
    """No outline of a geofence: the part that is wrong, and the reason's name."""

    def __init__(self, reason: Reason, part: object = "") -> None:
        text = str(part)
        self.reason, self.part = reason, text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}…"
        super().__init__(f"outline {self.part!r}: {reason}")


def check_geometry(shape: str, geometry: object, radius_m: float | None) -> Geometry:
    """The outline in its normal form. Raises GeometryError."""
    wanted = TYPES[shape]
    if not isinstance(geometry, dict) or geometry.get("type") != wanted:
        raise GeometryError("type", wanted)
    if shape != "polygon" and not (radius_m is not None and LEAST_RADIUS_M <= radius_m <= MOST_RADIUS_M):
        raise GeometryError("radius")
    coordinates = geometry.get("coordinates")
    if shape == "circle":
        (point,) = _connect([_read_point(coordinates)])
        return {"type": wanted, "coordinates": list(point)}
    if shape == "corridor":
        line = _check_line(_read_points(coordinates))
        return {"type": wanted, "coordinates": [list(point) for point in line]}
    if not isinstance(coordinates, list) or not coordinates:
        raise GeometryError("few_polygon", 0)
    area = _check_area([_close(_read_points(ring)) for ring in coordinates])
    kept = (area.exterior, *area.interiors)
    return {"type": wanted, "coordinates": [[list(point) for point in ring.coords] for ring in kept]}


def _read_points(found: object) -> list[Point]:
    if not isinstance(found, list):
        raise GeometryError("no_point", found)
    return [_read_point(point) for point in found]


def _read_point(found: object) -> Point:
    """A place in the order of GeoJSON; a height is left out."""
    if not isinstance(found, list | tuple) or len(found) not in (2, 3):
        raise GeometryError("no_point", found)
    if any(isinstance(part, bool) or not isinstance(part, int | float) for part in found):
        raise GeometryError("no_point", found)
    longitude, latitude = found[:2]
    if not -90 <= latitude <= 90:
        raise GeometryError("latitude", latitude)
    # What is kept goes on beyond the 180th meridian, and comes back like that.
    if not -360 <= longitude <= 360:
        raise GeometryError("longitude", longitude)
    return float(longitude), float(latitude)


def _check_line(points: list[Point]) -> list[Point]:
    line = _connect(points)
    if len(line) < 2:
        raise GeometryError("few_corridor", len(line))
    _check_size(line, len(line))
    return line


def _check_area(rings: list[list[Point]]) -> shapely.Polygon:
    """The area within closed rings, the first of which is around the others."""
    outline, *holes = rings
    _check_size(outline, sum(len(ring) - 1 for ring in rings))
    area = shapely.Polygon(outline)
    if _measure_area(area.convex_hull) < LEAST_AREA_M2:
        raise GeometryError("flat")
    if not area.is_valid:
        raise GeometryError("crosses", _find_fault(area))
    if _measure_area(area) < LEAST_AREA_M2:
        raise GeometryError("flat")
    if holes:
        west = outline[0][0]
        area = shapely.Polygon(outline, [_shift(hole, _turns(hole[0][0] - west)) for hole in holes])
        if not area.is_valid:
            raise GeometryError("hole", _find_fault(area))
    return orient(area)


def _check_size(outline: list[Point], points: int) -> None:
    if points > MOST_POINTS:
        raise GeometryError("many", points)
    longitudes = [longitude for longitude, _ in outline]
    if max(longitudes) - min(longitudes) > 180:
        raise GeometryError("wide")


def _close(points: list[Point]) -> list[Point]:
    """A ring, closed."""
    ring = _connect(points)
    if len(set(ring)) < 3:
        raise GeometryError("few_polygon", len(set(ring)))
    return ring if ring[0] == ring[-1] else [*ring, ring[0]]


def _connect(points: Iterable[Point]) -> list[Point]:
    """The points without repetitions, each on that side of the 180th meridian that its neighbour is on."""
    line: list[Point] = []
    for longitude, latitude in points:
        if line:
            longitude -= 360 * _turns(longitude - line[-1][0])
        point = (round(longitude, DECIMALS), round(latitude, DECIMALS))
        if not line or point != line[-1]:
            line.append(point)
    west = min((longitude for longitude, _ in line), default=0.0)
    return _shift(line, math.floor((west + 180) / 360))


def _turns(degrees: float) -> int:
    """How many times around the world is nearest to so many degrees."""
    return round(degrees / 360)


def _shift(points: list[Point], turns: int) -> list[Point]:
    """The same points, as many times around the world further west."""
    if not turns:
        return points
    return [(round(longitude - 360 * turns, DECIMALS), latitude) for longitude, latitude in points]


def _measure_area(area: shapely.Polygon) -> float:
    """About how many square metres: enough to tell an area from none."""
    latitude = math.radians(area.centroid.y)
    return float(area.area * METRES_PER_DEGREE**2 * max(math.cos(latitude), 1e-6))


def _find_fault(area: shapely.Polygon) -> str:
    """Where an area is not one, as latitude and longitude."""
    found = re.search(r"\[(\S+) (\S+)\]", shapely.is_valid_reason(area))
    return f"{float(found[2]):.5f}, {float(found[1]):.5f}" if found else ""
