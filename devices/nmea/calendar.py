"""Which day a time of day belongs to.

Most sentences tell only the time of day; the date comes now and then, with RMC or ZDA. Between two dates
midnight may pass, and a sentence may come a little late, so a time of day is given the day that brings it
nearest to the last known moment: 00:00:00 after 23:59:59 is tomorrow, 23:59:59 after 00:00:00 was yesterday.
"""

from datetime import UTC, date, datetime, time, timedelta

HALF_A_DAY = timedelta(hours=12)
A_DAY = timedelta(days=1)


class Calendar:
    """The last known moment of a stream, in UTC."""

    def __init__(self) -> None:
        self._last: datetime | None = None

    def learn(self, day: date, instant: time) -> datetime:
        """Take a date that a sentence told together with its time of day."""
        self._last = datetime.combine(day, instant, UTC)
        return self._last

    def forget(self) -> None:
        """Know no date any more: the receiver has lost its clock."""
        self._last = None

    def find_moment(self, instant: time) -> datetime | None:
        """The moment that a time of day means, or None while no date is known."""
        if self._last is None:
            return None
        moment = datetime.combine(self._last.date(), instant, UTC)
        if moment - self._last > HALF_A_DAY:
            moment -= A_DAY
        elif self._last - moment > HALF_A_DAY:
            moment += A_DAY
        self._last = moment
        return moment
