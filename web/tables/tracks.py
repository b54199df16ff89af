"""Tracks as tables: what receivers (NMEA) and the OwnTracks recorder (.rec) wrote, a row for a position."""

import re
from collections.abc import Iterator

import orjson
from flask_babel import gettext as _

from devices import owntracks
from devices.nmea import NmeaDecoder
from devices.position import DecodeError, Ignored, Position, Result
from web.tables.archives import Stream
from web.tables.lines import Lines
from web.tables.table import Cell, Line, Reading

HEADERS = [
    "device",
    "time",
    "latitude",
    "longitude",
    "speed",
    "course",
    "altitude",
    "accuracy",
    "satellites",
    "attributes",
]
PIECE = 64 * 1024
_RECORD = re.compile(r"(\S+)\t\s*(\S*)\s*\t(.*)")


class NmeaTable:
    """The positions that a stream of NMEA sentences tells. Its device is unknown."""

    def __init__(self, stream: Stream, reading: Reading) -> None:
        self.headers = list(HEADERS)
        self._stream = stream

    def __iter__(self) -> Iterator[Line]:
        decoder, number = NmeaDecoder(), 1
        while piece := self._stream.read(PIECE):
            for part in piece.splitlines(keepends=True):
                yield from read_results(number, decoder.feed(part))
                number += part.count(b"\n")
        yield from read_results(number, decoder.close())

    @property
    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return self._stream.share


class RecTable:
    """The positions that the OwnTracks recorder kept: a time, what kind of message it is, and the message."""

    def __init__(self, stream: Stream, reading: Reading) -> None:
        self.headers = list(HEADERS)
        self._stream, self._encoding = stream, reading.encoding

    def __iter__(self) -> Iterator[Line]:
        lines = Lines(self._stream, self._encoding)
        for text in lines:
            lines.start_row()
            record = _RECORD.match(text)
            if record:
                yield from read_results(lines.number, decode_record(record[3]))
            elif text.strip():
                reason = _("This is no line of the OwnTracks recorder: it has no time, kind and message.")
                yield Line(lines.number, [], reason)

    @property
    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return self._stream.share


def decode_record(message: str) -> list[Result]:
    """What a message of OwnTracks tells."""
    try:
        return owntracks.decode(message.encode("utf-8", "surrogatepass"))
    except DecodeError as error:
        return [error]


def read_results(number: int, results: list[Result]) -> Iterator[Line]:
    """A line for each position and each thing that cannot be decoded; what tells no position is left out."""
    for result in results:
        if isinstance(result, Position):
            yield Line(number, write_position(result))
        elif not isinstance(result, Ignored):
            reason = _("This cannot be decoded: %(reason)s.", reason=result.reason)
            yield Line(number, [None] * len(HEADERS), str(reason))


def write_position(position: Position) -> list[Cell]:
    """A position as the cells of a row."""
    attributes = position.attributes
    return [
        position.uid,
        position.fix_time,
        position.latitude,
        position.longitude,
        position.speed_mps,
        position.course,
        position.altitude_m,
        position.accuracy_m,
        position.satellites,
        orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS).decode() if attributes else None,
    ]
