"""Runs: stretches of consecutive fixes of which one thing is true."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jobs.detection.track import Booleans, Integers


class Run(NamedTuple):
    """Fixes from `first` to `last`, both included."""

    first: int
    last: int


def find_runs(is_so: Booleans, is_cut: Booleans | None = None) -> Iterator[Run]:
    """The runs in which something is so; they end at steps that are cut, too."""
    if not len(is_so):
        return
    begins = is_so.copy()
    ends = is_so.copy()
    joined = is_so[:-1] & is_so[1:]
    if is_cut is not None:
        joined &= ~is_cut
    begins[1:] &= ~joined
    ends[:-1] &= ~joined
    for first, last in zip(np.flatnonzero(begins), np.flatnonzero(ends), strict=True):
        yield Run(int(first), int(last))


def carry(is_sure: Booleans, is_so: Booleans, initially: bool) -> Booleans:
    """What was sure last, at each fix."""
    places = np.where(is_sure, np.arange(len(is_sure)), -1)
    last: Integers = np.maximum.accumulate(places) if len(places) else places
    return np.where(last >= 0, is_so[last], initially)


def bridge(is_so: Booleans, time: Integers, shortest: int) -> Booleans:
    """The same with every interruption filled that lasts less than `shortest` microseconds."""
    filled = is_so.copy()
    for run in find_runs(~is_so):
        if (
            run.first > 0
            and run.last < len(is_so) - 1
            and time[run.last + 1] - time[run.first - 1] < shortest
        ):
            filled[run.first : run.last + 1] = True
    return filled
