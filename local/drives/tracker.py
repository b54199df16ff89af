"""When a unit takes a fix: at its interval, less often while it rests, and at once when something changes."""

import bisect
from random import Random
from typing import NamedTuple

from local.drives.journey import Journey

RESTS_AFTER_S = 120.0  # a unit that knows no ignition takes this long to believe that it stands
TELLS_AT_ONCE_S = 2.0  # a unit that reports this often needs no extra fix to tell a change


class Tracker(NamedTuple):
    """What kind of unit, and how good its receiver is (standard deviations in metres and degrees)."""

    interval_s: float
    parked_interval_s: float = 120.0
    tells_ignition: bool = True
    tells_speed: bool = True
    tells_odometer: bool = True
    error_m: float = 2.5
    parked_error_m: float = 2.5
    course_error: float = 1.5
    outlier_chance: float = 0.0
    duplicate_chance: float = 0.0
    late_chance: float = 0.0


def schedule_fixes(journey: Journey, tracker: Tracker, rng: Random) -> list[float]:
    """The times at which fixes are taken (epoch seconds, to the millisecond)."""
    standings, changes = journey.standings(), _list_changes(journey, tracker)
    times, time = [], journey.begins + rng.uniform(0, min(tracker.interval_s, 5))
    while time < journey.time:
        times.append(round(time, 3))
        rests = _is_resting(journey, tracker, standings, time)
        following = time + (tracker.parked_interval_s if rests else tracker.interval_s)
        if rests or tracker.interval_s > TELLS_AT_ONCE_S:
            i = bisect.bisect(changes, time + 0.05)
            following = min([following, *changes[i : i + 1]])
        time = following
    return [time for time in times if not any(a < time < b for a, b in journey.silences)]


def is_on(switches: list[tuple[float, bool]], time: float) -> bool:
    """Whether the ignition is on at a time."""
    return switches[bisect.bisect_right(switches, time, key=lambda switch: switch[0]) - 1][1]


def _list_changes(journey: Journey, tracker: Tracker) -> list[float]:
    """When something wakes the unit: it starts to move, the ignition changes, it has a word to say."""
    changes = [end + 1.0 for _, end in journey.standings()] + [time for time, _ in journey.words]
    if tracker.tells_ignition:
        changes += [time + 0.2 for time, _ in journey.switches[1:]]
    return sorted(changes)


def _is_resting(
    journey: Journey, tracker: Tracker, standings: list[tuple[float, float]], time: float
) -> bool:
    i = bisect.bisect(standings, time, key=lambda standing: standing[0]) - 1
    if i < 0 or time >= standings[i][1]:
        return False
    if tracker.tells_ignition:
        return not is_on(journey.switches, time)
    return time - standings[i][0] >= RESTS_AFTER_S
