"""What a receiver makes of the truth: an error that drifts (Ornstein-Uhlenbeck) and some that does not."""

import math
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

from local.drives.ground import Ground
from local.drives.journey import Journey, Moment
from local.drives.tracker import Tracker, is_on, schedule_fixes

ERROR_LASTS_S = 45.0
WHITE_M, SPEED_ERROR_MPS, SPEED_AT_REST_MPS = 0.5, 0.1, 0.3
COURSE_FROM_MPS = 2.0
SLOSH_POINTS = 2.0
OUTLIER_M = (100.0, 300.0)


class Fix(NamedTuple):
    """One reported position; times in epoch seconds, SI units; None where the unit does not tell.

    `delivery` is when it arrives, where that is not at once.
    """

    time: float
    latitude: float
    longitude: float
    accuracy_m: float
    satellites: int
    speed_mps: float | None = None
    course: float | None = None
    odometer_m: float | None = None
    ignition: bool | None = None
    fuel_percent: float | None = None
    battery_percent: float | None = None
    external_power_v: float | None = None
    event: str | None = None
    delivery: float | None = None


def as_native(fix: Fix) -> dict[str, Any]:
    """The fix in native JSON."""
    time = datetime.fromtimestamp(fix.time, UTC).isoformat(timespec="milliseconds")
    told = {
        "time": time.replace("+00:00", "Z"),
        "lat": fix.latitude,
        "lon": fix.longitude,
        "speed": fix.speed_mps,
        "course": fix.course,
        "accuracy": fix.accuracy_m,
        "satellites": fix.satellites,
        "odometer": fix.odometer_m,
        "ignition": fix.ignition,
        "fuel_percent": fix.fuel_percent,
        "battery_percent": fix.battery_percent,
        "external_power_v": fix.external_power_v,
        "event": fix.event,
    }
    return {name: value for name, value in told.items() if value is not None}


def read_level(corners: list[tuple[float, float]], time: float) -> float:
    """The value at a time of a line given by its corners, level before and after them."""
    i = bisect_right(corners, time, key=lambda corner: corner[0])
    if i in (0, len(corners)):
        return corners[max(0, i - 1)][1]
    (start, before), (end, after) = corners[i - 1 : i + 1]
    return before + (after - before) * (time - start) / (end - start)


def observe(journey: Journey, tracker: Tracker, ground: Ground, rng: Random) -> list[Fix]:
    """The fixes of a journey in order of time, those that are sent twice one behind the other."""
    fixes = []
    words = sorted(journey.words)
    for fix in _receive(journey, tracker, ground, rng):
        if words and fix.time >= words[0][0]:
            fix = fix._replace(event=words.pop(0)[1])
        held = [end for start, end in journey.holdups if start <= fix.time < end]
        if held:
            fix = fix._replace(delivery=held[0])
        elif rng.random() < tracker.late_chance:
            fix = fix._replace(delivery=round(fix.time + rng.uniform(5, 120), 3))
        fixes.append(fix)
        if rng.random() < tracker.duplicate_chance:
            fixes.append(fix._replace(delivery=round((fix.delivery or fix.time) + rng.uniform(0.1, 30), 3)))
    return fixes


def _receive(journey: Journey, tracker: Tracker, ground: Ground, rng: Random) -> Iterator[Fix]:
    drift = complex(rng.gauss(0, 1), rng.gauss(0, 1))
    odometer_m, last = rng.uniform(1e6, 3e8), journey.begins
    for time in schedule_fixes(journey, tracker, rng):
        moment = journey.at(time)
        keep = math.exp((last - time) / ERROR_LASTS_S)
        fresh = math.sqrt(1 - keep * keep)
        drift = drift * keep + complex(rng.gauss(0, fresh), rng.gauss(0, fresh))
        last = time
        error = drift * (tracker.error_m if moment.speed_mps else tracker.parked_error_m)
        error += complex(rng.gauss(0, WHITE_M), rng.gauss(0, WHITE_M))
        accuracy_m = 2.2 + abs(error) * 0.6
        if rng.random() < tracker.outlier_chance:
            angle = rng.uniform(-math.pi, math.pi)
            error += rng.uniform(*OUTLIER_M) * complex(math.cos(angle), math.sin(angle))
            accuracy_m = rng.choice((accuracy_m, rng.uniform(60, 200)))  # not every receiver knows
        latitude, longitude = ground.locate(moment.point + error)
        fix = Fix(time, latitude, longitude, round(accuracy_m, 1), rng.randint(7, 13))
        yield _tell(fix, journey, tracker, moment, odometer_m, rng)


def _tell(
    fix: Fix, journey: Journey, tracker: Tracker, moment: Moment, odometer_m: float, rng: Random
) -> Fix:
    """The fix with what this unit tells beside its place."""
    if tracker.tells_speed:
        speed = moment.speed_mps + rng.gauss(0, SPEED_ERROR_MPS)
        if not moment.speed_mps:
            speed = rng.uniform(0, SPEED_AT_REST_MPS)
        course = rng.uniform(0, 360)
        if moment.speed_mps > COURSE_FROM_MPS:
            course = 90 - math.degrees(moment.heading) + rng.gauss(0, tracker.course_error)
        fix = fix._replace(speed_mps=round(max(0.0, speed), 2), course=round(course % 360, 1) % 360)
    if tracker.tells_odometer:
        fix = fix._replace(odometer_m=round(odometer_m + moment.driven_m, 1))
    if tracker.tells_ignition:
        fix = fix._replace(ignition=is_on(journey.switches, fix.time))
    if journey.fuel:
        level = read_level(journey.fuel, fix.time) + rng.uniform(-SLOSH_POINTS, SLOSH_POINTS)
        fix = fix._replace(fuel_percent=round(min(100.0, max(0.0, level)), 1))
    if journey.battery:
        fix = fix._replace(battery_percent=round(read_level(journey.battery, fix.time), 1))
    if journey.power:
        volts = read_level(journey.power, fix.time) + rng.gauss(0, 0.05)
        fix = fix._replace(external_power_v=round(max(0.0, volts), 2))
    return fix
