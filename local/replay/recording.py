"""What every kind of recording is read into: messages, and lines that cannot be read."""

from typing import NamedTuple


class Message(NamedTuple):
    """A payload as its device would send it. `seconds` is when, on a clock of the recording's own."""

    uid: str
    payload: bytes
    seconds: float


class Unreadable(NamedTuple):
    """A line that is none, and why."""

    line: int
    reason: str


class RecordingError(ValueError):
    """The recording as a whole cannot be read the way it was asked for."""


def check_uid(uid: str) -> str:
    """The uid, if it can stand in a topic; raises ValueError with the reason otherwise."""
    if not 0 < len(uid) <= 200:
        raise ValueError("the uid is empty" if not uid else "the uid is longer than 200 characters")
    wrong = [character for character in uid if character in "/+#" or not character.isprintable()]
    if wrong:
        raise ValueError(f"the uid {uid!r} has {wrong[0]!r}, which no topic can hold")
    return uid
