"""Plane geometry on complex numbers: a point is `x + yj` in metres, a direction is a unit complex number.

Complex arithmetic turns rotations into products and keeps the town's drawing short and quick.
"""

import cmath
import math
from collections.abc import Iterable, Iterator
from itertools import pairwise

Line = list[complex]


def cross(a: complex, b: complex) -> float:
    """The z of the cross product; positive when `b` lies to the left of `a`."""
    return a.real * b.imag - a.imag * b.real


def dot(a: complex, b: complex) -> float:
    return a.real * b.real + a.imag * b.imag


def unit(a: complex) -> complex:
    return a / abs(a)


def length(line: Line) -> float:
    return sum(abs(b - a) for a, b in pairwise(line))


def chainages(line: Line) -> list[float]:
    """The distance along the line at each of its points."""
    total = 0.0
    result = [0.0]
    for a, b in pairwise(line):
        total += abs(b - a)
        result.append(total)
    return result


def smooth(points: Line, closed: bool = False, per_leg: int = 24) -> Line:
    """A Catmull-Rom curve through the points; a closed one ends where it begins."""
    if closed:
        around = [points[-1], *points, points[0], points[1]]
    else:
        around = [2 * points[0] - points[1], *points, 2 * points[-1] - points[-2]]
    curve: Line = []
    for p0, p1, p2, p3 in zip(around, around[1:], around[2:], around[3:], strict=False):
        for step in range(per_leg):
            t = step / per_leg
            curve.append(
                0.5
                * (
                    2 * p1
                    + (p2 - p0) * t
                    + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t
                    + (3 * p1 - p0 - 3 * p2 + p3) * t * t * t
                )
            )
    curve.append(around[-2])
    return curve


def resample(line: Line, step: float) -> Line:
    """Points at equal distances of about `step` metres along the line, both ends kept."""
    total = length(line)
    count = max(1, round(total / step))
    return [point for point, _ in walk(line, (total * i / count for i in range(count + 1)))]


def walk(line: Line, distances: Iterable[float]) -> Iterator[tuple[complex, complex]]:
    """For each distance (ascending) along the line: the point there and the direction."""
    along = chainages(line)
    i = 0
    for distance in distances:
        while i < len(line) - 2 and along[i + 1] < distance:
            i += 1
        a, b = line[i], line[i + 1]
        span = along[i + 1] - along[i]
        yield a + (b - a) * (min(1.0, (distance - along[i]) / span) if span else 0.0), (b - a) / (span or 1.0)


def simplify(line: Line, tolerance: float) -> Line:
    """Leave out points that lie within `tolerance` metres of what remains (Douglas-Peucker)."""
    keep = {0, len(line) - 1}
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        chord = line[last] - line[first]
        worst, at = tolerance, 0
        for i in range(first + 1, last):
            offset = line[i] - line[first]
            away = abs(cross(chord, offset)) / abs(chord) if chord else abs(offset)
            if away > worst:
                worst, at = away, i
        if at:
            keep.add(at)
            spans += [(first, at), (at, last)]
    return [line[i] for i in sorted(keep)]


def meet(a: complex, b: complex, c: complex, d: complex) -> tuple[float, float] | None:
    """Where segments ab and cd cross, as the fractions (along ab, along cd); None where they do not."""
    r, s, away = b - a, d - c, c - a
    area = r.real * s.imag - r.imag * s.real
    if area == 0.0:
        return None
    t = (away.real * s.imag - away.imag * s.real) / area
    if not 0.0 <= t <= 1.0:
        return None
    u = (away.real * r.imag - away.imag * r.real) / area
    return (t, u) if 0.0 <= u <= 1.0 else None


def nearest(line: Line, p: complex) -> complex:
    """The line's point that is nearest to `p`."""
    return min(line, key=lambda q: abs(q - p))


def area(ring: Line) -> float:
    """Square metres within a closed ring; negative when it runs clockwise."""
    return sum(cross(a, b) for a, b in pairwise(ring)) / 2


def offset(line: Line, away: float) -> Line:
    """The line moved `away` metres to its left (negative: right); wants gentle curves."""
    result = []
    for i, point in enumerate(line):
        along = line[min(i + 1, len(line) - 1)] - line[max(i - 1, 0)]
        result.append(point + unit(along) * 1j * away)
    return result


def blob(centre: complex, radius: float, waves: list[tuple[float, float]], corners: int = 72) -> Line:
    """A closed, rounded outline; wave k (from 2) of height `waves[k-2][0]` makes it irregular."""
    outline = []
    for i in range(corners):
        angle = 2 * math.pi * i / corners
        swell = sum(height * math.cos(k * angle + phase) for k, (height, phase) in enumerate(waves, 2))
        outline.append(centre + cmath.rect(radius * (1 + swell), angle))
    return [*outline, outline[0]]


def inside(p: complex, ring: Line) -> bool:
    """Whether `p` lies within a closed ring."""
    odd = False
    for a, b in pairwise(ring):
        if (a.imag > p.imag) != (b.imag > p.imag):
            x = a.real + (p.imag - a.imag) / (b.imag - a.imag) * (b.real - a.real)
            odd ^= p.real < x
    return odd
