"""When a vehicle was within a geofence.

Near a border noise puts a vehicle in and out by turns. So it has left only when it is further out than the
fence's hysteresis; what it does for a few seconds counts neither as a visit nor as an absence; and where it
stands it is at the one place of its stop, so that what stands cannot cross anything at all. Borders are
crossed between two fixes: the moment is found on the line between them, and so is a visit so short that no
fix fell into it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry import shape

from jobs.detection.rules import Week
from jobs.detection.runs import carry, find_runs
from jobs.detection.track import (
    ECCENTRICITY_SQUARED,
    EQUATOR_M,
    SECOND,
    Booleans,
    Floats,
    Integers,
    Track,
    wrap,
)

LEAST_ABSENCE = 30 * SECOND
LONGEST_PASSAGE = 120 * SECOND
HALVINGS = 24
CIRCLE_SEGMENTS = 64
FAR_M = 1e9


@dataclass(frozen=True)
class Fence:
    """A geofence: an area on a plane in metres around `latitude`, `longitude`."""

    id: int
    version: int
    depot_id: int | None
    vehicle_ids: frozenset[int]
    is_corridor: bool
    latitude: float
    longitude: float
    area: Polygon
    hysteresis_m: float
    least_visit: int
    dwell: int
    speed_limit_mps: float | None
    week: Week | None
    alert_on: frozenset[str]

    def concerns(self, vehicle_id: int | None, depot_id: int | None) -> bool:
        """Whether it is about this vehicle."""
        if self.vehicle_ids or self.is_corridor:
            return vehicle_id in self.vehicle_ids
        return self.depot_id is None or self.depot_id == depot_id

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of all that is not surely outside, in metres."""
        west, south, east, north = self.area.bounds
        margin = self.hysteresis_m
        return west - margin, south - margin, east + margin, north + margin

    def project(self, latitude: Any, longitude: Any) -> tuple[Floats, Floats]:
        """Places on the fence's plane."""
        return project(self.latitude, self.longitude, latitude, longitude)


def project(
    origin_latitude: float, origin_longitude: float, latitude: Any, longitude: Any
) -> tuple[Floats, Floats]:
    """Metres east and north of an origin, near it."""
    phi = np.radians(origin_latitude)
    w = 1 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    east = EQUATOR_M / np.sqrt(w) * np.cos(phi)
    north = EQUATOR_M * (1 - ECCENTRICITY_SQUARED) / w**1.5
    x: Floats = np.radians(wrap(np.asarray(longitude) - origin_longitude)) * east
    y: Floats = np.radians(np.asarray(latitude) - origin_latitude) * north
    return x, y


def draw_area(geometry: dict[str, Any], radius_m: float | None) -> tuple[float, float, Polygon]:
    """The origin and the area of a geometry in degrees, widened by a radius where it has one.

    One that crosses itself, which no page accepts, is made to have an inside all the same.
    """
    drawn = shapely.make_valid(shape(geometry))
    longitude, latitude = drawn.centroid.x, drawn.centroid.y
    flat = shapely.transform(
        drawn, lambda points: np.column_stack(project(latitude, longitude, points[:, 1], points[:, 0]))
    )
    area = flat.buffer(radius_m or 0.0, quad_segs=CIRCLE_SEGMENTS)
    shapely.prepare(area)
    return latitude, longitude, area


class Visit(NamedTuple):
    """From when to when; None while it lasts. `first` to `last` are the fixes inside, or around a passage."""

    geofence_id: int
    entered_at: int
    left_at: int | None
    first: int
    last: int
    is_entry_seen: bool


class Ground(NamedTuple):
    """Where a vehicle was at each fix of a track from `begin` on, what stands at one place.

    `spread_m` is how far off that place may be.
    """

    track: Track
    begin: int
    latitude: Floats
    longitude: Floats
    spread_m: Floats


def find_visits(ground: Ground, fence: Fence, entered_at: int | None) -> list[Visit]:
    """The visits from the first fix of the ground on; `entered_at` where it is one of a visit already."""
    time = ground.track.time[ground.begin :]
    x, y = fence.project(ground.latitude, ground.longitude)
    if not len(time) or (entered_at is None and not _may_touch(fence, x, y)):
        return []
    is_within, is_inside, is_outside = _look(fence, x, y, ground.spread_m)
    is_there = _follow(ground, is_within, is_inside, is_outside, entered_at is not None)
    visits = [
        *_find_stays(ground, fence, x, y, is_within, is_there, entered_at),
        *_find_passages(ground, fence, x, y, is_there),
    ]
    visits.sort(key=lambda visit: visit.entered_at)
    return _keep_lasting(_join(visits), fence, int(time[-1]))


def _may_touch(fence: Fence, x: Floats, y: Floats) -> bool:
    west, south, east, north = fence.bounds
    return bool(x.max() >= west and x.min() <= east and y.max() >= south and y.min() <= north)


def _look(fence: Fence, x: Floats, y: Floats, spread_m: Floats) -> tuple[Booleans, Booleans, Booleans]:
    """Which fixes seem to be inside, which surely are, and which are surely outside."""
    west, south, east, north = fence.bounds
    near = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
    is_within, distance = np.zeros(len(x), bool), np.full(len(x), FAR_M)
    is_within[near] = shapely.intersects_xy(fence.area, x[near], y[near])
    beside = near[~is_within[near]]
    distance[beside] = shapely.distance(fence.area, shapely.points(x[beside], y[beside]))
    is_inside = is_within.copy()
    standing = np.flatnonzero(is_within & (spread_m > 0))
    depth = shapely.distance(fence.area.boundary, shapely.points(x[standing], y[standing]))
    is_inside[standing] = depth > spread_m[standing]
    return is_within, is_inside, ~is_within & (distance > fence.hysteresis_m)


