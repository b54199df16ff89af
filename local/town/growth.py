"""Lets streets grow out of streets, as towns do: a side street starts at a right angle and follows the field.

A street ends where the ground is taken, where it would run beside another one too closely, or where it
meets a street and has gone far enough. Each new street starts on an older one, so all stay connected.
What hangs over the last junction in the end is cut off later, when all streets are known.
"""

import cmath
import math
from collections import deque
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from local.town.field import CrossField
from local.town.geometry import Line, dot, resample, unit, walk
from local.town.ground import Ground
from local.town.streets import Street, StreetClass, StreetIndex

STEP = 15.0
SHARPEST_TURN = math.radians(8)
SHALLOW = 0.82  # cosine of the angle below which a street does not cross another


class Manner(NamedTuple):
    """How one class of streets grows; distances in metres, chances from 0 to 1, each by place.

    `apart` is the least distance between parallel streets, 0 where none may be; `spacing` the distance
    between side streets along their parent; `straight` the chance that a side street crosses its parent;
    `reach` the range of lengths from which the next junction ends a street; `stop_at` the chance that a
    junction ends it earlier; `rounds` how many times streets grow out of the new ones.
    """

    kind: StreetClass
    apart: Callable[[complex], float]
    spacing: Callable[[complex], float]
    straight: Callable[[complex], float]
    reach: tuple[float, float]
    stop_at: float
    rounds: int


class Growth:
    """The streets laid so far, with the field they follow and the ground that is taken."""

    def __init__(self, rng: Random, field: CrossField, ground: Ground) -> None:
        self.rng, self.field, self.ground = rng, field, ground
        self.index = StreetIndex()
        self.streets: list[Street] = []

    def lay(self, street: Street) -> None:
        self.index.lay(street.line)
        self.streets.append(street)

    def fill(self, manner: Manner) -> None:
        """Branch from every street, then from the new ones, until nothing grows any more."""
        waiting = deque((street, 0) for street in self.streets)
        while waiting:
            parent, depth = waiting.popleft()
            for street in self.branch(parent, manner):
                if depth < manner.rounds:
                    waiting.append((street, depth + 1))

    def branch(self, parent: Street, manner: Manner) -> list[Street]:
        """Lay the side streets of `parent` and give them."""
        grown: list[Street] = []
        for p, along in self._places(parent, manner):
            side = along * self.rng.choice((1j, -1j))
            line = self.trace(p, side, manner)
            if self.rng.random() < manner.straight(p):
                line = [*reversed(self.trace(p, -side, manner)[1:]), *line]
            if len(line) > 3:
                grown.append(Street(manner.kind, line))
                self.lay(grown[-1])
        return grown

    def _places(self, parent: Street, manner: Manner) -> list[tuple[complex, complex]]:
        line = resample(parent.line, STEP)
        places = []
        distance = manner.spacing(line[0]) * self.rng.uniform(0.3, 1.0)
        for i, (p, along) in enumerate(walk(line, (STEP * k for k in range(len(line))))):
            if i * STEP >= distance:
                places.append((p, along))
                distance += max(STEP, manner.spacing(p))
        return places

    def trace(self, start: complex, onward: complex, manner: Manner) -> Line:
        """Follow the field from `start` until something ends the street."""
        line, heading, gone = [start], onward, 0.0
        reach = self.rng.uniform(*manner.reach)
        while gone < 3 * reach:
            here = line[-1]
            heading = _bend(heading, self.field.direction(here + heading * (STEP / 2), heading))
            there = here + heading * STEP
            apart = manner.apart(there)
            if not apart or self.ground.taken(there) or self.index.is_crowded(there, heading, apart):
                break
            met = self.index.first_crossing(here + heading * (0.02 if gone else 3.0), there)
            if met and abs(dot(met[1], heading)) > SHALLOW:
                break
            if met and (gone > reach or self.rng.random() < manner.stop_at):
                return [*line, met[0]]
            line.append(there)
            gone += STEP
        return line


def _bend(heading: complex, wanted: complex) -> complex:
    """Turn from `heading` towards `wanted`, at most as sharply as a street does."""
    turn = cmath.phase(wanted / heading)
    return unit(heading * cmath.rect(1.0, max(-SHARPEST_TURN, min(SHARPEST_TURN, turn))))
