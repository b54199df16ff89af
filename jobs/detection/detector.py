"""Looks at a device's fixes and tells what happened, from a moment on at which all before is known.

Such a moment lies within a stop, some minutes from all that stirred: then the place of the stop, the
geofences that the vehicle is in, and what else goes on (`Known`) are all of the past that can matter.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from jobs.detection import driving, engine, places, signals, supply
from jobs.detection.fences import Fence, Ground, Visit, find_visits
from jobs.detection.findings import Event, Findings, Sign, write_event, write_moment
from jobs.detection.journeys import Journeys, Stop, find_journeys
from jobs.detection.look import Look
from jobs.detection.motion import TOLD_STANDING_MPS, Motion, find_motion
from jobs.detection.rules import Rules
from jobs.detection.track import Track, clean
from jobs.detection.trips import write_stop, write_trip
from sql.tracks import Fixes

BEGINNING = -(2**62)

# These name fixes of the track as it came, the others of what is left of it when it is clean.
OF_EVERY_FIX: tuple[Callable[[Look], Iterator[Event]], ...] = (
    signals.find_calls,
    signals.find_silences,
    supply.find_low_battery,
    supply.find_power_cuts,
    supply.find_fuel_drops,
)
OF_CLEAN_FIXES: tuple[Callable[[Look], Iterator[Event]], ...] = (
    driving.find_speeding,
    driving.find_harshness,
    engine.find_switching,
    engine.find_idling,
    engine.find_towing,
    places.find_crossings,
    places.find_detours,
    places.find_unauthorised,
)


@dataclass(frozen=True)
class Known:
    """What goes on at `since` (microseconds): the stop, visits by geofence, and events by kind."""

    since: int = BEGINNING
    stop: Stop | None = None
    visits: Mapping[int, int] = field(default_factory=dict)
    lasting: Mapping[str, int] = field(default_factory=dict)


class Vehicle(NamedTuple):
    """What detection has to know of the vehicle that a device is in."""

    id: int | None
    tank_l: float | None
    rules: Rules
    fences: tuple[Fence, ...]


def detect(device_id: int, fixes: Fixes, names: dict[int, str], known: Known, vehicle: Vehicle) -> Findings:
    """All that happened from `known.since` on; fixes before are context. `names` go by place in `fixes`."""
    every, track = Track(fixes), clean(fixes)
    motion = find_motion(track)
    begin = int(np.searchsorted(track.time, known.since, "left"))
    if known.stop is not None:
        known.stop.first = begin
    journeys = find_journeys(track, motion, begin, known.stop)
    fences = {fence.id: fence for fence in vehicle.fences}
    look = Look(
        every=every,
        track=track,
        motion=motion,
        since=known.since,
        journeys=journeys,
        fences=fences,
        visits=_find_all_visits(_settle(track, motion, begin, journeys), fences, known.visits),
        rules=vehicle.rules,
        lasting=dict(known.lasting),
        names=names,
    )
    findings = Findings(
        trips=[
            write_trip(device_id, trip, track, motion.is_moving, look.speed, vehicle.tank_l)
            for trip in journeys.trips
        ],
        stops=[write_stop(device_id, stop) for stop in journeys.stops],
        geofence_visits=[_write_visit(device_id, visit) for visit in look.visits],
    )
    _add_events(findings, device_id, look, known)
    return findings


def _settle(track: Track, motion: Motion, begin: int, journeys: Journeys) -> Ground:
    """Where the vehicle was at each fix from `begin` on; what stands is at the place of its stop.

    So it is before and after, while it does not move and is not at another stop: one may begin and end with
    the ignition.
    """
    latitude, longitude = (column[begin:].copy() for column in track.smooth)
    spread = np.zeros(len(latitude))
    told = track.speed[begin:]
    stands = np.where(np.isnan(told), ~motion.is_moving[begin:], told < TOLD_STANDING_MPS)
    firsts = [*(stop.first - begin for stop in journeys.stops), len(stands)]
    lasts = [-1, *(stop.last - begin for stop in journeys.stops)]
    for number, stop in enumerate(journeys.stops):
        first, last = max(firsts[number], 0), lasts[number + 1]
        before, after = lasts[number], firsts[number + 1]
        while first - 1 > before and stands[first - 1] and not track.is_silence[begin + first - 1]:
            first -= 1
        while last + 1 < after and stands[last + 1] and not track.is_silence[begin + last]:
            last += 1
        latitude[first : last + 1], longitude[first : last + 1] = stop.place
        spread[first : last + 1] = stop.spread_m
    return Ground(track, begin, latitude, longitude, spread)


def _find_all_visits(ground: Ground, fences: dict[int, Fence], known: Mapping[int, int]) -> list[Visit]:
    return [visit for fence in fences.values() for visit in find_visits(ground, fence, known.get(fence.id))]


def _write_visit(device_id: int, visit: Visit) -> dict[str, object]:
    return {
        "device_id": device_id,
        "geofence_id": visit.geofence_id,
        "entered_at": write_moment(visit.entered_at),
        "left_at": write_moment(visit.left_at),
    }


def _add_events(findings: Findings, device_id: int, look: Look, known: Known) -> None:
    found: dict[tuple[int, str, int], tuple[Event, Track]] = {}
    for finders, track in ((OF_CLEAN_FIXES, look.track), (OF_EVERY_FIX, look.every)):
        for find in finders if len(track) else ():
            for event in find(look):
                found.setdefault((event.started_at, event.kind, event.geofence_id), (event, track))
    for key in sorted(found):
        event, track = found[key]
        told = track.fixes[event.told_at]
        goes_on = known.lasting.get(event.kind) == event.started_at
        # Idling is certain only when it has lasted, which may be after the window has begun.
        begins = int(told["time"]) if event.kind == "idling" else event.started_at
        if begins >= known.since and not goes_on:
            findings.events.append(write_event(device_id, event, track))
            findings.signs.append(Sign(int(told["time"]), int(told["received"])))
        elif goes_on:
            findings.endings.append(
                {
                    "device_id": device_id,
                    "started_at": write_moment(event.started_at),
                    "kind": event.kind,
                    "ended_at": write_moment(event.ended_at),
                }
            )