def _follow(
    ground: Ground, is_within: Booleans, is_inside: Booleans, is_outside: Booleans, initially: bool
) -> Booleans:
    """Whether the vehicle is there at each fix: as it was last sure to be.

    What was sure for some seconds only before a vehicle came to stand near the border may have been noise:
    then the place where it stands decides.
    """
    time = ground.track.time[ground.begin :]
    is_inside, is_outside = is_inside.copy(), is_outside.copy()
    settled = list(find_runs(ground.spread_m > 0, np.diff(ground.spread_m) != 0))
    for stop in settled:
        if stop.first == 0 or is_inside[stop.first] or is_outside[stop.first]:
            continue
        before = carry((is_inside | is_outside)[: stop.first], is_inside[: stop.first], initially)
        now = bool(before[-1])
        changes = np.flatnonzero(before != now)
        if not len(changes) or is_within[stop.first] == now:
            continue
        if time[stop.first] - time[changes[-1] + 1] < LEAST_ABSENCE:
            own = slice(stop.first, stop.last + 1)
            is_inside[own], is_outside[own] = not now, now
    return carry(is_inside | is_outside, is_inside, initially)


def _find_stays(
    ground: Ground,
    fence: Fence,
    x: Floats,
    y: Floats,
    is_within: Booleans,
    is_there: Booleans,
    entered_at: int | None,
) -> list[Visit]:
    visits = []
    time, begin = ground.track.time[ground.begin :], ground.begin
    silences = ground.track.is_silence[begin:]
    if entered_at is not None and not is_there[0]:  # the fence has been drawn elsewhere
        visits.append(Visit(fence.id, entered_at, int(time[0]), begin, begin, True))
    for run in find_runs(is_there):
        entered, is_seen = int(time[run.first]), run.first > 0
        if run.first == 0 and entered_at is not None:
            entered = entered_at
        elif is_seen and not silences[run.first - 1]:
            entered = _find_crossing(fence, x, y, time, run.first - 1, run.first)
        left = None
        if run.last + 1 < len(time):
            inside = run.first + np.flatnonzero(is_within[run.first : run.last + 1])
            last = int(inside[-1]) if len(inside) else run.first
            left = int(time[last]) if silences[last] else _find_crossing(fence, x, y, time, last + 1, last)
        visits.append(Visit(fence.id, entered, left, begin + run.first, begin + run.last, is_seen))
    return visits


def _find_crossing(fence: Fence, x: Floats, y: Floats, time: Integers, outer: int, inner: int) -> int:
    """When the straight way from a fix outside to one inside crosses the border."""
    outside, inside = 0.0, 1.0
    for _ in range(HALVINGS):
        part = (outside + inside) / 2
        place = x[outer] + part * (x[inner] - x[outer]), y[outer] + part * (y[inner] - y[outer])
        if shapely.intersects_xy(fence.area, *place):
            inside = part
        else:
            outside = part
    return int(time[outer]) + round(inside * int(time[inner] - time[outer]))


def _find_passages(ground: Ground, fence: Fence, x: Floats, y: Floats, is_there: Booleans) -> list[Visit]:
    """Visits into which no fix fell, on the way from one to the next."""
    west, south, east, north = fence.area.bounds
    begin, track = ground.begin, ground.track
    touches = (
        ~is_there[:-1]
        & ~is_there[1:]
        & track.is_possible[begin:]
        & (track.step_time[begin:] <= LONGEST_PASSAGE)
        & (np.maximum(x[:-1], x[1:]) >= west)
        & (np.minimum(x[:-1], x[1:]) <= east)
        & (np.maximum(y[:-1], y[1:]) >= south)
        & (np.minimum(y[:-1], y[1:]) <= north)
    )
    visits = []
    for step in np.flatnonzero(touches).tolist():
        way = shapely.linestrings([(x[step], y[step]), (x[step + 1], y[step + 1])])
        inside = shapely.intersection(way, fence.area)
        if inside.is_empty or not way.length:
            continue
        parts = [way.project(shapely.Point(place)) / way.length for place in shapely.get_coordinates(inside)]
        start, length = int(track.time[begin + step]), int(track.step_time[begin + step])
        entered, left = start + round(min(parts) * length), start + round(max(parts) * length)
        visits.append(Visit(fence.id, entered, left, begin + step, begin + step + 1, True))
    return visits


def _join(visits: list[Visit]) -> list[Visit]:
    """Visits with hardly an absence between them are one."""
    joined: list[Visit] = []
    for visit in visits:
        before = joined[-1] if joined else None
        if before and before.left_at is not None and visit.entered_at - before.left_at < LEAST_ABSENCE:
            joined[-1] = before._replace(left_at=visit.left_at, last=visit.last)
        else:
            joined.append(visit)
    return joined


def _keep_lasting(visits: list[Visit], fence: Fence, now: int) -> list[Visit]:
    return [
        visit
        for visit in visits
        if (now if visit.left_at is None else visit.left_at) - visit.entered_at >= fence.least_visit
    ]
