"""Native JSON, one object or a list: `{"time", "lat", "lon", "speed", "course", …}`, see docs/devices.md.

This is the hot path of the daemon, so a record is taken apart by `pop`: what the common record holds is
checked in line, and what is left over after that is read only where there is something left.
"""

from datetime import UTC, datetime

from devices.position import DecodeError, Position, Result
from devices.records import (
    HIGHEST_M,
    LARGEST,
    LOWEST_M,
    Record,
    check_epoch,
    check_number,
    decode_records,
    pop_flag,
    show,
)

FASTEST_MPS = 1_000.0
MOST_SATELLITES = 255
LONGEST_UID = 200
MEASURES = {
    "odometer": ("odometer_m", 1e12),
    "fuel": ("fuel_level_percent", 100.0),
    "fuel_percent": ("fuel_level_percent", 100.0),
    "fuel_litres": ("fuel_level_l", LARGEST),
}


def decode(payload: bytes) -> list[Result]:
    """Decode a message of positions; raises DecodeError where it is unreadable as a whole."""
    return decode_records(payload, read_position)


def read_position(record: Record) -> Position:
    """Read one position and take its record apart; raises DecodeError naming the field that is wrong."""
    pop = record.pop
    moment = pop("time", None)
    latitude = pop("lat", None)
    longitude = pop("lon", None)
    speed = pop("speed", None)
    course = pop("course", None)
    fix_time = _read_iso(moment) if type(moment) is str else check_epoch("time", moment)
    if type(latitude) is not float or not -90.0 <= latitude <= 90.0:
        latitude = check_number("lat", latitude, -90.0, 90.0)
    if type(longitude) is not float or not -180.0 <= longitude <= 180.0:
        longitude = check_number("lon", longitude, -180.0, 180.0)
    if speed is not None and (type(speed) is not float or not 0.0 <= speed <= FASTEST_MPS):
        speed = check_number("speed", speed, 0.0, FASTEST_MPS)
    if course is not None and (type(course) is not float or not 0.0 <= course < 360.0):
        course = check_number("course", course, 0.0, 360.0) % 360.0
    if not record:
        return Position(None, fix_time, latitude, longitude, speed, course)
    return Position(
        _pop_uid(record),
        fix_time,
        latitude,
        longitude,
        speed,
        course,
        _pop_number(record, "altitude", LOWEST_M, HIGHEST_M),
        _pop_number(record, "accuracy", 0.0, LARGEST),
        _pop_satellites(record),
        True,
        _take_attributes(record),
    )


def _read_iso(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        zone = moment.tzinfo
        if zone is UTC:
            return moment
        if zone is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DecodeError(f"time is {show(text)}, which is no ISO 8601 time") from error
    raise DecodeError(f"time is {show(text)}: its zone is missing, end it with Z or an offset")


def _pop_uid(record: Record) -> str | None:
    uid = record.pop("uid", None)
    if uid is not None and (type(uid) is not str or not 0 < len(uid) <= LONGEST_UID):
        raise DecodeError(f"uid is {show(uid)}, not a text of 1 to {LONGEST_UID} characters")
    return uid


def _pop_number(record: Record, name: str, low: float, high: float) -> float | None:
    value = record.pop(name, None)
    return None if value is None else check_number(name, value, low, high)


def _pop_satellites(record: Record) -> int | None:
    value = record.pop("satellites", None)
    if value is not None and (type(value) is not int or not 0 <= value <= MOST_SATELLITES):
        raise DecodeError(f"satellites is {show(value)}, not a whole number from 0 to {MOST_SATELLITES}")
    return value


def _take_attributes(record: Record) -> Record | None:
    """What is left, some of it under the names of docs/devices.md; every other key stays as it is."""
    measures: Record = {}
    for name, (ours, high) in MEASURES.items():
        if record.get(name) is not None:
            measures[ours] = check_number(name, record[name], 0.0, high)
        record.pop(name, None)
    ignition = pop_flag(record, "ignition")
    if ignition is not None:
        measures["ignition"] = ignition
    return record | measures or None
