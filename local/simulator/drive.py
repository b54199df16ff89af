"""How a bus gets along a line: it accelerates, keeps the limits, brakes, and slows down in bends.

The speeds allowed at each point are swept forwards by what the bus can accelerate and backwards by what it
can brake; between two points the acceleration is constant, so that any moment can be computed directly.
"""

import bisect
import cmath
import math
from typing import NamedTuple

from local.town.geometry import Line, chainages, unit
from local.town.network import Step, line_of
from local.town.streets import SPEED_LIMIT_MPS

ACCELERATION = 1.0
BRAKING = 1.15
SIDEWAYS = 1.5  # m/s² that passengers bear in a bend
CREEP_MPS = 2.5
CORNER = math.radians(20)
CORNER_CUT = 11.0  # metres before and after a corner over which the bus turns


class Moment(NamedTuple):
    """Where a bus is on its line, in metres; `heading` is a unit direction."""

    point: complex
    heading: complex
    speed_mps: float
    driven_m: float


class Drive:
    """One drive from standing to standing along a line, `duration` seconds long."""

    def __init__(self, way: list[Step], haste: float = 1.0) -> None:
        """`haste` scales the speed limits to what this driver makes of them."""
        points: Line = []
        limits: list[float] = []
        for step in way:
            piece_limit = SPEED_LIMIT_MPS[step[0].street.kind] * haste
            line = line_of(step)[:-1] if step is not way[-1] else line_of(step)
            points += line
            limits += [piece_limit] * len(line)
        self._line, limits = _round_corners(points, limits)
        self._driven = chainages(self._line)
        self._speeds = self._sweep(limits)
        self._times = [0.0]
        for i in range(len(self._line) - 1):
            ahead = self._driven[i + 1] - self._driven[i]
            self._times.append(self._times[-1] + 2 * ahead / (self._speeds[i] + self._speeds[i + 1]))
        self.duration, self.length = self._times[-1], self._driven[-1]

    def _sweep(self, limits: list[float]) -> list[float]:
        speeds = [min(a, b) for a, b in zip(limits, _bend_limits(self._line), strict=True)]
        speeds[0] = speeds[-1] = 0.0
        ahead = [b - a for a, b in zip(self._driven, self._driven[1:], strict=False)]
        for i, span in enumerate(ahead):
            speeds[i + 1] = min(speeds[i + 1], math.sqrt(speeds[i] ** 2 + 2 * ACCELERATION * span))
        for i in range(len(ahead) - 1, -1, -1):
            speeds[i] = min(speeds[i], math.sqrt(speeds[i + 1] ** 2 + 2 * BRAKING * ahead[i]))
        return speeds

    def at(self, seconds: float) -> Moment:
        """The moment `seconds` after the start; before and after the drive the bus stands at its ends."""
        seconds = min(max(seconds, 0.0), self.duration)
        i = min(bisect.bisect_right(self._times, seconds), len(self._times) - 1) - 1
        a, b = self._line[i], self._line[i + 1]
        span, passed = self._times[i + 1] - self._times[i], seconds - self._times[i]
        gain = (self._speeds[i + 1] - self._speeds[i]) / span
        ahead = self._speeds[i] * passed + gain * passed * passed / 2
        heading = unit(b - a)
        return Moment(a + heading * ahead, heading, self._speeds[i] + gain * passed, self._driven[i] + ahead)


def _round_corners(points: Line, limits: list[float]) -> tuple[Line, list[float]]:
    """Replace each sharp corner by a short curve, and leave out points that (nearly) coincide."""
    line, kept = [points[0]], [limits[0]]
    for i in range(1, len(points) - 1):
        p = points[i]
        back, ahead = line[-1] - p, points[i + 1] - p
        if abs(back) < 1.0 or abs(ahead) < 1.0:
            continue
        if abs(cmath.phase(-ahead / back)) < CORNER:
            curve = [p]
        else:
            start = p + back * min(0.5, CORNER_CUT / abs(back))
            end = p + ahead * min(0.5, CORNER_CUT / abs(ahead))
            curve = [
                start * (1 - t) ** 2 + 2 * p * t * (1 - t) + end * t * t for t in (0, 0.2, 0.4, 0.6, 0.8, 1)
            ]
        line += curve
        kept += [limits[i]] * len(curve)
    if len(line) == 1:
        line.append((points[0] + points[-1]) / 2)
        kept.append(limits[0])
    return [*line, points[-1]], [*kept, limits[-1]]


def _bend_limits(line: Line) -> list[float]:
    """The speed at each point at which its bend is bearable."""
    limits = [math.inf]
    for before, p, after in zip(line, line[1:], line[2:], strict=False):
        turn = abs(cmath.phase((after - p) / (p - before)))
        radius = (abs(after - p) + abs(p - before)) / 2 / max(turn, 1e-6)
        limits.append(max(CREEP_MPS, math.sqrt(SIDEWAYS * radius)))
    return [*limits, math.inf]
