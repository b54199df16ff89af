"""Hours of a week, as people write them: "Mo-Fr 06:00-18:00, Sa 08:00-12:00".

Hours are what the clock on the wall of a place shows. So they are no fixed distance apart in UTC: where the
clocks go back, an hour is shown twice and counts twice; where they go forward, what is skipped never comes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DAY, WEEK = 24 * 60, 7 * 24 * 60
MONDAY = datetime(2001, 1, 1, tzinfo=UTC)
PART = re.compile(r"(?P<days>[^\W\d]+(?:\s*-\s*[^\W\d]+)?)?\s*(?P<times>[\d:]+\s*-\s*[\d:]+)?")
TIME = re.compile(r"(\d{1,2}):([0-5]\d)")
# No zone changes its clocks twice within this time.
STEP = timedelta(hours=12)
SECOND = timedelta(seconds=1)

Span = tuple[int, int]
Reason = Literal["empty", "form", "day", "time", "no_days", "no_times", "no_length"]


class HoursError(ValueError):
    """Hours that cannot be read: the part, and the reason's name."""

    def __init__(self, reason: Reason, part: str = "") -> None:
        super().__init__(f"hours {part!r}: {reason}")
        self.reason, self.part = reason, part


@dataclass(frozen=True)
class Hours:
    """Minutes of the week from Monday 00:00 to Sunday 24:00: sorted, and apart from each other."""

    spans: tuple[Span, ...]

    def __str__(self) -> str:
        """The one way to write these hours."""
        days: dict[int, list[str]] = {}
        for day, times in self._list_times():
            days.setdefault(day, []).append(times)
        alike: dict[str, list[int]] = {}
        for day in sorted(days):
            alike.setdefault(", ".join(days[day]), []).append(day)
        return ", ".join(f"{_write_days(of)} {times}" for times, of in alike.items())

    def _list_times(self) -> Iterator[tuple[int, str]]:
        """Each day with its hours; what goes on past midnight stays with its first day."""
        for start, end in _join_ends(self.spans):
            if end - start < DAY:
                yield start // DAY, _write_times(start, end)
                continue
            midnights = range((start // DAY + 1) * DAY, end, DAY)
            for begin, stop in pairwise((start, *midnights, end)):
                yield begin // DAY % 7, _write_times(begin, stop)


def parse(text: str) -> Hours:
    """The hours that somebody wrote. Raises HoursError."""
    spans: list[Span] = []
    days: list[int] = []
    waiting = ""
    for part in filter(None, (part.strip() for part in re.split("[,;]", text.replace("\N{EN DASH}", "-")))):
        read = PART.fullmatch(part)
        if not read:
            raise HoursError("form", part)
        if read["days"]:
            days = (days if waiting else []) + _read_days(read["days"])
        if not days:
            raise HoursError("no_days", part)
        waiting = "" if read["times"] else part
        if read["times"]:
            start, end = _read_times(read["times"])
            spans += [(day * DAY + start, day * DAY + end) for day in days]
    if waiting:
        raise HoursError("no_times", waiting)
    if not spans:
        raise HoursError("empty")
    return Hours(_merge(_wrap(spans)))


def list_spans(
    hours: Hours, time_zone: ZoneInfo, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """When it is within these hours by the clock of a zone: UTC, sorted, merged, cut at since and until."""
    found: list[tuple[datetime, datetime]] = []
    for begin, stop, offset in _list_offsets(time_zone, since.astimezone(UTC), until.astimezone(UTC)):
        for start, end in _list_local(hours, begin + offset, stop + offset):
            start, end = start - offset, end - offset
            if found and found[-1][1] == start:
                start = found.pop()[0]
            found.append((start, end))
    return found


def _list_offsets(
    time_zone: ZoneInfo, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The stretches between which a zone changes its clocks, and how far they are from UTC."""
    begin, offset = since, _find_offset(time_zone, since)
    at = since
    while at < until:
        following = min(at + STEP, until)
        if (then := _find_offset(time_zone, following)) != offset:
            change = _find_change(time_zone, at, following)
            yield begin, change, offset
            begin, offset = change, then
        at = following
    if begin < until:
        yield begin, until, offset


def _find_change(time_zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The whole second at which clocks change between these moments."""
    old = _find_offset(time_zone, before)
    low, high = before.replace(microsecond=0), after
    while high - low > SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (middle, high) if _find_offset(time_zone, middle) == old else (low, middle)
    return high


def _find_offset(time_zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(time_zone).utcoffset()
    assert offset is not None
    return offset


def _list_local(hours: Hours, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The hours of each week between two moments of a clock that nobody sets."""
    monday = MONDAY + (since - MONDAY) // timedelta(7) * timedelta(7)
    while monday < until:
        for start, end in hours.spans:
            begin = max(since, monday + timedelta(minutes=start))
            stop = min(until, monday + timedelta(minutes=end))
            if begin < stop:
                yield begin, stop
        monday += timedelta(7)


def _read_days(text: str) -> list[int]:
    first, _, last = (name.strip() for name in text.partition("-"))
    start = _read_day(first)
    return [(start + more) % 7 for more in range((_read_day(last or first) - start) % 7 + 1)]


def _read_day(name: str) -> int:
    if name.capitalize() not in DAYS:
        raise HoursError("day", name)
    return DAYS.index(name.capitalize())


def _read_times(text: str) -> Span:
    """From when to when, in minutes of a day; what ends earlier than it begins ends on the next day."""
    start, end = (_read_time(time.strip()) for time in text.split("-"))
    if start == DAY:
        raise HoursError("time", "24:00")
    if start == end:
        raise HoursError("no_length", text)
    return (start, end) if start < end else (start, end + DAY)


def _read_time(text: str) -> int:
    read = TIME.fullmatch(text)
    minutes = int(read[1]) * 60 + int(read[2]) if read else DAY + 1
    if minutes > DAY:
        raise HoursError("time", text)
    return minutes


def _wrap(spans: Iterable[Span]) -> list[Span]:
    """What goes on beyond Sunday is Monday."""
    return [
        piece
        for start, end in spans
        for piece in ((start, min(end, WEEK)), (0, end - WEEK))
        if piece[0] < piece[1]
    ]


def _merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            start, end = merged[-1][0], max(end, merged.pop()[1])
        merged.append((start, end))
    return tuple(merged)


def _join_ends(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """The same spans, where one that goes on from Sunday to Monday is one again."""
    first, last = spans[0], spans[-1]
    if len(spans) < 2 or first[0] != 0 or last[1] != WEEK:
        return spans
    return (*spans[1:-1], (last[0], WEEK + first[1]))


def _write_days(days: list[int]) -> str:
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(DAYS[run[0]] + (f"-{DAYS[run[-1]]}" if len(run) > 1 else "") for run in runs)


def _write_times(start: int, end: int) -> str:
    ends = end % DAY or DAY
    return f"{start % DAY // 60:02}:{start % 60:02}-{ends // 60:02}:{ends % 60:02}"
