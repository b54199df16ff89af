"""What the writers of maps are told: something with a name that is somewhere, or was on its way."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from web.tables.writing.column import Cell

Geometry = Mapping[str, Any]  # as GeoJSON has it


class Point(NamedTuple):
    """A point of a track, in degrees and SI units; what is not known is None."""

    longitude: float
    latitude: float
    time: datetime | None = None
    altitude_m: float | None = None
    speed_mps: float | None = None
    course: float | None = None


class Feature(NamedTuple):
    """A place or an outline with its `geometry`, or else a stretch of a way with its `track`.

    Stretches of one name that follow one another are one way with a pause; one that `goes_on` begins with the
    point that the stretch before ended with, and there was no pause.
    """

    name: str
    properties: Mapping[str, Cell]
    geometry: Geometry | None = None
    track: tuple[Point, ...] = ()
    time: datetime | None = None
    goes_on: bool = False


def write_time(at: datetime) -> str:
    """A moment as these formats have it, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
