"""Times as a person enters and reads them: in their own time zone, with its two odd nights a year.

In the night when the clocks go forward an hour is missing: what is entered there is refused, and the time
that the clocks then show is offered. In the night when they go back an hour comes twice: what is entered
there is the earlier one. Whoever means the later one, as a program does, gives the offset.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from web.languages import choose_time_zone

FIRST_YEAR, LAST_YEAR = 1900, 2199


class SkippedHour(ValueError):
    """There is no such time on that day: `later` is what the clocks show instead."""

    def __init__(self, later: str) -> None:
        super().__init__("the clocks go forward")
        self.later = later


def zone() -> ZoneInfo:
    """The time zone of the person who asks."""
    return ZoneInfo(choose_time_zone())


def read(text: Any) -> datetime:
    """A moment from 2026-11-23T07:30, with an offset or in the person's time zone. Raises ValueError."""
    if isinstance(text, datetime):
        return text
    if not isinstance(text, str) or len(text) > 40:
        raise ValueError("no text")
    entered = datetime.fromisoformat(text.strip())
    if not FIRST_YEAR <= entered.year <= LAST_YEAR:
        raise ValueError("out of range")
    if entered.tzinfo is not None:
        return entered.astimezone(UTC)
    at = entered.replace(tzinfo=zone()).astimezone(UTC)
    shown = at.astimezone(zone())
    if shown.replace(tzinfo=None) != entered:
        raise SkippedHour(shown.strftime("%H:%M"))
    return at


def write(at: datetime | str) -> str:
    """A moment as an input of the kind datetime-local has it, to the minute."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(zone()).strftime("%Y-%m-%dT%H:%M")


def today() -> date:
    """The person's day."""
    return datetime.now(zone()).date()


def begin(day: date, hour: int = 0) -> datetime:
    """The moment at which a day begins for the person, or an hour of it."""
    return datetime.combine(day, time(hour), zone()).astimezone(UTC)


def list_days(first: date, count: int) -> list[date]:
    """So many days from this one on."""
    return [first + timedelta(days=number) for number in range(count)]
