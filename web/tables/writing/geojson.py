"""GeoJSON (RFC 7946): a collection of features, each written as it comes."""

import math
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import orjson

from web.tables.writing.column import Cell, write_moment
from web.tables.writing.feature import Feature, Point, write_time

MOST_BYTES = 64 * 1024


def write_geojson(features: Iterable[Feature]) -> Iterator[bytes]:
    """The file, piece by piece."""
    piece = bytearray(b'{"type":"FeatureCollection","features":[')
    separator = b"\n"
    for feature in features:
        piece += separator + orjson.dumps(_describe(feature))
        separator = b",\n"
        if len(piece) > MOST_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + b"\n]}\n"


def _describe(feature: Feature) -> dict[str, Any]:
    properties: dict[str, Any] = {name: _write_cell(cell) for name, cell in feature.properties.items()}
    geometry: Any = feature.geometry
    if feature.track:
        geometry = draw(feature.track)
        properties["times"] = [point.time and write_time(point.time) for point in feature.track]
        properties["speeds_mps"] = [point.speed_mps for point in feature.track]
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def draw(track: tuple[Point, ...]) -> dict[str, Any]:
    """The line of a track; of a single point, a point. One over the date line is cut there (3.1.9)."""
    lines: list[list[list[float]]] = [[]]
    last: Point | None = None
    for point in track:
        if last is not None and abs(point.longitude - last.longitude) > 180:
            edge = math.copysign(180.0, last.longitude)
            crossing = _find_crossing(last, point, edge)
            lines[-1].append([edge, crossing])
            lines.append([[-edge, crossing]])
        lines[-1].append([point.longitude, point.latitude])
        last = point
    if len(track) == 1:
        return {"type": "Point", "coordinates": lines[0][0]}
    if len(lines) == 1:
        return {"type": "LineString", "coordinates": lines[0]}
    return {"type": "MultiLineString", "coordinates": lines}


def _find_crossing(one: Point, other: Point, edge: float) -> float:
    """The latitude at which the way from one point to the other crosses the date line."""
    beyond = other.longitude + math.copysign(360.0, edge)
    share = (edge - one.longitude) / (beyond - one.longitude) if beyond != one.longitude else 0.0
    return one.latitude + share * (other.latitude - one.latitude)


def _write_cell(cell: Cell) -> Any:
    if isinstance(cell, datetime):
        return write_moment(cell)
    return cell.isoformat() if isinstance(cell, date) else cell
