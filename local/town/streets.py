"""Streets, and an index that finds the ones nearby."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from local.town.geometry import Line, dot, meet, unit

StreetClass = Literal["arterial", "collector", "residential"]
SPEED_LIMIT_MPS: dict[StreetClass, float] = {"arterial": 15.6, "collector": 13.4, "residential": 11.2}
CELL = 60.0
LONGEST = 26.0
ABREAST = 30.0
PARALLEL = 0.77  # cosine of 40 degrees


@dataclass
class Street:
    """One street under one name: its centre line in metres around the town's centre."""

    kind: StreetClass
    line: Line
    name: str = ""


class StreetIndex:
    """All laid segments by the raster cell of their middle; a segment is at most LONGEST metres long."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], list[tuple[complex, complex, complex]]] = {}

    def lay(self, line: Line) -> None:
        for a, b in pairwise(line):
            middle = (a + b) / 2
            key = (int(middle.real // CELL), int(middle.imag // CELL))
            self.cells.setdefault(key, []).append((a, b, unit(b - a)))

    def near(self, p: complex, distance: float) -> Iterator[tuple[complex, complex, complex]]:
        """Segments (a, b, direction) within `distance` of `p`, and some beyond."""
        reach = distance + LONGEST / 2
        columns = range(int((p.real - reach) // CELL), int((p.real + reach) // CELL) + 1)
        for row in range(int((p.imag - reach) // CELL), int((p.imag + reach) // CELL) + 1):
            for column in columns:
                if (column, row) in self.cells:
                    yield from self.cells[column, row]

    def is_crowded(self, p: complex, direction: complex, gap: float) -> bool:
        """Whether a street about parallel to `direction` runs within `gap` metres beside `p`."""
        for a, _, along in self.near(p, gap):
            if abs(dot(direction, along)) > PARALLEL:
                away = (p - a) / along
                if abs(away.imag) < gap and abs(away.real) < ABREAST:
                    return True
        return False

    def first_crossing(self, a: complex, b: complex) -> tuple[complex, complex] | None:
        """Where the step from a to b first meets a street: the point, and that street's direction."""
        best: tuple[complex, complex] | None = None
        nearest = 2.0
        for c, d, along in self.near((a + b) / 2, abs(b - a) / 2):
            if (hit := meet(a, b, c, d)) and 1e-6 < hit[0] < nearest:
                nearest = hit[0]
                best = (a + (b - a) * nearest, along)
        return best
