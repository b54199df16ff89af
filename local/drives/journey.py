"""The exact truth of one drive: pieces of constant acceleration and curvature; any moment is computed
directly.

A journey is written like a story (`switch`, `reach`, `cover`, `turn`, `halt`, `stand`, …) and read with
`at`.
"""

import bisect
import cmath
import math
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

STEP_S = 0.2
RATE = 1.4  # m/s² of ordinary driving


class Piece(NamedTuple):
    """From `time` on, for `duration` seconds; acceleration in m/s², curvature in 1/m (left is positive)."""

    time: float
    duration: float
    point: complex
    heading: float
    speed_mps: float
    driven_m: float
    acceleration: float
    curvature: float
    carried: bool


class Moment(NamedTuple):
    """The truth at one time; `heading` in radians from east, leftwards; `lateral` in m/s²."""

    time: float
    point: complex
    heading: float
    speed_mps: float
    driven_m: float
    acceleration: float
    lateral: float


class Journey:
    """Where the vehicle is over time, and the condition it is in.

    `battery` (percent), `power` (volts) and `fuel` (percent) are corners of a line over time, and empty
    where the unit does not tell; `words` are what the device says by itself; in `silences` no fix is taken,
    what is taken in `holdups` goes out at their end. While it is `carried` its wheels stand still.
    """

    def __init__(self, rng: Random, time: float) -> None:
        self.rng = rng
        self.begins = self.time = time
        self.point, self.heading = 0j, rng.uniform(-math.pi, math.pi)
        self.speed_mps = self.driven_m = 0.0
        self.pieces: list[Piece] = []
        self.switches: list[tuple[float, bool]] = [(time, False)]
        self.battery: list[tuple[float, float]] = []
        self.power: list[tuple[float, float]] = []
        self.fuel: list[tuple[float, float]] = []
        self.words: list[tuple[float, str]] = []
        self.silences: list[tuple[float, float]] = []
        self.holdups: list[tuple[float, float]] = []
        self.carried = False

    @property
    def ignition(self) -> bool:
        return self.switches[-1][1]

    def switch(self, on: bool) -> None:
        """Turn the ignition."""
        if on != self.ignition:
            self.switches.append((self.time, on))

    def stand(self, seconds: float) -> None:
        if self.speed_mps:
            raise ValueError("a vehicle that stands must halt before")
        self._move(seconds)

    def reach(self, speed_mps: float, rate: float = RATE) -> None:
        """Accelerate or brake to a speed."""
        change = speed_mps - self.speed_mps
        self._move(abs(change) / rate, math.copysign(rate, change))
        self.speed_mps = speed_mps

    def halt(self, rate: float = RATE) -> None:
        self.reach(0.0, rate)

    def keep(self, seconds: float) -> None:
        """Drive on straight at the same speed."""
        self._move(seconds)

    def cover(self, metres: float) -> None:
        """Drive on straight for so many metres at the same speed."""
        self._move(metres / self.speed_mps)

    def turn(self, degrees: float, radius: float) -> None:
        """Turn left (negative: right) at the same speed."""
        self._move(
            math.radians(abs(degrees)) * radius / self.speed_mps, curvature=math.copysign(1 / radius, degrees)
        )

    def wander(self, metres: float, speeds: tuple[float, float] = (8.0, 16.0)) -> None:
        """Drive through town, corner after corner and each to the other side, for at least so many metres."""
        goal, side = self.driven_m + metres, self.rng.choice((-1, 1))
        while self.driven_m < goal:
            self.reach(self.rng.uniform(*speeds), self.rng.uniform(0.8, 1.8))
            self.cover(self.rng.uniform(100, 350))
            if self.rng.random() < 0.6:
                self.reach(self.rng.uniform(5, 7), self.rng.uniform(0.9, 1.9))
                self.turn(side * self.rng.uniform(25, 90), self.rng.uniform(24, 40))
                side = -side

    def standings(self) -> list[tuple[float, float]]:
        """From when to when the vehicle does not move."""
        found: list[tuple[float, float]] = []
        for piece in self.pieces:
            if piece.speed_mps or piece.acceleration:
                continue
            if found and found[-1][1] >= piece.time - 1e-6:
                found[-1] = (found[-1][0], piece.time + piece.duration)
            else:
                found.append((piece.time, piece.time + piece.duration))
        return found

    def _move(self, duration: float, acceleration: float = 0.0, curvature: float = 0.0) -> None:
        if duration <= 0:
            return
        piece = Piece(
            self.time,
            duration,
            self.point,
            self.heading,
            self.speed_mps,
            self.driven_m,
            acceleration,
            curvature,
            self.carried,
        )
        self.pieces.append(piece)
        end = _inside(piece, duration)
        self.time += duration
        self.point, self.heading, self.speed_mps, self.driven_m = end[1:5]

    def at(self, time: float) -> Moment:
        """The truth at a time (epoch seconds)."""
        i = max(0, bisect.bisect_right(self.pieces, time, key=lambda piece: piece.time) - 1)
        return _inside(self.pieces[i], min(max(time - self.pieces[i].time, 0.0), self.pieces[i].duration))

    def moments(self) -> Iterator[Moment]:
        """The whole truth in steps of at most STEP_S; one where the vehicle stands, and one at the end."""
        for piece in self.pieces:
            moving = piece.speed_mps or piece.acceleration
            steps = math.ceil(piece.duration / STEP_S) if moving else 1
            for k in range(steps):
                yield _inside(piece, piece.duration * k / steps)
        yield _inside(self.pieces[-1], self.pieces[-1].duration)._replace(acceleration=0.0, lateral=0.0)


def _inside(piece: Piece, passed: float) -> Moment:
    speed = max(0.0, piece.speed_mps + piece.acceleration * passed)
    ahead = (piece.speed_mps + piece.acceleration * passed / 2) * passed
    heading = piece.heading + piece.curvature * ahead
    if piece.curvature:
        chord = (cmath.rect(1, heading) - cmath.rect(1, piece.heading)) / (1j * piece.curvature)
    else:
        chord = cmath.rect(ahead, heading)
    return Moment(
        piece.time + passed,
        piece.point + chord,
        heading,
        speed,
        piece.driven_m + (0.0 if piece.carried else ahead),
        piece.acceleration,
        speed * speed * abs(piece.curvature),
    )
