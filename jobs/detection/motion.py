"""Whether a vehicle moves and its ignition is on, at each fix.

It moves by how far it came in the half minute around a fix.

One step tells little: at a fix a second, noise alone makes steps of metres. So the place some seconds before
is compared with the place some seconds after. Between a pace that is surely motion and one that surely is
none, what was sure last goes on, so that creeping in a jam does not flicker.

The ignition flickers too: a loose contact says "off" for some seconds, and on the move for somewhat longer.
"""

from typing import NamedTuple

import numpy as np

from jobs.detection.runs import carry, find_runs
from jobs.detection.track import SECOND, Booleans, Floats, Integers, Track, measure
from sql.tracks import IGNITION_OFF, IGNITION_ON

AROUND = 15 * SECOND
MOVING_MPS = 0.8
STANDING_MPS = 0.4
TOLD_STANDING_MPS = 0.8  # a receiver that tells speeds tells less than this where it stands
DOUBTFUL_MPS = 2.0
SHORTEST_SWITCH = 10 * SECOND
SHORTEST_SWITCH_MOVING = 60 * SECOND


class Motion(NamedTuple):
    """What a vehicle does at each fix; the ignition is on, off or unknown as sql.tracks has it."""

    is_moving: Booleans
    ignition: Integers


def find_motion(track: Track) -> Motion:
    """Where the track begins the vehicle stands until it surely moves."""
    is_moving = _find_moving(track)
    return Motion(is_moving, _steady(track, is_moving))


def _steady(track: Track, is_moving: Booleans) -> Integers:
    """The ignition without what it says for a moment only, between two fixes that say the opposite."""
    ignition = track.ignition.astype(np.int64)
    told = np.flatnonzero(ignition >= IGNITION_OFF)
    for says in (IGNITION_OFF, IGNITION_ON):
        for run in find_runs(ignition[told] == says):
            if run.first == 0 or run.last + 1 == len(told):
                continue
            own = told[run.first : run.last + 1]
            lasted = track.time[told[run.last + 1]] - track.time[own[0]]
            on_the_move = says == IGNITION_OFF and bool(is_moving[own].all())
            if lasted < (SHORTEST_SWITCH_MOVING if on_the_move else SHORTEST_SWITCH):
                ignition[own] = IGNITION_ON if says == IGNITION_OFF else IGNITION_OFF
    return ignition


def _find_moving(track: Track) -> Booleans:
    pace = measure_pace(track)
    if len(track) > 2:
        told = np.fmax(np.fmax(track.speed, _shift(track.speed, 1)), _shift(track.speed, -1))
        pace = np.where((told < TOLD_STANDING_MPS) & (pace < DOUBTFUL_MPS), 0.0, pace)
    is_moving = pace >= MOVING_MPS
    return carry(is_moving | (pace <= STANDING_MPS), is_moving, False)


def measure_pace(track: Track) -> Floats:
    """Metres a second from some seconds before each fix to some after, never across a silence."""
    if not len(track):
        return np.zeros(0)
    before, after = _look_around(track)
    latitude, longitude = track.smooth
    metres = measure(latitude[before], longitude[before], latitude[after], longitude[after])
    seconds = (track.time[after] - track.time[before]) / SECOND
    return np.divide(metres, seconds, out=np.zeros(len(track)), where=seconds > 0)


def _look_around(track: Track) -> tuple[Integers, Integers]:
    """For each fix the first and the last of those around it, at least its neighbours."""
    places = np.arange(len(track))
    before = np.searchsorted(track.time, track.time - AROUND, "left")
    after = np.searchsorted(track.time, track.time + AROUND, "right") - 1
    before = np.minimum(before, np.maximum(places - 1, 0))
    after = np.maximum(after, np.minimum(places + 1, len(track) - 1))
    begins = np.zeros(len(track), np.int64)
    begins[1:][track.is_silence] = places[1:][track.is_silence]
    ends = np.full(len(track), len(track) - 1)
    ends[:-1][track.is_silence] = places[:-1][track.is_silence]
    section_begins = np.maximum.accumulate(begins)
    section_ends = np.minimum.accumulate(ends[::-1])[::-1]
    return np.maximum(before, section_begins), np.minimum(after, section_ends)


def _shift(values: Floats, by: int) -> Floats:
    shifted = np.full(len(values), np.nan)
    if by > 0:
        shifted[by:] = values[:-by]
    else:
        shifted[:by] = values[-by:]
    return shifted
