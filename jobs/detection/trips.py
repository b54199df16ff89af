"""A trip's figures: how far, how long, how fast, on how much fuel."""

from typing import Any

import numpy as np

from jobs.detection.findings import Row, number, write_moment
from jobs.detection.journeys import Stop, Trip, sum_moves_mm
from jobs.detection.track import SECOND, Booleans, Floats, Track

MOST_READINGS = 5
REFUELLED_POINTS = 5.0
HUNDREDTHS = 100


def write_trip(
    device_id: int, trip: Trip, track: Track, is_moving: Booleans, speed: Floats, tank_l: float | None
) -> Row:
    """The row of a trip; `speed` in m/s at each fix of the track, `tank_l` what the tank holds."""
    own, steps = slice(trip.first, trip.last + 1), slice(trip.first, trip.last)
    is_move = is_moving[trip.first : trip.last] | is_moving[trip.first + 1 : trip.last + 1]
    distance_m = sum_moves_mm(track, is_moving, trip.first, trip.last) / 1000
    moving_s = int(track.step_time[steps][is_move].sum()) / SECOND
    idle_s = int(track.step_time[steps][~is_move].sum()) / SECOND
    used_percent = _find_use(track.fixes["fuel_percent"][own], REFUELLED_POINTS)
    used_l = _find_use(track.fixes["fuel_l"][own], REFUELLED_POINTS)
    if used_l is None and used_percent is not None and tank_l:
        used_l = used_percent * tank_l / 100
    told = track.fixes["odometer"][own]
    odometer = told[~np.isnan(told)]
    return {
        "device_id": device_id,
        "started_at": write_moment(int(track.time[trip.first])),
        "ended_at": write_moment(int(track.time[trip.last])),
        "is_open": trip.is_open,
        "distance_m": distance_m,
        "moving_s": moving_s,
        "idle_s": idle_s,
        "top_speed_mps": _find_top(speed[own]),
        "mean_speed_mps": number(distance_m / moving_s, 2) if moving_s else None,
        "start_latitude": float(track.latitude[trip.first]),
        "start_longitude": float(track.longitude[trip.first]),
        "end_latitude": float(track.latitude[trip.last]),
        "end_longitude": float(track.longitude[trip.last]),
        "start_odometer_m": float(odometer[0]) if len(odometer) else None,
        "end_odometer_m": float(odometer[-1]) if len(odometer) else None,
        "fuel_used_l": number(used_l, 2),
        "fuel_used_percent": number(used_percent, 2),
        "fixes": trip.last - trip.first + 1,
    }


def write_stop(device_id: int, stop: Stop) -> Row:
    """The row of a stop."""
    return {
        "device_id": device_id,
        "started_at": write_moment(stop.started_at),
        "ended_at": write_moment(stop.ended_at),
        "is_open": stop.is_open,
        "latitude": stop.place.latitude,
        "longitude": stop.place.longitude,
        "spread_m": stop.spread_m,
        "quiet_from": write_moment(stop.quiet_from or None),
        "quiet_until": write_moment(stop.quiet_until or None),
    }


def _find_top(speed: Floats) -> float | None:
    known = speed[~np.isnan(speed)]
    return number(known.max(), 2) if len(known) else None


def _find_use(levels: Any, refuelled: float) -> float | None:
    """How much less there is at the end than at the beginning; unknown where something came in between."""
    hundredths = np.rint(levels[~np.isnan(levels)] * HUNDREDTHS).astype(np.int64)
    if len(hundredths) < 2 or np.diff(hundredths).max() > refuelled * HUNDREDTHS:
        return None
    count = min(MOST_READINGS, len(hundredths) // 2)
    used = (int(hundredths[:count].sum()) - int(hundredths[-count:].sum())) / count / HUNDREDTHS
    return max(used, 0.0)
