"""What each kind of sentence adds to its epoch.

pynmeagps splits and types the fields; it gives "" for a field that is empty or unreadable. A position counts
only where its own sentence vouches for it. The navigation status of NMEA 4.1, the last field of RMC and GNS,
is not looked at: nearly every receiver says V there, meaning that it gives no such status.
"""

from collections.abc import Callable
from datetime import date, time
from math import hypot
from typing import Any

from pynmeagps import NMEAMessage  # type: ignore[import-untyped]

from devices.nmea.epoch import Epoch
from devices.position import DecodeError

MPS_PER_KNOT = 1852 / 3600
MPS_PER_KMH = 1 / 3.6
FASTEST_KNOTS = 2_000
LARGEST = 1e9
WORST_DOP = 90  # receivers say 99.99 where there is none
ESTIMATED = 6
FEWEST_SATELLITES = 3


def read_field(sentence: NMEAMessage, name: str) -> Any:
    """A typed field, or None where it is empty, unreadable, or the sentence ends before it."""
    value = getattr(sentence, name, "")
    return None if value == "" else value


def read_number(sentence: NMEAMessage, name: str, low: float = -LARGEST, high: float = LARGEST) -> Any:
    """A number from `low` to `high`, or None where there is none; raises DecodeError for any other."""
    value = read_field(sentence, name)
    if value is not None and not low <= value <= high:
        raise DecodeError(f"{sentence.identity}: {name} is {value}, not from {low} to {high}")
    return value


def read_time(sentence: NMEAMessage) -> time | None:
    """The time of day in UTC."""
    instant: time | None = read_field(sentence, "time")
    return instant


def read_zda_date(sentence: NMEAMessage) -> date | None:
    """The date of a ZDA; raises DecodeError where there is no such day."""
    year, month, day = (read_field(sentence, name) for name in ("year", "month", "day"))
    if None in (year, month, day):
        return None
    if not 1900 <= year < 2200:
        raise DecodeError(f"{sentence.identity}: year is {year}, not from 1900 to 2199")
    try:
        return date(year, month, day)
    except (ValueError, OverflowError) as error:
        raise DecodeError(f"{sentence.identity}: {error}") from error


def has_lost_its_clock(sentence: NMEAMessage) -> bool:
    """Whether the receiver says that it knows no time or date; an older date is then no help."""
    if sentence.msgID == "RMC":
        return read_field(sentence, "status") != "A" and None in (
            read_time(sentence),
            read_field(sentence, "date"),
        )
    return sentence.msgID == "GGA" and read_field(sentence, "quality") == 0 and read_time(sentence) is None


def add_rmc(sentence: NMEAMessage, epoch: Epoch) -> None:
    valid = _declare(sentence, epoch)
    if not valid:  # a void RMC of a cold start has a time and a date, but they are not to be relied on
        return
    epoch.day = read_field(sentence, "date") or epoch.day
    _add_place(sentence, epoch)
    _add_motion(sentence, epoch, "spd", MPS_PER_KNOT, "cog")


def add_gll(sentence: NMEAMessage, epoch: Epoch) -> None:
    if _declare(sentence, epoch):
        _add_place(sentence, epoch)


def add_gga(sentence: NMEAMessage, epoch: Epoch) -> None:
    quality, satellites = read_number(sentence, "quality"), read_number(sentence, "numSV", 0, 255)
    if not quality or (quality < ESTIMATED and _are_too_few(sentence, satellites)):
        return
    _add_place(sentence, epoch)
    _add_quality(sentence, epoch, satellites)


def add_gns(sentence: NMEAMessage, epoch: Epoch) -> None:
    modes = read_field(sentence, "posMode") or ""
    if modes.strip("N"):  # a letter for each system, N where that system gives no fix
        _add_place(sentence, epoch)
        _add_quality(sentence, epoch, read_number(sentence, "numSV", 0, 255))


def add_vtg(sentence: NMEAMessage, epoch: Epoch) -> None:
    if epoch.speed_mps is not None or read_field(sentence, "posMode") == "N":
        return
    in_knots = read_field(sentence, "sogn") is not None
    _add_motion(sentence, epoch, *(("sogn", MPS_PER_KNOT) if in_knots else ("sogk", MPS_PER_KMH)), "cogt")


def add_gsa(sentence: NMEAMessage, epoch: Epoch) -> None:
    if epoch.hdop is None:
        epoch.hdop = _read_hdop(sentence)


def add_gst(sentence: NMEAMessage, epoch: Epoch) -> None:
    north, east = read_number(sentence, "stdLat", 0), read_number(sentence, "stdLong", 0)
    if north is not None and east is not None and read_time(sentence) == epoch.instant:
        epoch.accuracy_m = hypot(north, east)


def _are_too_few(sentence: NMEAMessage, satellites: int | None) -> bool:
    """Whether a GGA repeats an old position. A talker of one system among several counts only its own."""
    return sentence.talker in ("GP", "GN") and satellites is not None and satellites < FEWEST_SATELLITES


def _declare(sentence: NMEAMessage, epoch: Epoch) -> bool:
    valid: bool = read_field(sentence, "status") == "A" and read_field(sentence, "posMode") != "N"
    epoch.declare(valid)
    return valid


def _add_place(sentence: NMEAMessage, epoch: Epoch) -> None:
    latitude, longitude = read_number(sentence, "lat", -90, 90), read_number(sentence, "lon", -180, 180)
    if latitude is None or longitude is None:
        return
    if read_field(sentence, "NS") not in ("N", "S") or read_field(sentence, "EW") not in ("E", "W"):
        raise DecodeError(f"{sentence.identity}: the hemisphere is missing")
    epoch.place = latitude, longitude


def _add_motion(
    sentence: NMEAMessage, epoch: Epoch, speed_name: str, unit_mps: float, course_name: str
) -> None:
    speed, course = (
        read_number(sentence, speed_name, 0, FASTEST_KNOTS),
        read_number(sentence, course_name, 0, 360),
    )
    if speed is not None:
        epoch.speed_mps = speed * unit_mps
    if course is not None:
        epoch.course = course % 360


def _add_quality(sentence: NMEAMessage, epoch: Epoch, satellites: int | None) -> None:
    altitude, hdop = read_number(sentence, "alt"), _read_hdop(sentence)
    if altitude is not None:
        epoch.altitude_m = altitude
    if hdop is not None:
        epoch.hdop = hdop
    if satellites is not None:
        epoch.satellites = max(satellites, epoch.satellites or 0)


def _read_hdop(sentence: NMEAMessage) -> float | None:
    hdop: float | None = read_number(sentence, "HDOP")
    return hdop if hdop is not None and 0 < hdop < WORST_DOP else None


TIMED: dict[str, Callable[[NMEAMessage, Epoch], None]] = {
    "RMC": add_rmc,
    "GGA": add_gga,
    "GNS": add_gns,
    "GLL": add_gll,
}
UNTIMED: dict[str, Callable[[NMEAMessage, Epoch], None]] = {"VTG": add_vtg, "GSA": add_gsa, "GST": add_gst}
