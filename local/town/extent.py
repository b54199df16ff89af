"""How far the town reaches in each direction, and how densely it is built."""

import cmath
import math
from random import Random
from typing import NamedTuple

from local.town.field import CrossField
from local.town.geometry import Line, length, walk
from local.town.streets import Street

RADIUS = 2950.0
CENTRE = 650.0
CENTRAL_BLOCK = 84.0
BLOCK = 92.0


class Hood(NamedTuple):
    """A neighbourhood: its middle, the direction of its streets, and the size of its blocks (1 is usual)."""

    middle: complex
    direction: complex
    block: float
    spread: float


class Extent:
    """The town's edge, an irregular line around the centre, and the neighbourhoods within."""

    def __init__(self, rng: Random) -> None:
        self.lobes = [(rng.uniform(0.04, 0.13), rng.uniform(0, 2 * math.pi)) for _ in range(4)]
        self.hoods = []
        for i in range(16):
            angle = 2 * math.pi * (5 * i + rng.random()) / 16
            middle = cmath.rect(rng.uniform(900, 2800), angle)
            direction = cmath.rect(1.0, rng.uniform(0, math.pi / 2))
            self.hoods.append(Hood(middle, direction, rng.uniform(0.85, 1.3), rng.uniform(380, 560)))

    def edge(self, p: complex) -> float:
        """The distance from the centre to the edge of the town, in the direction of `p`."""
        angle = cmath.phase(p)
        return RADIUS * (
            1 + sum(h * math.cos(k * angle + phase) for k, (h, phase) in enumerate(self.lobes, 2))
        )

    def block(self, p: complex) -> float:
        """The width in metres that blocks have at `p`; 0 outside the town."""
        out = abs(p) / self.edge(p)
        if out > 1.0:
            return 0.0
        central = math.exp(-((abs(p) / 700) ** 2))
        local = min(self.hoods, key=lambda hood: abs(p - hood.middle)).block * BLOCK
        return (local * (1 - central) + CENTRAL_BLOCK * central) * (1 + 0.6 * max(0.0, out - 0.7) / 0.3)


def draw_field(
    rng: Random, axis: complex, extent: Extent, arterials: list[Street], river: Line
) -> CrossField:
    """Street directions: the centre's along `axis`, each neighbourhood's own, and along roads and river."""
    field = CrossField(4300)
    field.blend(0j, axis, 6.0, 520)
    for hood in extent.hoods:
        field.blend(hood.middle, hood.direction, 1.0, hood.spread)
    for line, weight, spread in [*((street.line, 0.22, 110) for street in arterials), (river, 0.25, 150)]:
        for p, along in walk(line, (40.0 * k for k in range(int(length(line) / 40)))):
            field.blend(p, along, weight, spread)
    return field
