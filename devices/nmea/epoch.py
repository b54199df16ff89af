"""The epoch: what the sentences of one instant say together.

A receiver tells one fix in several sentences of the same time of day: RMC has the date, the speed and the
verdict, GGA the altitude and the satellites, VTG and GSA no time at all. Where two tell the same, the later
one wins.
"""

from datetime import date, datetime, time
from typing import Any

from devices.position import Position

GPS_BEGINS = date(1980, 1, 6)
FIRST_PLAUSIBLE = date(2000, 1, 1)


class Epoch:
    """One instant, a UTC time of day (None where the receiver has no clock yet), and what is known of it."""

    def __init__(self, instant: time | None) -> None:
        self.instant = instant
        self.day: date | None = None
        self.place: tuple[float, float] | None = None
        self.speed_mps: float | None = None
        self.course: float | None = None
        self.altitude_m: float | None = None
        self.accuracy_m: float | None = None
        self.satellites: int | None = None
        self.hdop: float | None = None
        self._declared_valid: bool | None = None

    def declare(self, valid: bool) -> None:
        """Take the verdict of an RMC or GLL over the whole fix.

        A receiver of several systems may give one for each (GPRMC, GARMC): one valid is enough.
        """
        self._declared_valid = bool(self._declared_valid) or valid

    def has_fix(self) -> bool:
        """Whether a sentence told a place and no verdict stands against it."""
        return self.place is not None and self._declared_valid is not False

    def locate(self, moment: datetime) -> Position:
        """The position of this epoch, which has a fix, at `moment`."""
        assert self.place is not None
        attributes: dict[str, Any] = {}
        if self.hdop is not None:
            attributes["hdop"] = self.hdop
        if suspicion := suspect(moment.date()):
            attributes["time_suspect"] = suspicion
        return Position(
            None,
            moment,
            *self.place,
            self.speed_mps,
            self.course,
            self.altitude_m,
            self.accuracy_m,
            self.satellites,
            attributes=attributes or None,
        )


def suspect(day: date) -> str | None:
    """Why a date cannot be right, judged without a clock, or None.

    GPS counts weeks modulo 1024; a receiver that loses count is 19.6 years late: in 2019 many told 1999.
    """
    if day >= FIRST_PLAUSIBLE:
        return None
    return "week_rollover" if day >= GPS_BEGINS else "before_gps"
