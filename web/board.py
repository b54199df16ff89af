"""The board of assignments: vehicles below one another, time from left to right, in the person's time zone.

Places on it are percentages of its width, so that a browser of any size draws it without a script.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flask_babel import format_date, format_datetime, format_time
from flask_babel import gettext as _

from sql.audit import Row
from web import clock

VIEWS = {"day": 1, "week": 7}
HOURS = range(0, 24, 3)


@dataclass(frozen=True)
class Window:
    """The time that is shown: so many days from one on."""

    first: date
    days: int

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return clock.begin(self.first)

    @property
    def until(self) -> datetime:
        """The moment after its last."""
        return clock.begin(self.first + timedelta(days=self.days))

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first + timedelta(days=self.days - 1)

    def place(self, at: datetime) -> float:
        """Where a moment is, in percent of the width; what is outside is at the border."""
        share = (at - self.since) / (self.until - self.since)
        return round(100 * min(max(share, 0.0), 1.0), 3)

    def move(self, by: int) -> date:
        """The first day so many windows later, or this one where there is no such day."""
        try:
            first = self.first + timedelta(days=by * self.days)
        except OverflowError:
            return self.first
        return first if clock.FIRST_YEAR <= first.year <= clock.LAST_YEAR else self.first

    def span(self, starts_at: datetime, ends_at: datetime | None) -> tuple[float, float]:
        """Where a stretch of time begins and how wide it is."""
        left, right = self.place(starts_at), self.place(ends_at) if ends_at else 100.0
        return left, round(right - left, 3)

    def say(self, bar: "Bar") -> str:
        """From when to when a bar goes, as far as it is shown."""
        start = "" if bar.starts_at <= self.since else self._tell(bar.starts_at)
        end = "" if bar.ends_at is None or bar.ends_at >= self.until else self._tell(bar.ends_at)
        if not start and not end:
            return str(_("all day") if self.days == 1 else _("all week"))
        if not start:
            return str(_("until %(end)s", end=end))
        return f"{start} \u2013 {end}" if end else str(_("from %(start)s on", start=start))

    def _tell(self, at: datetime) -> str:
        day = f"{format_datetime(at, 'EEE')} " if self.days > 1 else ""
        return f"{day}{format_time(at, 'short')}"

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places with what is written there: hours of a day, or days."""
        if self.days > 1:
            days = clock.list_days(self.first, self.days)
            return [
                (self.place(clock.begin(day)), format_date(day, "EEE d MMM", rebase=False)) for day in days
            ]
        hours = [clock.begin(self.first, hour) for hour in HOURS]
        return [(self.place(at), format_time(at, "short")) for at in hours]

    @property
    def now(self) -> float | None:
        """Where this moment is; None where it is not shown."""
        at = datetime.now(UTC)
        return self.place(at) if self.since <= at < self.until else None


@dataclass(frozen=True)
class Bar:
    """A stretch of one lane: an assignment, or a gap in which nobody drives (then `row` is None).

    `instead` is the vehicle that goes meanwhile, where there is one.
    """

    left: float
    width: float
    starts_at: datetime
    ends_at: datetime | None
    row: Row | None
    instead: str = ""

    @property
    def begin(self) -> datetime:
        """When a new assignment would begin in this gap: now, where that is in it."""
        now = datetime.now(UTC)
        is_now = self.starts_at < now and (self.ends_at is None or now < self.ends_at)
        return now if is_now else self.starts_at


def read_window(on: str, view: str) -> Window:
    """The window that is asked for; today where that makes no sense. A week begins on Monday."""
    try:
        day = date.fromisoformat(on)
    except ValueError:
        day = clock.today()
    if not clock.FIRST_YEAR < day.year < clock.LAST_YEAR:
        day = clock.today()
    days = VIEWS.get(view, 1)
    return Window(day - timedelta(days=day.weekday()) if days == 7 else day, days)


def draw_lane(window: Window, rows: Sequence[Row], away: Sequence[Row]) -> list[Bar]:
    """The bars of one vehicle, from its assignments in order of time, and the gaps between them."""
    bars, at = [], window.since
    for row in rows:
        if row["starts_at"] > at:
            bars.append(draw_gap(window, at, row["starts_at"], away))
        bars.append(
            Bar(*window.span(row["starts_at"], row["ends_at"]), row["starts_at"], row["ends_at"], row)
        )
        at = row["ends_at"] or window.until
    if at < window.until:
        bars.append(draw_gap(window, at, None, away))
    return bars


def draw_gap(window: Window, starts_at: datetime, ends_at: datetime | None, away: Sequence[Row]) -> Bar:
    """A gap, with what goes instead when it begins."""
    meanwhile = [
        row["fleet_number"]
        for row in away
        if row["starts_at"] <= starts_at and (row["ends_at"] is None or starts_at < row["ends_at"])
    ]
    return Bar(*window.span(starts_at, ends_at), starts_at, ends_at, None, "".join(meanwhile[:1]))


def draw_lanes(window: Window, vehicles: Sequence[Row], rows: Sequence[Row]) -> list[tuple[Row, list[Bar]]]:
    """Each vehicle with its bars."""
    own, away = group(rows, "vehicle_id"), group(rows, "instead_of_vehicle_id")
    return [
        (vehicle, draw_lane(window, own.get(vehicle["id"], []), away.get(vehicle["id"], [])))
        for vehicle in vehicles
    ]


def group(rows: Sequence[Row], field: str) -> dict[int, list[Row]]:
    """The rows by the vehicle that this field names."""
    of: dict[int, list[Row]] = {}
    for row in rows:
        of.setdefault(row[field], []).append(row)
    return of
