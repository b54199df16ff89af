"""KML 2.2: a placemark for each feature, with its columns as extended data."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from web.tables.writing.column import Cell, write_moment
from web.tables.writing.feature import Feature, write_time
from web.tables.writing.geojson import draw
from web.tables.writing.markup import write_attribute, write_number, write_text

MOST_CHARACTERS = 64 * 1024
BEGIN = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    "<name>{}</name>\n"
)
END = "</Document></kml>\n"


def write_kml(title: str, features: Iterable[Feature]) -> Iterator[bytes]:
    """The file, piece by piece."""
    pieces, size = [BEGIN.format(write_text(title))], 0
    for feature in features:
        text = _write_placemark(feature)
        pieces.append(text)
        size += len(text)
        if size > MOST_CHARACTERS:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    yield ("".join(pieces) + END).encode()


def _write_placemark(feature: Feature) -> str:
    geometry = draw(feature.track) if feature.track else feature.geometry
    return (
        f"<Placemark><name>{write_text(feature.name)}</name>{_write_times(feature)}"
        f"{_write_data(feature)}{_write_geometry(geometry) if geometry else ''}</Placemark>\n"
    )


def _write_times(feature: Feature) -> str:
    if feature.track:
        first, last = feature.track[0].time, feature.track[-1].time
        if first and last:
            return f"<TimeSpan><begin>{write_time(first)}</begin><end>{write_time(last)}</end></TimeSpan>"
    return f"<TimeStamp><when>{write_time(feature.time)}</when></TimeStamp>" if feature.time else ""


def _write_data(feature: Feature) -> str:
    data = "".join(
        f"<Data name={write_attribute(name)}><value>{write_text(_write_cell(cell))}</value></Data>"
        for name, cell in feature.properties.items()
        if cell is not None
    )
    return f"<ExtendedData>{data}</ExtendedData>" if data else ""


def _write_cell(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return write_moment(cell) if hasattr(cell, "tzinfo") else str(cell)  # type: ignore[arg-type]


def _write_geometry(geometry: Any) -> str:
    kind, places = geometry["type"], geometry["coordinates"]
    if kind == "Point":
        return f"<Point><coordinates>{_write_places([places])}</coordinates></Point>"
    if kind == "LineString":
        return f"<LineString><coordinates>{_write_places(places)}</coordinates></LineString>"
    if kind == "MultiLineString":
        lines = (_write_geometry({"type": "LineString", "coordinates": line}) for line in places)
        return f"<MultiGeometry>{''.join(lines)}</MultiGeometry>"
    outer, *holes = (
        f"<LinearRing><coordinates>{_write_places(ring)}</coordinates></LinearRing>" for ring in places
    )
    inner = "".join(f"<innerBoundaryIs>{hole}</innerBoundaryIs>" for hole in holes)
    return f"<Polygon><outerBoundaryIs>{outer}</outerBoundaryIs>{inner}</Polygon>"


def _write_places(places: Sequence[Sequence[float]]) -> str:
    return " ".join(f"{write_number(place[0])},{write_number(place[1])}" for place in places)
