"""How well what a detector found agrees with the truth, kind by kind.

Spans agree when they overlap for half of the longer or more, moments when they are close; each truth is
found once, and what names another subject (a fence) is something else.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from local.drives.definitions import FUEL_DROP_S, KINDS, POINT_KINDS, Happening

TOLERANCE_S = 5.0
FENCE_KINDS = ("fence_enter", "fence_leave", "fence_dwell", "off_route")


class Score(NamedTuple):
    """Counts of one kind: found and true, found and not true, true and not found."""

    hits: int = 0
    false_alarms: int = 0
    misses: int = 0

    def precision(self) -> float | None:
        """The share of what was found that is true; None where nothing was found."""
        found = self.hits + self.false_alarms
        return self.hits / found if found else None

    def recall(self) -> float | None:
        """The share of what is true that was found; None where nothing is true."""
        true = self.hits + self.misses
        return self.hits / true if true else None


def tolerate(interval_s: float) -> dict[str, float]:
    """Seconds by which a moment may be off where the unit reports at this interval."""
    tolerances = dict.fromkeys(POINT_KINDS, max(TOLERANCE_S, interval_s + 2.0))
    return tolerances | {"fuel_drop": FUEL_DROP_S}  # a float that sloshes does not tell when the fall began


def match(
    found: list[Happening],
    truth: list[Happening],
    tolerances_s: Mapping[str, float],
    until: float = math.inf,
) -> dict[str, Score]:
    """The score of each kind, over one drive; what still lasts counts as lasting `until` its last fix."""
    scores = {}
    for kind in KINDS:
        ours = [_end(happening, until) for happening in found if happening.kind == kind]
        true = [_end(happening, until) for happening in truth if happening.kind == kind]
        hits = _pair(ours, true, tolerances_s.get(kind, TOLERANCE_S))
        scores[kind] = Score(hits, len(ours) - hits, len(true) - hits)
    return scores


def add(a: Mapping[str, Score], b: Mapping[str, Score]) -> dict[str, Score]:
    """The scores of two drives, or of two sets of drives, together."""
    return {kind: Score(*map(sum, zip(a[kind], b[kind], strict=True))) for kind in a}


def _end(happening: Happening, until: float) -> Happening:
    return happening if happening.ends_at is not None else happening._replace(ends_at=until)


def _pair(ours: list[Happening], true: list[Happening], tolerance_s: float) -> int:
    """How many pairs agree, the best agreement first and each happening in one pair at most."""
    agreements = sorted(
        (
            (agreement, i, j)
            for i, a in enumerate(ours)
            for j, b in enumerate(true)
            if (agreement := _agree(a, b, tolerance_s)) is not None
        ),
        reverse=True,
    )
    used: tuple[set[int], set[int]] = (set(), set())
    for _, i, j in agreements:
        if i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
    return len(used[0])


def _agree(a: Happening, b: Happening, tolerance_s: float) -> float | None:
    """How well two of a kind agree, more being better; None where they do not."""
    if a.kind in FENCE_KINDS and a.subject != b.subject:
        return None
    if a.kind in POINT_KINDS:
        off = abs(a.starts_at - b.starts_at)
        return -off if off <= tolerance_s else None
    spans = [(happening.starts_at, happening.ends_at or happening.starts_at) for happening in (a, b)]
    shared = min(end for _, end in spans) - max(start for start, _ in spans)
    longer = max(end - start for start, end in spans)
    share = shared / longer if shared < math.inf and longer > 0 else float(shared >= 0)
    return share if share >= 0.5 else None
