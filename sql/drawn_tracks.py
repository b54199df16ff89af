"""The track of a trip, thinned to as many points as a map can draw.

Douglas and Peucker, the greatest deviation first, until the points are used up: so there are never more,
however long the trip. Speed counts as a third direction; a stop at a light on a straight road would vanish
otherwise.
"""

import heapq
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import psycopg
from numpy.typing import NDArray

from sql.queries import queries

MOST_POINTS = 2000
METRES_PER_DEGREE = 111_320.0
METRES_PER_MPS = 2.0  # how far off the line a change of speed counts

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Track:
    """The points of a track in order of time; a speed that the device did not tell is nan.

    Longitudes go on past 180 where the track crosses the date line. `fixes` is how many there were.
    """

    times: Numbers
    latitudes: Numbers
    longitudes: Numbers
    speeds_mps: Numbers
    fixes: int


def read_track(
    connection: psycopg.Connection,
    device_id: int,
    since: datetime,
    until: datetime,
    most_points: int = MOST_POINTS,
) -> Track:
    """The fixes of a device from one moment to another, both included, thinned to `most_points`."""
    rows = list(queries.list_track(connection, device_id=device_id, since=since, until=until))
    fixes = np.array(rows, dtype=np.float64).reshape(-1, 4)
    fixes[:, 2] = np.unwrap(fixes[:, 2], period=360)
    kept = fixes[thin(fixes[:, 1], fixes[:, 2], fixes[:, 3], most_points)]
    return Track(kept[:, 0], kept[:, 1], kept[:, 2], kept[:, 3], len(fixes))


def thin(latitudes: Numbers, longitudes: Numbers, speeds_mps: Numbers, most: int) -> NDArray[np.intp]:
    """The indices, in order, of at most so many points (two at least) that draw the line best."""
    count = len(latitudes)
    if count <= max(most, 2):
        return np.arange(count)
    points = np.column_stack(
        (
            longitudes * METRES_PER_DEGREE * np.cos(np.radians(latitudes.mean())),
            latitudes * METRES_PER_DEGREE,
            np.nan_to_num(speeds_mps) * METRES_PER_MPS,
        )
    )
    kept = {0, count - 1}
    worst = [find_worst(points, 0, count - 1)]
    while worst and len(kept) < most:
        _deviation, first, middle, last = heapq.heappop(worst)
        kept.add(middle)
        for begin, end in ((first, middle), (middle, last)):
            if end - begin > 1:
                heapq.heappush(worst, find_worst(points, begin, end))
    return np.array(sorted(kept), dtype=np.intp)


def find_worst(points: Numbers, first: int, last: int) -> tuple[float, int, int, int]:
    """The point between two others that is farthest off the line from the one to the other: deviation
    (negative, so that a heap has the greatest first), first, the point, last."""
    between, line = points[first + 1 : last] - points[first], points[last] - points[first]
    length = float(line @ line)
    share = np.clip(between @ line / length, 0, 1) if length else np.zeros(len(between))
    off = between - share[:, None] * line
    squares = np.einsum("ij,ij->i", off, off)
    middle = int(squares.argmax())
    return -float(squares[middle]), first, first + 1 + middle, last
