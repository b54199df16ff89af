"""Native JSON, one object or a list: `{"time", "lat", "lon", "speed", "course", …}`, see docs/devices.md.

This is the hot path of the daemon. A message that holds nothing but the agreed keys, well-typed and in range,
is read by msgspec in one call. Every other one goes the long way, which names the field that is wrong and
keeps what it does not know; both give the same (tests/devices/test_native.py).
"""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec.structs import astuple

from devices.position import DecodeError, Position, Result
from devices.records import (
    BACKSLASH,
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
FARTHEST_M = 1e12
MEASURES = {
    "odometer": ("odometer_m", FARTHEST_M),
    "fuel": ("fuel_level_percent", 100.0),
    "fuel_percent": ("fuel_level_percent", 100.0),
    "fuel_litres": ("fuel_level_l", LARGEST),
}

_Metres = Annotated[float, msgspec.Meta(ge=LOWEST_M, le=HIGHEST_M)]
_Percent = Annotated[float, msgspec.Meta(ge=0.0, le=100.0)]


class _Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    time: Annotated[datetime, msgspec.Meta(tz=True)] | float
    lat: Annotated[float, msgspec.Meta(ge=-90.0, le=90.0)]
    lon: Annotated[float, msgspec.Meta(ge=-180.0, le=180.0)]
    speed: Annotated[float, msgspec.Meta(ge=0.0, le=FASTEST_MPS)] | None = None
    course: Annotated[float, msgspec.Meta(ge=0.0, lt=360.0)] | None = None
    altitude: _Metres | None = None
    accuracy: Annotated[float, msgspec.Meta(ge=0.0, le=LARGEST)] | None = None
    satellites: Annotated[int, msgspec.Meta(ge=0, le=MOST_SATELLITES)] | None = None
    odometer: Annotated[float, msgspec.Meta(ge=0.0, le=FARTHEST_M)] | None = None
    fuel: _Percent | None = None
    fuel_percent: _Percent | None = None
    fuel_litres: Annotated[float, msgspec.Meta(ge=0.0, le=LARGEST)] | None = None
    ignition: bool | None = None
    event: str | msgspec.UnsetType = msgspec.UNSET


EXTRAS = {name: ours for name, (ours, _) in MEASURES.items()} | {"ignition": "ignition"}

_new = tuple.__new__  # a third of the time of Position(…), which passes through a function written in Python
_read_plain = msgspec.json.Decoder(_Plain | list[_Plain]).decode


def decode(payload: bytes) -> list[Result]:
    """Decode a message of positions; raises DecodeError where it is unreadable as a whole."""
    if BACKSLASH not in payload:  # an escape may hide the character NUL
        try:
            plain = _read_plain(payload)
            if type(plain) is _Plain:
                return [_convert(plain)]
            if plain:
                return [_convert(each) for each in plain]
        except (msgspec.MsgspecError, ValueError, OverflowError):  # the long way says what is wrong
            pass
    return decode_records(payload, read_position)


def _convert(plain: _Plain) -> Position:
    time, *motion, odometer, fuel, percent, litres, ignition, event = astuple(plain)
    if type(time) is not datetime:
        time = check_epoch("time", time)
    elif time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    attributes = None
    if not (odometer is fuel is percent is litres is ignition is None) or event is not msgspec.UNSET:
        attributes = {
            ours: value for name, ours in EXTRAS.items() if (value := getattr(plain, name)) is not None
        }
        if event is not msgspec.UNSET:
            attributes["event"] = event
    return _new(Position, (None, time, *motion, True, attributes))


def read_position(record: Record) -> Position:
    """Read one position and take its record apart; raises DecodeError naming the field that is wrong."""
    return Position(
        fix_time=_pop_time(record),
        latitude=check_number("lat", record.pop("lat", None), -90.0, 90.0),
        longitude=check_number("lon", record.pop("lon", None), -180.0, 180.0),
        speed_mps=_pop_number(record, "speed", 0.0, FASTEST_MPS),
        course=_pop_course(record),
        altitude_m=_pop_number(record, "altitude", LOWEST_M, HIGHEST_M),
        accuracy_m=_pop_number(record, "accuracy", 0.0, LARGEST),
        satellites=_pop_satellites(record),
        uid=_pop_uid(record),
        attributes=_take_attributes(record),
    )


def _pop_time(record: Record) -> datetime:
    moment = record.pop("time", None)
    return _read_iso(moment) if type(moment) is str else check_epoch("time", moment)


def _pop_course(record: Record) -> float | None:
    course = _pop_number(record, "course", 0.0, 360.0)
    return None if course is None else course % 360.0


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
