"""What becomes of the unit and the vehicle: silence, batteries, fuel, and words of the device's own."""

from collections.abc import Iterable
from itertools import pairwise

from local.drives.definitions import (
    FUEL_DROP_POINTS,
    FUEL_DROP_S,
    GOOD_BATTERY_PERCENT,
    HARSH_KINDS,
    LOW_BATTERY_PERCENT,
    OFFLINE_S,
    POWER_BACK_V,
    POWER_CUT_V,
    SOS_WORDS,
    Happening,
)
from local.drives.truth.spans import Span

Corners = list[tuple[float, float]]


def find_offline(times: Iterable[float], ignition: list[Span] | None) -> list[Happening]:
    """Gaps between the times of fixes; after a fix with the ignition off silence is sleep."""
    return [
        Happening("offline", last, following)
        for last, following in pairwise(times)
        if following - last > OFFLINE_S
        and (ignition is None or any(start <= last < end for start, end in ignition))
    ]


def find_low_battery(corners: Corners) -> list[Happening]:
    return _find_low("low_battery", corners, LOW_BATTERY_PERCENT, GOOD_BATTERY_PERCENT)


def find_power_cuts(corners: Corners) -> list[Happening]:
    return _find_low("power_cut", corners, POWER_CUT_V, POWER_BACK_V)


def _find_low(kind: str, corners: Corners, low: float, good: float) -> list[Happening]:
    """From below `low` until `good` is reached again."""
    found, since = [], None
    for (start, before), (end, after) in pairwise(corners):
        per_unit = (end - start) / (after - before) if after != before else 0.0
        if since is None and after < low:
            since = start + (low - before) * per_unit
        elif since is not None and after >= good:
            found.append(Happening(kind, since, start + (good - before) * per_unit))
            since = None
    return found if since is None else [*found, Happening(kind, since)]


def find_fuel_drops(corners: Corners) -> list[Happening]:
    """Falls so steep that the points that count are gone in time."""
    falls: list[tuple[float, float, float]] = []
    for (start, before), (end, after) in pairwise(corners):
        if (before - after) / (end - start) < FUEL_DROP_POINTS / FUEL_DROP_S:
            continue
        if falls and falls[-1][1] == start:
            falls[-1] = (falls[-1][0], end, falls[-1][2] + before - after)
        else:
            falls.append((start, end, before - after))
    return [
        Happening("fuel_drop", start, end, value=points)
        for start, end, points in falls
        if points >= FUEL_DROP_POINTS
    ]


def find_words(words: Iterable[tuple[float, str]]) -> list[Happening]:
    """What the device told by itself, at the times of the fixes that carry it."""
    found = []
    for time, word in words:
        if word in HARSH_KINDS:
            found.append(Happening(word, time))
        elif word:
            found.append(Happening("sos" if word in SOS_WORDS else "device_alarm", time, subject=word))
    return found
