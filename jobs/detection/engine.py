"""What the ignition tells: switched on and off, running while the vehicle stands, off while it is moved."""

from collections.abc import Iterator

import numpy as np

from jobs.detection.findings import Event
from jobs.detection.look import Look
from jobs.detection.runs import Run, find_runs
from jobs.detection.track import Booleans
from sql.tracks import IGNITION_OFF, IGNITION_ON

STARTING_MPS = 0.8


def find_switching(look: Look) -> Iterator[Event]:
    """Each time the ignition is switched on or off; a flicker is none."""
    told = np.flatnonzero(look.motion.ignition >= IGNITION_OFF)
    is_on = look.motion.ignition[told] == IGNITION_ON
    for change in np.flatnonzero(is_on[1:] != is_on[:-1]) + 1:
        kind = "ignition_on" if is_on[change] else "ignition_off"
        if (rule := look.rules.get(kind)) and (event := look.tell_moment(rule, int(told[change]))):
            yield event


def find_idling(look: Look) -> Iterator[Event]:
    """The engine runs and the vehicle stands for as long as the rule says.

    It may go on for days, so the fixes that show it are those until it was certain.
    """
    if not (rule := look.rules.get("idling")):
        return
    time, since = look.track.time, look.lasting.get("idling")
    is_on = look.motion.ignition == IGNITION_ON
    for run in find_runs(is_on & ~look.motion.is_moving, look.track.is_silence):
        first, last = _fit(look, run, is_on)
        if since is not None and time[first] < look.since <= time[last]:
            yield Event("idling", since, look.find_end(last), first, last, first)
        elif event := look.tell_interval(rule, Run(first, last)):
            yield event._replace(last=event.told_at)


def _fit(look: Look, run: Run, is_on: Booleans) -> Run:
    """The run from the first fix to the last at which the vehicle really stands, not half a minute around."""
    track, first, last = look.track, run.first, run.last
    while first > 0 and is_on[first - 1] and _stands(look, first - 1) and not track.is_silence[first - 1]:
        first -= 1
    while (
        last + 1 < len(track) and is_on[last + 1] and _stands(look, last + 1) and not track.is_silence[last]
    ):
        last += 1
    return Run(first, last)


def _stands(look: Look, place: int) -> bool:
    return bool(look.track.speed[place] < STARTING_MPS)


def find_towing(look: Look) -> Iterator[Event]:
    """Moved with the ignition off; the value is how far, in metres."""
    if not (rule := look.rules.get("tow")):
        return
    time = look.track.time
    for tow in look.journeys.tows:
        if tow.distance_m >= rule.threshold and rule.applies(int(time[tow.first])):
            yield Event(
                "tow",
                int(time[tow.first]),
                look.find_end(tow.last),
                tow.first,
                tow.last,
                tow.last,
                tow.distance_m,
                rule.threshold,
            )
