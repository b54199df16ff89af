"""Battery, external power and fuel: of every fix, wherever it claims to be."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from jobs.detection.findings import Event
from jobs.detection.look import Look
from jobs.detection.runs import bridge, carry, find_runs
from jobs.detection.track import SECOND, Floats, Integers, Track

BATTERY_RECOVERED = 1.5  # times the threshold
POWER_RECOVERED = 1.8
AROUND = 30 * SECOND
WITHIN = 600 * SECOND
SETTLED_POINTS = 2.0
HUNDREDTHS = 100


def find_low_battery(look: Look) -> Iterator[Event]:
    """A battery below the threshold until it is well above; the value is what it fell to, in percent."""
    yield from _find_lows(look, "low_battery", "battery", BATTERY_RECOVERED)


def find_power_cuts(look: Look) -> Iterator[Event]:
    """External power below the threshold until it is well above; the value is what it fell to, in volts."""
    yield from _find_lows(look, "power_cut", "power", POWER_RECOVERED)


def _find_lows(look: Look, kind: str, column: str, recovered: float) -> Iterator[Event]:
    if not (rule := look.rules.get(kind)):
        return
    every = look.every
    told = np.flatnonzero(~np.isnan(every.fixes[column]) & (every.time >= look.since))
    values, time = every.fixes[column][told], every.time[told]
    is_low, is_well = values < rule.threshold, values >= rule.threshold * recovered
    since = look.lasting.get(kind)
    if since is not None and len(told) and is_well[0] and rule.applies(since):
        first = int(told[0])
        yield Event(kind, since, int(time[0]), first, first, first)
    for run in find_runs(carry(is_low | is_well, is_low, since is not None)):
        started = since if run.first == 0 and since is not None else int(time[run.first])
        ended = None if run.last + 1 == len(told) else int(time[run.last + 1])
        if rule.applies(started):
            first = int(told[run.first])
            yield Event(kind, started, ended, first, first, first, float(values[run.first]), rule.threshold)


def find_fuel_drops(look: Look) -> Iterator[Event]:
    """Fuel that goes faster than an engine burns it; the value is how much, in points of a percent."""
    if not (rule := look.rules.get("fuel_drop")):
        return
    told = np.flatnonzero(~np.isnan(look.every.fixes["fuel_percent"]))
    if len(told) < 3:
        return
    time, level = look.every.time[told], _smooth(look.every, told)
    before = np.searchsorted(time, time - WITHIN, "left")
    for run in find_runs(bridge(level[before] - level >= rule.threshold, time, WITHIN)):
        high = int(before[run.first]) + int(np.argmax(level[before[run.first] : run.first + 1]))
        own = slice(high, run.last + 1)
        low = float(level[own].min())
        first = high + int(np.flatnonzero(level[own] >= level[high] - SETTLED_POINTS)[-1])
        last = high + int(np.flatnonzero(level[own] <= low + SETTLED_POINTS)[0])
        first = min(first, last)
        if not rule.applies(int(time[first])):
            continue
        lost = float(level[high]) - low
        places = (int(told[first]), int(told[last]), int(told[run.first]))
        yield Event("fuel_drop", int(time[first]), int(time[last]), *places, lost, rule.threshold)


def _smooth(track: Track, told: Integers) -> Floats:
    """The level around each fix that tells one, the mean of half a minute on both sides, in percent."""
    time = track.time[told]
    hundredths = np.rint(track.fixes["fuel_percent"][told] * HUNDREDTHS).astype(np.int64)
    sums: Any = np.concatenate(([0], np.cumsum(hundredths)))
    begins = np.searchsorted(time, time - AROUND, "left")
    ends = np.searchsorted(time, time + AROUND, "right")
    result: Floats = (sums[ends] - sums[begins]) / (ends - begins) / HUNDREDTHS
    return result
