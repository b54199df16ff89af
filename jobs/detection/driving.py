"""How a vehicle is driven: too fast, and with too much force."""

from collections.abc import Iterator

import numpy as np

from jobs.detection.findings import Event
from jobs.detection.look import Look
from jobs.detection.rules import Rule
from jobs.detection.runs import Run, bridge, find_runs
from jobs.detection.track import SECOND, Booleans, Floats, Integers, wrap

SHORTEST_DIP = 5 * SECOND
LONGEST_STEP = 180 * SECOND  # longer, and nobody knows how fast it was in between
SHORTEST_BRAKING_STEP, LONGEST_BRAKING_STEP = 0.5, 1.6  # seconds
SLOWEST_TURN_MPS = 3.0
STRONGEST_MPS2 = 12.0  # more than tyres can; a speed or course that was told wrongly
SAME_MANOEUVRE = 3 * SECOND
TOLD_WITHIN = 15 * SECOND


def find_speeding(look: Look) -> Iterator[Event]:
    """Faster than allowed for as long as the rule says; the value is the top speed."""
    if not (rule := look.rules.get("overspeed")) or not len(look.track):
        return
    limits, fence_ids = _find_limits(look, rule)
    is_over = bridge(look.speed > limits, look.track.time, SHORTEST_DIP)
    for run in find_runs(is_over, look.track.step_time > LONGEST_STEP):
        own = slice(run.first, run.last + 1)
        peak = run.first + int(np.nanargmax(look.speed[own] - limits[own]))
        event = look.tell_interval(
            rule, run, float(look.speed[peak]), float(limits[peak]), int(fence_ids[peak])
        )
        if event:
            yield event


def _find_limits(look: Look, rule: Rule) -> tuple[Floats, Integers]:
    """The limit at each fix, and the geofence that gives it: the lowest there, else the rule's.

    A geofence's takes the place of the fleet's; of one that the vehicle alone has, only where it is lower.
    """
    limits = np.full(len(look.track), rule.threshold if rule.is_own else np.inf)
    fence_ids = np.zeros(len(look.track), np.int64)
    for visit in look.visits:
        fence = look.fences[visit.geofence_id]
        own = slice(visit.first, visit.last + 1)
        if fence.speed_limit_mps is not None:
            slower = limits[own] > fence.speed_limit_mps
            limits[own] = np.where(slower, fence.speed_limit_mps, limits[own])
            fence_ids[own] = np.where(slower, fence.id, fence_ids[own])
    return np.where(np.isinf(limits), rule.threshold, limits), fence_ids


def find_harshness(look: Look) -> Iterator[Event]:
    """Harsh braking, acceleration and cornering, where fixes come each second; the value is the strongest."""
    track = look.track
    if len(track) < 3:
        return
    seconds = track.step_time / SECOND
    close = (seconds >= SHORTEST_BRAKING_STEP) & (seconds <= LONGEST_BRAKING_STEP)
    close[1:-1] &= close[:-2] | close[2:]  # one short step alone is an extra report, whose speeds tell little
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(close, np.diff(track.speed) / seconds, np.nan)
    yield from _find_peaks(look, "harsh_braking", -change, 0)
    yield from _find_peaks(look, "harsh_acceleration", change, 0)
    course = track.fixes["course"].astype(np.float64)
    turn = np.abs(np.radians(wrap(course[2:] - course[:-2]))) / (seconds[:-1] + seconds[1:])
    is_known = close[:-1] & close[1:] & (np.minimum(track.speed[2:], track.speed[:-2]) > SLOWEST_TURN_MPS)
    yield from _find_peaks(look, "harsh_cornering", np.where(is_known, turn * track.speed[1:-1], np.nan), 1)


def _find_peaks(look: Look, kind: str, force: Floats, offset: int) -> Iterator[Event]:
    """Manoeuvres of at least the threshold, in m/s2; `force` begins with that at the fix `offset`."""
    if not (rule := look.rules.get(kind)):
        return
    is_harsh: Booleans = (force >= rule.threshold) & (force <= STRONGEST_MPS2)
    places = np.flatnonzero(is_harsh)
    if not len(places):
        return
    time = look.track.time[offset:]
    for own in np.split(places, np.flatnonzero(np.diff(time[places]) > SAME_MANOEUVRE) + 1):
        peak = float(force[own].max())
        last = min(int(own[-1]) + offset + 1, len(look.track) - 1)
        run = Run(int(own[0]) + offset, last)
        at = int(look.track.time[run.first])
        if rule.applies(at) and not _is_told(look, kind, at):
            ended_at = int(look.track.time[run.last])
            yield Event(kind, at, ended_at, run.first, run.last, run.last, peak, rule.threshold)


def _is_told(look: Look, kind: str, at: int) -> bool:
    """Whether the device itself tells of this manoeuvre."""
    return any(
        name.strip().lower() == kind and abs(int(look.every.time[place]) - at) <= TOLD_WITHIN
        for place, name in look.names.items()
    )
