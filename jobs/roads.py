"""The roads that the fleet has driven, for the base map that needs no internet.

The same road, driven a hundred times, must become one line and not a hundred. Snapping fixes to a grid draws
staircases, and many of them, because every pass has its fixes elsewhere: 212 pieces a kilometre on a grid of
20 m, after twenty passes with a noise of 3 m. So a track is cut where it crosses the lines of a grid of about
50 m: every pass crosses the same lines, in places that differ only across the road, and those are rounded to
about 10 m (126 pieces a kilometre, and smooth). A piece joins two crossings and has no direction.

It is a backdrop: a position that comes late is missed here, and so is a minute in which no job ran.
"""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import cos, floor, hypot, radians
from operator import attrgetter
from typing import NamedTuple

import psycopg

from sql.flags import Flags
from sql.queries import queries

LINES_PER_DEGREE = 2_000
STEPS_PER_DEGREE = 10_000
METRES_PER_DEGREE = 111_320

LONGEST_SILENCE = timedelta(seconds=60)
LONGEST_STEP_M = 400
SHORTEST_STEP_M = 5

WINDOW = timedelta(minutes=1)
RUN_UP = timedelta(minutes=2)
MOST_DEVICES = 1_000
MOST_PIECES = 50_000


class Fix(NamedTuple):
    """Where a device was, in degrees and UTC."""

    device_id: int
    fix_time: datetime
    latitude: float
    longitude: float


Point = tuple[int, int]  # latitude and longitude in ten-thousandths of a degree


class Piece(NamedTuple):
    """A piece of road between two points, the smaller first, and when it was driven."""

    a: Point
    b: Point
    driven: datetime


def add_driven_roads(connection: psycopg.Connection) -> None:
    """Add what was driven in the last whole minute; forget the least lately driven beyond MOST_PIECES.

    Nothing while the feature flag `driven_roads` is off.
    """
    if not Flags(lambda: nullcontext(connection)).is_enabled("driven_roads"):
        return
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    add_roads_between(connection, end - WINDOW, end)
    queries.forget_roads(connection, most=MOST_PIECES)


def add_roads_between(connection: psycopg.Connection, start: datetime, end: datetime) -> None:
    """Add what was driven from `start` (included) to `end`, with the way there from a little earlier."""
    rows = queries.list_tracks(connection, start=start - RUN_UP, end=end, most_devices=MOST_DEVICES)
    fixes = (Fix(*row) for row in rows)
    driven: dict[tuple[Point, Point], list[datetime]] = {}
    for _, track in groupby(fixes, key=attrgetter("device_id")):
        for piece in cut_track(track):
            if piece.driven >= start:
                driven.setdefault((piece.a, piece.b), []).append(piece.driven)
    queries.add_road_pieces(connection, [_row(a, b, times) for (a, b), times in sorted(driven.items())])


def cut_track(track: Iterable[Fix]) -> Iterator[Piece]:
    """Cut one device's fixes, in order of time, where they cross the grid; a gap in them is no road."""
    anchor: Fix | None = None
    vertex: Point | None = None
    heard: datetime | None = None
    for fix in track:
        broken = anchor is None or heard is None or fix.fix_time - heard >= LONGEST_SILENCE
        heard = fix.fix_time
        if broken or anchor is None or (step_m := measure_step(anchor, fix)) >= LONGEST_STEP_M:
            anchor, vertex = fix, None
        elif step_m > SHORTEST_STEP_M:
            for point in find_crossings(anchor, fix):
                if vertex is not None and vertex != point:
                    yield Piece(min(vertex, point), max(vertex, point), fix.fix_time)
                vertex = point
            anchor = fix


def find_crossings(a: Fix, b: Fix) -> list[Point]:
    """Where the straight way from a to b crosses lines of the grid, in its order."""
    fractions = sorted(
        (line / LINES_PER_DEGREE - start) / (end - start)
        for start, end in ((a.latitude, b.latitude), (a.longitude, b.longitude))
        for line in range(
            floor(min(start, end) * LINES_PER_DEGREE) + 1, floor(max(start, end) * LINES_PER_DEGREE) + 1
        )
    )
    return [
        (
            round((a.latitude + part * (b.latitude - a.latitude)) * STEPS_PER_DEGREE),
            round((a.longitude + part * (b.longitude - a.longitude)) * STEPS_PER_DEGREE),
        )
        for part in fractions
    ]


def measure_step(a: Fix, b: Fix) -> float:
    """The distance of two near fixes in metres; across the date line it comes out too long to be a road."""
    north = b.latitude - a.latitude
    east = (b.longitude - a.longitude) * cos(radians(a.latitude))
    return METRES_PER_DEGREE * hypot(north, east)


def _row(a: Point, b: Point, times: list[datetime]) -> dict[str, object]:
    return {
        "latitude_a": a[0] / STEPS_PER_DEGREE,
        "longitude_a": a[1] / STEPS_PER_DEGREE,
        "latitude_b": b[0] / STEPS_PER_DEGREE,
        "longitude_b": b[1] / STEPS_PER_DEGREE,
        "passes": len(times),
        "last_driven": max(times),
    }
