"""What every decoder gives: positions, and the plain reasons why something is none.

Decoders are arithmetic: bytes in, results out. They know no socket, clock, log or database.
"""

from datetime import datetime
from typing import Any, NamedTuple


class Position(NamedTuple):
    """One fix of one device, in SI units and UTC.

    `uid` is the identity the payload itself claims, or None where it claims none; the transport
    (an MQTT topic, a serial port) names the device then. Unknown values are None, never 0.
    """

    uid: str | None
    fix_time: datetime
    latitude: float
    longitude: float
    speed_mps: float | None = None
    course: float | None = None
    altitude_m: float | None = None
    accuracy_m: float | None = None
    satellites: int | None = None
    valid: bool = True
    attributes: dict[str, Any] | None = None


class Ignored(NamedTuple):
    """Something well-formed that carries no position, such as a farewell or a fix not yet found."""

    reason: str


class DecodeError(ValueError):
    """The input cannot be read as a position: `reason` says why and names the field.

    `raw` holds the bytes that could not be read where they are only a part of the input.
    """

    def __init__(self, reason: str, raw: bytes | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.raw = raw


Result = Position | Ignored | DecodeError
