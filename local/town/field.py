"""The lie of the streets: at each place one direction, valid up to quarter turns.

A street grid looks the same when it is turned by 90 degrees, so directions cannot simply be averaged
where two neighbourhoods meet. The fourth power of a unit direction is the same for all four quarter
turns; those powers can be summed, and the fourth root gives the blended direction back.
"""

import cmath
import math

from local.town.geometry import unit

QUARTERS = (1 + 0j, 1j, -1 + 0j, -1j)


class CrossField:
    """Directions on a square of `2 * reach` metres around the origin, kept on a raster of `cell` metres."""

    def __init__(self, reach: float, cell: float = 80.0) -> None:
        self.reach, self.cell = reach, cell
        self.size = int(2 * reach / cell) + 2
        self.powers = [[1e-9 + 0j] * self.size for _ in range(self.size)]

    def blend(self, centre: complex, direction: complex, weight: float, spread: float) -> None:
        """Turn the streets around `centre` towards `direction`, fading over `spread` metres."""
        power = unit(direction) ** 4 * weight
        column = (centre.real + self.reach) / self.cell
        row = (centre.imag + self.reach) / self.cell
        rows = 2.5 * spread / self.cell
        for j in range(max(0, int(row - rows)), min(self.size, int(row + rows) + 2)):
            for i in range(max(0, int(column - rows)), min(self.size, int(column + rows) + 2)):
                distance = math.hypot(i - column, j - row) * self.cell
                self.powers[j][i] += power * math.exp(-((distance / spread) ** 2) / 2)

    def direction(self, p: complex, onward: complex) -> complex:
        """The street direction at `p` that is nearest to `onward`."""
        x = min(max((p.real + self.reach) / self.cell, 0.0), self.size - 1.001)
        y = min(max((p.imag + self.reach) / self.cell, 0.0), self.size - 1.001)
        i, j = int(x), int(y)
        u, v = x - i, y - j
        low, high = self.powers[j], self.powers[j + 1]
        power = (low[i] * (1 - u) + low[i + 1] * u) * (1 - v) + (high[i] * (1 - u) + high[i + 1] * u) * v
        root = cmath.rect(1.0, cmath.phase(power) / 4)
        turn = onward / root
        return root * QUARTERS[round(cmath.phase(turn) / (math.pi / 2)) % 4]
