"""Whether a vehicle moves, at each fix: by how far it came in the half minute around it.

One step tells little: at a fix a second, noise alone makes steps of metres. So the place some seconds before is
compared with the place some seconds after. Between a pace that is surely motion and one that surely is none,
what was sure last goes on, so that creeping in a jam does not flicker.
"""

import numpy as np

from jobs.detection.runs import carry
from jobs.detection.track import SECOND, Booleans, Floats, Integers, Track, measure

AROUND = 15 * SECOND
MOVING_MPS = 1.0
STANDING_MPS = 0.5
TOLD_STANDING_MPS = 0.8  # a receiver that tells speeds tells less than this where it stands
DOUBTFUL_MPS = 2.0


def find_motion(track: Track) -> Booleans:
    """Whether the vehicle moves, at each fix; where the track begins it stands until it surely moves."""
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
