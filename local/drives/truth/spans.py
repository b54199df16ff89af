"""Spans of time: from when to when something holds."""

from collections.abc import Iterable, Sequence

Span = tuple[float, float]


def find_runs(times: Sequence[float], holds: Iterable[bool]) -> list[Span]:
    """The spans over which a condition holds, each value counting until the next time."""
    runs: list[Span] = []
    start = None
    for time, flag in zip(times, holds, strict=True):
        if flag and start is None:
            start = time
        elif not flag and start is not None:
            runs.append((start, time))
            start = None
    if start is not None and start < times[-1]:
        runs.append((start, times[-1]))
    return runs


def merge_spans(spans: Iterable[Span], gap_s: float) -> list[Span]:
    """The spans, those joined that less than `gap_s` lies between."""
    merged: list[Span] = []
    for start, end in spans:
        if merged and start - merged[-1][1] < gap_s:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def length(span: Span) -> float:
    return span[1] - span[0]


def cross(a: Iterable[Span], b: Iterable[Span]) -> list[Span]:
    """The spans over which both hold."""
    others = list(b)
    both = [(max(s, t), min(e, f)) for s, e in a for t, f in others]
    return [(start, end) for start, end in both if start < end]
