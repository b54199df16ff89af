"""How people write the outline of a geofence down: places line by line, GeoJSON, or WKT."""

import re
from typing import Any

import orjson
import shapely

from sql.geofences import DECIMALS, TYPES, Geometry, GeometryError

WKT = re.compile(r"(SRID=4326;)?\s*(POINT|POLYGON|LINESTRING|MULTI\w+|GEOMETRYCOLLECTION)\b", re.IGNORECASE)
SIGNED = r"[+-]?\d+(?:\.\d+)?"
LINE = re.compile(rf"({SIGNED})\s*(?:[,;]\s*|\s+)({SIGNED})")


def read_geometry(shape: str, text: str) -> Geometry:
    """The outline that somebody typed or pasted: lines of latitude and longitude, GeoJSON, or WKT.

    Only the way it is written is looked at here. Raises GeometryError.
    """
    text = text.strip()
    if not text:
        raise GeometryError("empty")
    if text.startswith(("{", "[")):
        return _read_geojson(text)
    if WKT.match(text):
        return _read_wkt(text)
    points = [_read_line(line.strip()) for line in text.splitlines() if line.strip()]
    if shape == "circle" and len(points) != 1:
        raise GeometryError("few_circle", len(points))
    coordinates: Any = {"circle": points[0], "polygon": [points], "corridor": points}[shape]
    return {"type": TYPES[shape], "coordinates": coordinates}


def write_lines(geometry: Geometry) -> str:
    """An outline as people type it, one latitude and longitude a line; with holes as GeoJSON."""
    coordinates = geometry["coordinates"]
    if geometry["type"] == "Polygon" and len(coordinates) > 1:
        return orjson.dumps(geometry).decode()
    points = coordinates
    if geometry["type"] != "LineString":
        points = [coordinates] if geometry["type"] == "Point" else coordinates[0][:-1]
    return "\n".join(
        f"{_write_degrees(latitude)}, {_write_degrees(longitude)}" for longitude, latitude in points
    )


def _write_degrees(degrees: float) -> str:
    return f"{degrees:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _read_geojson(text: str) -> Geometry:
    try:
        found: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise GeometryError("unreadable", text) from error
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        found = _take_only(found.get("features"))
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = found.get("geometry")
    if not isinstance(found, dict):
        raise GeometryError("unreadable", text)
    return _take_single(found)


def _read_wkt(text: str) -> Geometry:
    try:
        found: Geometry = orjson.loads(shapely.to_geojson(shapely.from_wkt(text.rpartition(";")[2])))
    except (shapely.errors.GEOSException, ValueError) as error:
        raise GeometryError("unreadable", text) from error
    return _take_single(found)


def _take_single(geometry: Geometry) -> Geometry:
    """What is in a collection of one."""
    kind = str(geometry.get("type"))
    if kind == "GeometryCollection":
        held = _take_only(geometry.get("geometries"))
        return held if isinstance(held, dict) else {}
    if kind.startswith("Multi"):
        return {"type": kind.removeprefix("Multi"), "coordinates": _take_only(geometry.get("coordinates"))}
    return geometry


def _take_only(found: object) -> Any:
    if not isinstance(found, list) or len(found) != 1:
        raise GeometryError("several", len(found) if isinstance(found, list) else 0)
    return found[0]


def _read_line(line: str) -> list[float]:
    read = LINE.fullmatch(line)
    if not read:
        raise GeometryError("unreadable", line)
    return [float(read[2]), float(read[1])]
