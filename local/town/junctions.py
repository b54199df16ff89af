"""Finds where streets meet and cuts off what hangs over the last junction."""

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import NamedTuple

from local.town.geometry import Line, chainages, length, meet, unit, walk
from local.town.streets import LONGEST, Street

DEAD_END = (55.0, 170.0)
DEAD_ENDS_KEPT = 0.55
STUB = 3.0


class Meeting(NamedTuple):
    """One street's side of a crossing: the other street's index, and the metres along this one."""

    other: int
    along: float


def find_meetings(lines: list[Line]) -> list[list[Meeting]]:
    """For each line its meetings with the others. A line that only touches another meets it too."""
    cells: dict[tuple[int, int], list[tuple[int, complex, complex, float]]] = {}
    meetings: list[list[Meeting]] = [[] for _ in lines]
    for n, line in enumerate(lines):
        start = -STUB
        for a, b in _with_stubs(line):
            span = abs(b - a)
            middle = (a + b) / 2
            column, row = int(middle.real // LONGEST), int(middle.imag // LONGEST)
            for key in [(column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
                for m, c, d, other_start in cells.get(key, ()):
                    if m != n and (hit := meet(a, b, c, d)):
                        meetings[n].append(Meeting(m, start + hit[0] * span))
                        meetings[m].append(Meeting(n, other_start + hit[1] * abs(d - c)))
            cells.setdefault((column, row), []).append((n, a, b, start))
            start += span
    return meetings


def _with_stubs(line: Line) -> list[tuple[complex, complex]]:
    """The line's segments, the first and the last one a little longer so that they surely touch."""
    head = line[0] - unit(line[1] - line[0]) * STUB
    tail = line[-1] + unit(line[-1] - line[-2]) * STUB
    points = [head, *line[1:-1], tail]
    return list(pairwise(points))


def cut_overhangs(streets: list[Street], rng: Random) -> list[Street]:
    """The streets between their first and last junctions; some dead ends and all roads out of town stay."""
    meetings = find_meetings([street.line for street in streets])
    spans: dict[int, tuple[float, float]] = {}
    gone: set[int] = set()
    waiting = list(range(len(streets)))
    while waiting:
        n = waiting.pop()
        meetings[n] = [meeting for meeting in meetings[n] if meeting.other not in gone]
        spans[n] = _span(streets[n], [meeting.along for meeting in meetings[n]], rng)
        if spans[n][1] - spans[n][0] < DEAD_END[0] and n not in gone:
            gone.add(n)
            waiting += [meeting.other for meeting in meetings[n]]
    kept = [n for n in range(len(streets)) if n not in gone]
    return [replace(streets[n], line=_cut(streets[n].line, *spans[n])) for n in kept]


def _span(street: Street, junctions: list[float], rng: Random) -> tuple[float, float]:
    """From where to where, in metres along it, a street stays."""
    total = length(street.line)
    if street.line[0] == street.line[-1]:
        return 0.0, total
    if not junctions:
        return 0.0, 0.0
    first, last = max(0.0, min(junctions)), min(total, max(junctions))
    return (
        0.0 if _stays(street, first, rng) else first,
        total if _stays(street, total - last, rng) else last,
    )


def _stays(street: Street, overhang: float, rng: Random) -> bool:
    if street.kind == "arterial":
        return overhang > 2 * DEAD_END[1]
    return (
        street.kind == "residential"
        and DEAD_END[0] < overhang < DEAD_END[1]
        and rng.random() < DEAD_ENDS_KEPT
    )


def _cut(line: Line, first: float, last: float) -> Line:
    inner = [p for p, s in zip(line, chainages(line), strict=True) if first + 1.0 < s < last - 1.0]
    ends = [p for p, _ in walk(line, (first, last))]
    return [ends[0], *inner, ends[1]]
