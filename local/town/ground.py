"""Ground that is taken: a raster on which waters, parks and school grounds are marked against streets."""

from itertools import pairwise

from local.town.geometry import Line, inside

CELL = 12.0


class Ground:
    """Marks on a raster of `CELL` metres; `taken` answers for the cell that holds a point."""

    def __init__(self) -> None:
        self.cells: set[tuple[int, int]] = set()

    def taken(self, p: complex) -> bool:
        return (int(p.real // CELL), int(p.imag // CELL)) in self.cells

    def take_along(self, line: Line, widths: list[float]) -> None:
        """Mark a disc of radius `widths[i]` around each point of the line."""
        for point, width in zip(line, widths, strict=True):
            reach = int(width // CELL) + 1
            column, row = int(point.real // CELL), int(point.imag // CELL)
            for j in range(-reach, reach + 1):
                for i in range(-reach, reach + 1):
                    if abs(complex(i, j)) * CELL <= width:
                        self.cells.add((column + i, row + j))

    def take_ring(self, ring: Line, margin: float) -> None:
        """Mark what lies within a closed ring and `margin` metres around it."""
        self.take_along(ring, [margin] * len(ring))
        xs, ys = [p.real for p in ring], [p.imag for p in ring]
        for column in range(int(min(xs) // CELL), int(max(xs) // CELL) + 1):
            for row in range(int(min(ys) // CELL), int(max(ys) // CELL) + 1):
                if inside(complex(column + 0.5, row + 0.5) * CELL, ring):
                    self.cells.add((column, row))

    def is_free(self, ring: Line) -> bool:
        """Whether no corner, no middle and no edge's middle of the ring is taken."""
        middle = sum(ring[:-1]) / (len(ring) - 1)
        edges = [(a + b) / 2 for a, b in pairwise(ring)]
        return not any(self.taken(p) for p in [*ring, *edges, middle])
