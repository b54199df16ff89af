"""The river, the lake it runs into, and ponds."""

import cmath
import math
from random import Random
from typing import NamedTuple

from local.town.geometry import Line, blob, inside, offset, resample, simplify

DRIVE = 88.0  # from the middle of the river to the street along its bank


class Waters(NamedTuple):
    """The river's centre line with its half widths in metres, the lake, and the ring around both."""

    river: Line
    half_widths: list[float]
    lake: Line
    shape: Line


def draw_waters(rng: Random, spin: complex) -> Waters:
    """A river that meanders along the x axis, south of the centre, and widens into a lake in the east.

    Everything is turned by `spin` around the origin, the town's centre.
    """
    bend, ripple = rng.uniform(0, 2 * math.pi), rng.uniform(0, 2 * math.pi)
    south = rng.uniform(430, 560)
    line: Line = []
    for x in range(-4400, 2950, 20):
        sway = 300 * math.sin(2 * math.pi * x / 3300 + bend) + 95 * math.sin(2 * math.pi * x / 1350 + ripple)
        calm = 1 - 0.55 * math.exp(-((x / 900) ** 2))
        line.append(complex(x, -south + sway * calm))
    river = [p * spin for p in resample(line, 25)]
    half_widths = []
    for i in range(len(river)):
        width = min(1.0, 0.25 + i / 40) * (11 + 26 * i / len(river))
        half_widths.append(width * (1 + 0.14 * math.sin(i / 9 + bend) + 0.08 * math.sin(i / 4)))
    waves = [(0.26, rng.uniform(-0.5, 0.5)), (0.12, rng.uniform(0, 6)), (0.07, rng.uniform(0, 6))]
    lake = blob((line[-1] + 430 + 60j) * spin, rng.uniform(520, 620), _turned(waves, spin), corners=96)
    return Waters(river, half_widths, lake, _join(banks(river, half_widths), lake))


def banks(river: Line, half_widths: list[float]) -> tuple[Line, Line]:
    """The left and the right bank of a river; a lake's or a street's worth away with other widths."""
    left, right = offset(river, 1.0), offset(river, -1.0)
    return (
        [p + (q - p) * width for p, q, width in zip(river, left, half_widths, strict=True)],
        [p + (q - p) * width for p, q, width in zip(river, right, half_widths, strict=True)],
    )


def _join(river_banks: tuple[Line, Line], lake: Line) -> Line:
    """One ring around river and lake: down the right bank, around the lake, up the left bank."""
    left, right = ([p for p in bank if not inside(p, lake)] for bank in river_banks)
    shore = lake[:-1]
    mouth = min(range(len(shore)), key=lambda i: abs(shore[i] - right[-1]))
    around = [*shore[mouth + 1 :], *shore[:mouth]]
    end = min(range(len(around)), key=lambda i: abs(around[i] - left[-1]))
    ring = simplify([*right, *around[: end or None], *reversed(left)], 0.8)
    return [*ring, ring[0]]


def _turned(waves: list[tuple[float, float]], spin: complex) -> list[tuple[float, float]]:
    turn = cmath.phase(spin)
    return [(height, phase - k * turn) for k, (height, phase) in enumerate(waves, 2)]


def draw_pond(rng: Random, centre: complex, radius: float) -> Line:
    waves = [(rng.uniform(0.1, 0.3), rng.uniform(0, 6)), (rng.uniform(0, 0.15), rng.uniform(0, 6))]
    return blob(centre, radius, waves, corners=36)
