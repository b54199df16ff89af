"""Where a vehicle may be, and when: geofences, corridors, and the hours in which it may drive."""

from collections.abc import Iterator

import shapely

from jobs.detection.fences import Fence, Visit
from jobs.detection.findings import Event
from jobs.detection.journeys import Trip
from jobs.detection.look import Look


def find_crossings(look: Look) -> Iterator[Event]:
    """Geofences entered and left, and visits that have become long."""
    now = int(look.track.time[-1]) if len(look.track) else 0
    for visit in look.visits:
        fence = look.fences[visit.geofence_id]
        if fence.is_corridor:
            continue
        if visit.is_entry_seen:
            yield from _tell(look, "fence_enter", fence, visit.entered_at)
        if visit.left_at is not None:
            yield from _tell(look, "fence_leave", fence, visit.left_at)
        long = visit.entered_at + fence.dwell
        if (now if visit.left_at is None else visit.left_at) >= long:
            yield from _tell(look, "fence_dwell", fence, long)


def _tell(look: Look, kind: str, fence: Fence, at: int) -> Iterator[Event]:
    rule = look.rules.get(kind)
    if not rule or not rule.applies(at) or (fence.week and not fence.week.covers_one(at)):
        return
    place = look.find_place(at)
    certain = look.find_place(at + fence.least_visit)
    last = min(place + 1, len(look.track) - 1)
    yield Event(kind, at, at, place, last, min(certain + 1, len(look.track) - 1), geofence_id=fence.id)


def find_detours(look: Look) -> Iterator[Event]:
    """On a trip, but for some time not where its corridor leads; the value is how far off, in metres."""
    if not (rule := look.rules.get("off_route")):
        return
    for fence in look.fences.values():
        if not fence.is_corridor:
            continue
        visits = [visit for visit in look.visits if visit.geofence_id == fence.id]
        for trip in look.journeys.trips:
            for start, end in _list_absences(look, trip, visits):
                until = int(look.track.time[trip.last]) if end is None else end
                within = fence.week is None or fence.week.covers_one(start)
                if until - start < rule.lasting or not within or not rule.applies(start):
                    continue
                ended_at = None if end is None and trip.is_open else until
                first, last = look.find_place(start), look.find_place(until)
                certain = look.find_place(start + rule.lasting)
                farthest_m = _find_farthest(look, fence, first, last)
                yield Event(
                    "off_route", start, ended_at, first, last, certain, farthest_m, geofence_id=fence.id
                )


def _find_farthest(look: Look, fence: Fence, first: int, last: int) -> float:
    """How far outside of a corridor some fixes were, the farthest of them."""
    own = slice(first, last + 1)
    x, y = fence.project(look.track.latitude[own], look.track.longitude[own])
    return float(shapely.distance(fence.area, shapely.points(x, y)).max())


def _list_absences(look: Look, trip: Trip, visits: list[Visit]) -> Iterator[tuple[int, int | None]]:
    """From when to when a trip was outside; None to its end."""
    at, end = int(look.track.time[trip.first]), int(look.track.time[trip.last])
    for visit in visits:
        if visit.left_at is not None and visit.left_at <= at:
            continue
        if visit.entered_at >= end:
            break
        if visit.entered_at > at:
            yield at, visit.entered_at
        if visit.left_at is None:
            return
        at = visit.left_at
    if at < end:
        yield at, None


def find_unauthorised(look: Look) -> Iterator[Event]:
    """Trips that begin when nobody may drive."""
    rule = look.rules.get("unauthorised")
    if not rule or not rule.week:
        return
    for trip in look.journeys.trips:
        at = int(look.track.time[trip.first])
        if not rule.week.covers_one(at):
            ended_at = None if trip.is_open else int(look.track.time[trip.last])
            yield Event("unauthorised", at, ended_at, trip.first, trip.last, trip.last)
