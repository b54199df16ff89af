"""When a template is exported by itself: each day, week or month, at an hour of somebody's clock."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

REPEATS = (("day", _l("Every day")), ("week", _l("Every week")), ("month", _l("Every month")))


def find_next(repeats: str, on_day: int, at_hour: int, time_zone: str, after: datetime) -> datetime:
    """The next time after a moment. An hour that the clocks skip is the one after it.

    `on_day` is a day of the week (1 is Monday) or of the month, whose last one it is where there are fewer.
    """
    zone = ZoneInfo(time_zone)
    day = after.astimezone(zone).date()
    while True:
        at = datetime.combine(day, time(at_hour), zone).astimezone(UTC)
        if at > after and _fits(repeats, on_day, day):
            return at
        day += timedelta(days=1)


def _fits(repeats: str, on_day: int, day: date) -> bool:
    if repeats == "week":
        return day.isoweekday() == on_day
    if repeats == "month":
        return day.day == min(on_day, monthrange(day.year, day.month)[1])
    return True
