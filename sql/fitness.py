"""Whether a position can be stored, asked before it is.

Where a million are stored in one transaction, one that the database refused would lose them all.
"""

from datetime import datetime
from typing import NamedTuple

import orjson

from devices import plausibility
from devices.position import Position

FLOAT4_LIMIT = 3.4028234663852886e38
INT2_LIMIT = 32_767
ESCAPED_NUL = rb"\u0000"


class Fault(NamedTuple):
    """What is wrong with which column of a position.

    The reason is "range" (no number, or none that the column holds), "future fix", "week rollover" or
    "implausible time" (devices/plausibility.py), "too old" (dropped the next night), "nul" (a text with the
    character 0) or "type" (nothing that JSON can say).
    """

    field: str
    reason: str


def find_fault(position: Position, now: datetime, kept_since: datetime | None = None) -> Fault | None:
    """Why a position cannot be stored, or None: by the rules of the daemon and of the table.

    `now` is when it was received; `kept_since` is where the retention begins (sql/retention.py), None where
    all is kept. Of several faults the first is told.
    """
    _, fix_time, latitude, longitude, speed, course, altitude, accuracy, satellites, _, attributes = position
    if not -90 <= latitude <= 90:
        return Fault("latitude", "range")
    if not -180 <= longitude <= 180:
        return Fault("longitude", "range")
    if speed is not None and not -FLOAT4_LIMIT <= speed <= FLOAT4_LIMIT:
        return Fault("speed_mps", "range")
    if course is not None and not -FLOAT4_LIMIT <= course <= FLOAT4_LIMIT:
        return Fault("course", "range")
    if altitude is not None and not -FLOAT4_LIMIT <= altitude <= FLOAT4_LIMIT:
        return Fault("altitude_m", "range")
    if accuracy is not None and not -FLOAT4_LIMIT <= accuracy <= FLOAT4_LIMIT:
        return Fault("accuracy_m", "range")
    if satellites is not None and not 0 <= satellites <= INT2_LIMIT:
        return Fault("satellites", "range")
    if reason := plausibility.find_fault(position, now):
        return Fault("fix_time", reason)
    if kept_since is not None and fix_time < kept_since:
        return Fault("fix_time", "too old")
    return _judge(attributes) if attributes else None


def _judge(attributes: dict[str, object]) -> Fault | None:
    try:
        document = orjson.dumps(attributes)
    except TypeError:
        return Fault("attributes", "type")
    # A backslash of the text itself is written as two.
    if ESCAPED_NUL in document and ESCAPED_NUL in document.replace(rb"\\", b""):
        return Fault("attributes", "nul")
    return None
