"""What is stored together, and what became of it: the words that sources and the store share."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from devices.position import Position


class Message(NamedTuple):
    """What a source delivered, byte for byte: `source` names the way in, `topic` the place on it."""

    source: str
    topic: str
    payload: bytes
    received_at: datetime


class Received(NamedTuple):
    """A position, the device that sent it, and the message it came in."""

    uid: str
    position: Position
    message: Message


class Refused(NamedTuple):
    """What cannot be stored: a short `reason` to count by, a `detail` for the reader, the bytes concerned."""

    message: Message
    uid: str | None
    reason: str
    detail: str
    raw: bytes


@dataclass(slots=True)
class Batch:
    """What is stored in one transaction; `ignored` counts messages that carry no position, by source."""

    received: list[Received] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Tally:
    """What became of the records of one source; those received are the sum of the first three."""

    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    ignored: int = 0
