"""Fences entered, left and dwelt in, and routes departed from; a crossing is found between two moments."""

from itertools import pairwise

from local.drives.definitions import CROSSING_S, DWELL_S, OFF_ROUTE_S, Happening
from local.drives.fence import Zone
from local.drives.journey import Moment
from local.drives.truth.spans import Span, cross, length

Side = tuple[float, bool]


def find_visits(path: list[Moment], zone: Zone) -> list[Happening]:
    """Each enter and leave that lasts, and each stay that is long."""
    sides = _settle(_find_sides(path, zone), path[-1].time)
    found = [Happening("fence_enter" if inside else "fence_leave", time) for time, inside in sides[1:]]
    for (entered, inside), (left, _) in pairwise([*sides, (path[-1].time, False)]):
        if inside and left - entered >= DWELL_S:
            found.append(Happening("fence_dwell", entered, left if left < path[-1].time else None))
    return [happening._replace(subject=zone.name) for happening in found]


def find_departures(path: list[Moment], route: Zone, trips: list[Happening]) -> list[Happening]:
    """Spans of the trips that lead beside the route."""
    sides = [*_find_sides(path, route), (path[-1].time, True)]
    beside: list[Span] = [(time, until) for (time, inside), (until, _) in pairwise(sides) if not inside]
    spans = cross(beside, [(trip.starts_at, trip.ends_at or path[-1].time) for trip in trips])
    return [Happening("off_route", *span, route.name) for span in spans if length(span) >= OFF_ROUTE_S]


def _find_sides(path: list[Moment], zone: Zone) -> list[Side]:
    """From when on the path lies inside or outside, beginning with its first moment."""
    depths = [zone.depth(moment.point) for moment in path]
    sides = [(path[0].time, depths[0] > 0)]
    for (a, b), (before, after) in zip(pairwise(path), pairwise(depths), strict=True):
        if (after > 0) != (before > 0):
            sides.append((a.time + (b.time - a.time) * before / (before - after), after > 0))
    return sides


def _settle(sides: list[Side], end: float) -> list[Side]:
    """The sides without those that were left again too soon."""
    settled = sides[:1]
    for (time, inside), (until, _) in zip(sides[1:], [*sides[2:], (end, False)], strict=False):
        if inside != settled[-1][1] and until - time >= CROSSING_S:
            settled.append((time, inside))
    return settled
