"""Reads an NMEA log into payloads that can be dated.

An epoch is what a receiver says about one moment. Not every sentence tells its time and few tell the date,
so an epoch lasts until another time of day is told, and one without a date (no RMC, no ZDA) rides along
with the epoch before it.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from local.replay.recording import Message, Unreadable

TIME_FIELD = {b"RMC": 1, b"GGA": 1, b"GNS": 1, b"ZDA": 1, b"GLL": 5}
DATED = (b"RMC", b"ZDA")
LONGEST = 16_000  # bytes, for a log that never tells the date
DAY_S = 86_400.0


class Epoch(NamedTuple):
    """The sentences of one moment; `seconds` after the log's first."""

    sentences: bytes
    dated: bool
    seconds: float


def read_epochs(lines: Iterable[bytes], uid: str) -> Iterator[Message | Unreadable]:
    """A message for each dated epoch, a complaint for each line that is no sentence; # begins a comment.

    Checksums are left to those who receive.
    """
    held: Epoch | None = None
    for item in _split(lines):
        if isinstance(item, Unreadable):
            yield item
        elif held and not item.dated and len(held.sentences) < LONGEST:
            held = held._replace(sentences=held.sentences + item.sentences)
        else:
            if held:
                yield Message(uid, held.sentences, held.seconds)
            held = item
    if held:
        yield Message(uid, held.sentences, held.seconds)


def _split(lines: Iterable[bytes]) -> Iterator[Epoch | Unreadable]:
    epoch = Epoch(b"", False, 0.0)
    clock: float | None = None
    for number, line in enumerate(lines, 1):
        sentence = line.strip()
        if not sentence or sentence.startswith(b"#"):
            continue
        if not sentence.startswith((b"$", b"!")):
            yield Unreadable(number, f"{sentence[:40]!r} is no sentence")
            continue
        told = _tell_time(sentence)
        if told is not None and clock is not None and told != clock:
            yield epoch
            epoch = Epoch(b"", False, epoch.seconds + _pass(clock, told))
        clock = clock if told is None else told
        dated = epoch.dated or sentence[3:6] in DATED
        epoch = Epoch(epoch.sentences + sentence + b"\r\n", dated, epoch.seconds)
    if epoch.sentences:
        yield epoch


def _tell_time(sentence: bytes) -> float | None:
    """The time of day that a sentence tells, in seconds."""
    fields = sentence.partition(b"*")[0].split(b",")
    place = TIME_FIELD.get(sentence[3:6], len(fields))
    try:
        text = fields[place].decode("ascii")
        return int(text[:2]) * 3600 + int(text[2:4]) * 60 + float(text[4:])
    except (IndexError, ValueError):
        return None


def _pass(before: float, after: float) -> float:
    """How long it is from one time of day to the next one told; 0 where the clock was set back."""
    ahead = (after - before) % DAY_S
    return ahead if ahead < DAY_S / 2 else 0.0
