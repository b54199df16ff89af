"""The rules of one vehicle, as detection asks them."""

from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from jobs.detection.track import SECOND, Booleans, Integers
from sql.hours import Hours, list_spans
from sql.tracks import from_moment, to_moment


class Week(NamedTuple):
    """Hours of a week by the clock of a place."""

    hours: Hours
    zone: ZoneInfo

    def covers(self, times: Integers) -> Booleans:
        """Which of these times, in order, lie within the hours."""
        if not len(times):
            return np.zeros(0, bool)
        since, until = to_moment(int(times[0])), to_moment(int(times[-1]) + SECOND)
        spans = list_spans(self.hours, self.zone, since, until)
        edges = np.array([from_moment(edge) for span in spans for edge in span], np.int64)
        is_within: Booleans = np.searchsorted(edges, times, "right") % 2 == 1
        return is_within

    def covers_one(self, time: int) -> bool:
        """Whether this time lies within the hours."""
        return bool(self.covers(np.array([time]))[0])


class Rule(NamedTuple):
    """What counts as an event of one kind; the threshold is in the unit of the kind (table rules).

    `is_own` is one that the vehicle alone has.
    """

    kind: str
    raises_alert: bool
    severity: str
    threshold: float
    lasting: int  # microseconds
    fresh: int  # microseconds
    week: Week | None
    is_own: bool = False

    def applies(self, time: int) -> bool:
        """Whether the rule holds at this time."""
        return self.week is None or self.week.covers_one(time)


Rules = Mapping[str, Rule]  # by kind; what is switched off is not there
