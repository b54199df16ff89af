"""OwnTracks JSON, one message or a list: `location` is a position, its other types are not.

The topic names the device: what an OwnTracks message says of its sender (`tid`, `topic`) is a label that its
user types in. A negative acc, batt, cog, vac or vel means unknown; phones leave out what they do not know.
"""

from typing import Any

from devices.position import DecodeError, Ignored, Position, Result
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

MPS_PER_KMH = 1 / 3.6
FASTEST_KMH = 3_600.0

OTHER_TYPES = {
    kind: Ignored(f"owntracks {kind}")
    for kind in (
        "beacon",
        "card",
        "cmd",
        "configuration",
        "dump",
        "encrypted",
        "lwt",
        "request",
        "status",
        "steps",
        "transition",
        "waypoint",
        "waypoints",
    )
}

# Keys that have a name of ours: the name, what one unit of theirs is in ours, the largest value of theirs.
MEASURES = {
    "batt": ("battery_percent", 1, 100.0),
    "flvl": ("fuel_level_percent", 1, 100.0),
    "hmc": ("engine_hours_s", 1, LARGEST),
    "odometer": ("odometer_m", 1_000, LARGEST),
    "ubatt": ("battery_v", 1, LARGEST),
    "uext": ("external_power_v", 1, LARGEST),
    "vac": ("vertical_accuracy_m", 1, LARGEST),
}


def decode(payload: bytes) -> list[Result]:
    """Decode a message; raises DecodeError where it is unreadable as a whole."""
    return decode_records(payload, read_message)


def read_message(message: Record) -> Position | Ignored:
    """Read one message and take it apart; raises DecodeError naming the field that is wrong."""
    kind = message.pop("_type", None)
    if kind == "location":
        return _read_location(message)
    if kind is None:
        raise DecodeError("_type is missing")
    if type(kind) is not str or kind not in OTHER_TYPES:
        raise DecodeError(f"_type is {show(kind)}, which OwnTracks does not know")
    return OTHER_TYPES[kind]


def _read_location(message: Record) -> Position:
    pop = message.pop
    fix_time = check_epoch("tst", _read_text(pop("tst", None)))
    latitude = check_number("lat", pop("lat", None), -90.0, 90.0)
    longitude = check_number("lon", pop("lon", None), -180.0, 180.0)
    speed = _pop_known(message, "vel", FASTEST_KMH)
    course = _pop_known(message, "cog", 360.0)
    altitude = pop("alt", None)
    return Position(
        None,
        fix_time,
        latitude,
        longitude,
        None if speed is None else speed * MPS_PER_KMH,
        None if course is None else course % 360.0,
        None if altitude is None else check_number("alt", altitude, LOWEST_M, HIGHEST_M),
        _pop_known(message, "acc", LARGEST),
        attributes=_take_attributes(message),
    )


def _read_text(value: Any) -> Any:
    """A number that came as a text, or the value as it is."""
    if type(value) is not str:
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _pop_known(message: Record, name: str, high: float) -> float | None:
    """A number of at least 0, or None where it is missing or negative, which means unknown."""
    value = message.pop(name, None)
    if value is None or (type(value) in (int, float) and value < 0):
        return None
    return check_number(name, value, 0.0, high)


def _take_attributes(message: Record) -> Record | None:
    """What is left: some under our own names and in our units, every other key as it is."""
    measures: Record = {}
    for theirs, (ours, unit, high) in MEASURES.items():
        value = _pop_known(message, theirs, high)
        if value is not None:
            measures[ours] = value * unit
    ignition = pop_flag(message, "ign")
    if ignition is not None:
        measures["ignition"] = ignition
    if message.get("rad") is not None:
        measures["rad"] = _read_text(message["rad"])
    return message | measures or None
