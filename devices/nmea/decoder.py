"""From a stream of bytes to sentences, and from sentences to one position per instant.

What makes it hard: the stream may begin and end anywhere, lose bytes, carry another protocol in between, or
never send a line end; and nothing says which sentence of an instant is its last. So a `$` begins a sentence
whatever stands before it, a line is at most 1 KiB, the checksum decides, and an epoch ends when another time
of day arrives or the stream pauses (`flush`).
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, time
from functools import reduce
from operator import xor

from pynmeagps import NMEAMessage, NMEAReader  # type: ignore[import-untyped]
from pynmeagps.exceptions import (  # type: ignore[import-untyped]
    NMEAMessageError,
    NMEAParseError,
    NMEAStreamError,
    NMEATypeError,
)

from devices.nmea.calendar import Calendar
from devices.nmea.epoch import Epoch
from devices.nmea.sentences import TIMED, UNTIMED, has_lost_its_clock, read_time, read_zda_date
from devices.position import DecodeError, Ignored, Result

LONGEST_LINE = 1024
REMEMBERED_MOMENTS = 4
CHECKED_ALREADY = 0
KINDS = frozenset((*TIMED, *UNTIMED, "ZDA"))
NO_FIX = Ignored("no fix")
NO_DATE = Ignored("no date yet")
UNREADABLE = (NMEAMessageError, NMEAParseError, NMEAStreamError, NMEATypeError)


class NmeaDecoder:
    """The decoder of one stream. It keeps at most 1 KiB of it, the epoch that is under way, and the date."""

    def __init__(self) -> None:
        self._rest = b""
        self._epoch: Epoch | None = None
        self._calendar = Calendar()
        self._told: deque[datetime] = deque(maxlen=REMEMBERED_MOMENTS)

    def feed(self, data: bytes) -> list[Result]:
        """The results that these bytes complete; how a stream is cut into calls makes no difference."""
        *lines, self._rest = (self._rest + data.replace(b"\r", b"\n")).split(b"\n")
        results = [result for line in lines for result in self._read_line(line)]
        if len(self._rest) > LONGEST_LINE:
            *pieces, self._rest = _cut(self._rest)
            results += [result for piece in pieces for result in self._read_piece(piece)]
        return results

    def flush(self) -> list[Result]:
        """The epoch under way: call it when the stream pauses. Half a line waits for its other half."""
        if self._rest[-3:-2] == b"*":
            return self.close()
        return self._end_epoch()

    def close(self) -> list[Result]:
        """All that is left: call it when the stream ends. Half a line is an error now."""
        line, self._rest = self._rest, b""
        return [*self._read_line(line), *self._end_epoch()]

    def _read_line(self, line: bytes) -> Iterator[Result]:
        if line.startswith(b"#") and len(line) <= LONGEST_LINE:  # the comment of a recorded stream
            return
        for piece in _cut(line):
            yield from self._read_piece(piece.strip())

    def _read_piece(self, piece: bytes) -> Iterator[Result]:
        if piece in (b"", b"$"):
            return
        try:
            sentence = parse(piece)
            if sentence:
                yield from self._take(sentence)
        except DecodeError as error:
            # A fresh one: what was raised keeps its frames alive, kilobytes for each piece of garbage.
            yield DecodeError(error.reason, piece)

    def _take(self, sentence: NMEAMessage) -> Iterator[Result]:
        """Add a sentence to its epoch, and give the epoch that it ends."""
        kind: str = sentence.msgID
        if kind in UNTIMED:
            if self._epoch:
                UNTIMED[kind](sentence, self._epoch)
            return
        instant = read_time(sentence)
        if kind == "ZDA":
            self._take_date(sentence, instant)
            return
        if has_lost_its_clock(sentence):
            if self._epoch and self._epoch.instant != instant:
                yield from self._end_epoch()
            self._calendar.forget()
        if instant is None and self._epoch:
            return
        if self._epoch is None or self._epoch.instant != instant:
            yield from self._end_epoch()
            self._epoch = Epoch(instant)
        TIMED[kind](sentence, self._epoch)

    def _take_date(self, sentence: NMEAMessage, instant: time | None) -> None:
        """A ZDA begins no epoch: some receivers announce the next second with it."""
        day = read_zda_date(sentence)
        if day and self._epoch and self._epoch.instant == instant:
            self._epoch.day = day
        elif day and instant:
            self._calendar.learn(day, instant)

    def _end_epoch(self) -> list[Result]:
        """What the epoch comes to; one that a pause cut in two, or two talkers tell in turns, comes once."""
        epoch, self._epoch = self._epoch, None
        if epoch is None:
            return []
        if epoch.instant is None:
            return [NO_FIX]
        if epoch.day:
            self._calendar.learn(epoch.day, epoch.instant)
        moment = self._calendar.find_moment(epoch.instant)
        if moment is None:
            return [NO_DATE if epoch.has_fix() else NO_FIX]
        if moment in self._told:
            return []
        self._told.append(moment)
        return [epoch.locate(moment) if epoch.has_fix() else NO_FIX]


def parse(line: bytes) -> NMEAMessage | None:
    """A sentence, or None for one of a kind that tells no position; raises DecodeError."""
    if line[:1] not in (b"$", b"!"):
        raise DecodeError("not an NMEA sentence")
    content, star, checksum = line[1:].partition(b"*")
    if not star or len(checksum) != 2:
        raise DecodeError("no checksum: the line is cut off, or its sender adds none")
    wanted = b"%02X" % reduce(xor, content, 0)
    if checksum.upper() != wanted:
        found = checksum.decode("ascii", "backslashreplace")
        raise DecodeError(f"bad checksum: {found} instead of {wanted.decode()}")
    name = content.partition(b",")[0].decode("ascii", "replace")
    if line[:1] == b"!" or len(name) != 5 or name[0] == "P" or name[2:] not in KINDS:
        return None
    try:
        sentence = NMEAReader.parse(line, validate=CHECKED_ALREADY)
    except UNREADABLE as error:
        raise DecodeError(f"{name}: {error}") from error
    if sentence is None or sentence.msgID not in KINDS:
        raise DecodeError(f"{name}: holds bytes that are no text")
    return sentence


def _cut(line: bytes) -> Iterator[bytes]:
    """The pieces of a line: each `$` begins one, and none is longer than 1 KiB."""
    garbage, *sentences = line.split(b"$")
    for piece in (garbage, *(b"$" + sentence for sentence in sentences)):
        for start in range(0, len(piece), LONGEST_LINE):
            yield piece[start : start + LONGEST_LINE]


def decode(payload: bytes) -> list[Result]:
    """Decode a whole message of sentences; raises DecodeError where not one of them can be read."""
    if not payload.strip():
        return [Ignored("empty payload")]
    decoder = NmeaDecoder()
    results = decoder.feed(payload) + decoder.close()
    errors = [result for result in results if isinstance(result, DecodeError)]
    if errors and len(errors) == len(results):
        raise DecodeError(
            errors[0].reason if len(errors) == 1 else f"{len(errors)} lines, the first: {errors[0]}"
        )
    return results or [Ignored("no position")]
