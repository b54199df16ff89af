"""The streets as a graph: junctions, the pieces of street between them, the quickest way, and the blocks."""

import cmath
import heapq
from dataclasses import dataclass, field

from local.town.geometry import Line, area, chainages, length
from local.town.junctions import find_meetings
from local.town.streets import SPEED_LIMIT_MPS, Street

MERGE = 9.0
TOP_SPEED_MPS = max(SPEED_LIMIT_MPS.values())


@dataclass(frozen=True)
class Piece:
    """A street between two neighbouring junctions, drivable both ways."""

    start: int
    end: int
    line: Line
    street: Street
    length: float


Step = tuple[Piece, bool]  # a piece, and whether it is taken from its start to its end


@dataclass
class Network:
    """Junctions by number, and the pieces that leave each of them."""

    junctions: Line = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    leaving: list[list[Step]] = field(default_factory=list)

    def find_way(self, start: int, end: int, came_by: Piece | None = None) -> list[Step]:
        """The quickest way between two junctions (A*); empty where they are the same.

        Who `came_by` a piece of street does not turn around on it, except at a dead end.
        """
        goal = self.junctions[end]
        best = {start: 0.0}
        came: dict[int, tuple[int, Step]] = {}
        waiting = [(0.0, start)]
        done: set[int] = set()
        while waiting:
            _, here = heapq.heappop(waiting)
            if here == end:
                break
            if here in done:
                continue
            done.add(here)
            for step in self.leaving[here]:
                piece, forward = step
                if here == start and piece is came_by and len(self.leaving[here]) > 1:
                    continue
                there = piece.end if forward else piece.start
                cost = best[here] + piece.length / SPEED_LIMIT_MPS[piece.street.kind] + 2.0
                if cost < best.get(there, float("inf")):
                    best[there] = cost
                    came[there] = (here, step)
                    heapq.heappush(waiting, (cost + abs(goal - self.junctions[there]) / TOP_SPEED_MPS, there))
        if end not in best:
            return self.find_way(start, end)
        way: list[Step] = []
        while end != start:
            end, step = came[end]
            way.append(step)
        return way[::-1]

    def find_blocks(self) -> list[Line]:
        """The closed rings of streets around each block, counter-clockwise; dead ends are left out."""
        live = self._without_dead_ends()
        order: dict[int, list[Step]] = {}
        for junction, steps in enumerate(self.leaving):
            kept = [step for step in steps if id(step[0]) in live]
            order[junction] = sorted(kept, key=_bearing)
        seen: set[tuple[int, bool]] = set()
        blocks = []
        for piece in self.pieces:
            for forward in (True, False):
                if id(piece) in live and (id(piece), forward) not in seen:
                    blocks.append(_follow_block((piece, forward), order, seen))
        return [ring for ring in blocks if area(ring) > 0]

    def _without_dead_ends(self) -> set[int]:
        degree = [len(steps) for steps in self.leaving]
        live = {id(piece) for piece in self.pieces}
        ends = [junction for junction, count in enumerate(degree) if count == 1]
        while ends:
            junction = ends.pop()
            for piece, forward in self.leaving[junction]:
                if id(piece) in live:
                    live.discard(id(piece))
                    other = piece.end if forward else piece.start
                    degree[other] -= 1
                    degree[junction] -= 1
                    if degree[other] == 1:
                        ends.append(other)
        return live


def line_of(step: Step) -> Line:
    piece, forward = step
    return piece.line if forward else piece.line[::-1]


def _bearing(step: Step) -> float:
    line = line_of(step)
    return cmath.phase(line[1] - line[0])


def _follow_block(step: Step, order: dict[int, list[Step]], seen: set[tuple[int, bool]]) -> Line:
    """Walk with the block on the left: at each junction the sharpest turn to the left."""
    ring: Line = []
    while (id(step[0]), step[1]) not in seen:
        piece, forward = step
        seen.add((id(piece), forward))
        ring += line_of(step)[:-1]
        around = order[piece.end if forward else piece.start]
        back = next(i for i, (p, f) in enumerate(around) if p is piece and f is not forward)
        step = around[back - 1]
    return [*ring, ring[0]]


def build_network(streets: list[Street]) -> Network:
    """Join the streets where they meet; junctions closer than MERGE metres become one."""
    network = Network()
    cells: dict[tuple[int, int], list[int]] = {}
    meetings = find_meetings([street.line for street in streets])
    for street, meets in zip(streets, meetings, strict=True):
        total = length(street.line)
        stops = sorted({0.0, total, *(min(total, max(0.0, meeting.along)) for meeting in meets)})
        _add_street(network, street, stops, cells)
    return network


def _add_street(
    network: Network, street: Street, stops: list[float], cells: dict[tuple[int, int], list[int]]
) -> None:
    along = chainages(street.line)
    before, start = -1, 0.0
    k = 0
    for stop in stops:
        while k < len(along) - 2 and along[k + 1] < stop:
            k += 1
        a, b = street.line[k], street.line[k + 1]
        here = _junction_at(network, a + (b - a) * ((stop - along[k]) / (along[k + 1] - along[k])), cells)
        if before >= 0 and (here != before or stop - start > 10 * MERGE):
            inner = [p for p, s in zip(street.line, along, strict=True) if start + 2.0 < s < stop - 2.0]
            line = [network.junctions[before], *inner, network.junctions[here]]
            piece = Piece(before, here, line, street, length(line))
            network.pieces.append(piece)
            network.leaving[before].append((piece, True))
            network.leaving[here].append((piece, False))
        before, start = here, stop


def _junction_at(network: Network, p: complex, cells: dict[tuple[int, int], list[int]]) -> int:
    """The junction within MERGE metres of `p`, made where there is none."""
    column, row = int(p.real // MERGE), int(p.imag // MERGE)
    for key in [(column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
        for number in cells.get(key, ()):
            if abs(network.junctions[number] - p) < MERGE:
                return number
    network.junctions.append(p)
    network.leaving.append([])
    cells.setdefault((column, row), []).append(len(network.junctions) - 1)
    return len(network.junctions) - 1
