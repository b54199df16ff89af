"""The town as rows for table map_features: GeoJSON geometries in longitude, latitude."""

from typing import Any, NamedTuple

from local.town.geometry import Line, area, simplify
from local.town.names import LAKE, RIVER, TOWN
from local.town.projection import locate
from local.town.streets import SPEED_LIMIT_MPS
from local.town.town import Town

TOLERANCE = 0.5  # metres


class Feature(NamedTuple):
    """A row of table map_features."""

    layer: str
    name: str | None
    geometry: dict[str, Any]
    properties: dict[str, Any]


def list_features(town: Town) -> list[Feature]:
    """All that the map draws of the town, from the ground up; the same town gives the same list."""
    features = [Feature(g.kind, g.name, _polygon(g.ring), {}) for g in town.grounds]
    features += [Feature("water", None, _polygon(ring), {}) for ring in (town.waters.shape, *town.ponds)]
    features.append(Feature("water", RIVER, _point(town.waters.river[len(town.waters.river) // 3]), {}))
    features.append(Feature("water", LAKE, _point(sum(town.waters.lake) / len(town.waters.lake)), {}))
    for street in town.streets:
        properties = {"class": street.kind, "speed_limit_mps": SPEED_LIMIT_MPS[street.kind]}
        line = {"type": "LineString", "coordinates": _coordinates(simplify(street.line, TOLERANCE))}
        features.append(Feature("street", street.name, line, properties))
    for stop in town.stops:
        features.append(Feature("stop", stop.name, _point(town.network.junctions[stop.junction]), {}))
    for place in town.places:
        features.append(Feature("place", place.name, _point(place.point), {"rank": "neighbourhood"}))
    features.append(Feature("place", TOWN, _point(0j), {"rank": "town"}))
    return features


def _coordinates(line: Line) -> list[list[float]]:
    return [list(locate(p)) for p in line]


def _polygon(ring: Line) -> dict[str, Any]:
    """A closed ring, counter-clockwise as RFC 7946 wants it."""
    coordinates = _coordinates(ring[:-1] if area(ring) > 0 else ring[:0:-1])
    return {"type": "Polygon", "coordinates": [[*coordinates, coordinates[0]]]}


def _point(p: complex) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(locate(p))}
