"""Tracks in GPX 1.0 and 1.1: a row for each point, as they come, in constant memory.

A document type is refused, for entities could unfold to gigabytes; and so is an element or a text that never
ends, for it would fill the memory.
"""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from math import isfinite
from xml.parsers import expat

import orjson
from flask_babel import gettext as _

from web.tables.archives import Stream
from web.tables.table import Cell, Line, Reading, Unreadable
from web.tables.tracks import HEADERS

PIECE = 64 * 1024
LONGEST_TEXT = 64 * 1024
LONGEST_TAG = 1024**2
DEEPEST = 32
POINTS = ("trkpt", "rtept")
NUMBERS = {"speed": "speed", "course": "course", "ele": "altitude", "sat": "satellites"}


class BadPoint(Exception):
    """A point that cannot be used; the message says why."""


class GpxTable:
    """The points of tracks and routes; the device is what their track is called."""

    def __init__(self, stream: Stream, reading: Reading) -> None:
        self.headers = list(HEADERS)
        self._stream = stream

    def __iter__(self) -> Iterator[Line]:
        points = Points()
        fed = 0
        while True:
            piece = self._stream.read(PIECE)
            try:
                points.parser.Parse(piece, not piece)
            except expat.ExpatError as error:
                yield from points.take()
                raise Unreadable(
                    _("This GPX file is damaged at line %(line)s, or was not sent whole.", line=error.lineno)
                ) from error
            yield from points.take()
            fed += len(piece)
            if fed - points.parser.CurrentByteIndex > LONGEST_TAG:
                raise Unreadable(too_long(points.parser.CurrentLineNumber))
            if not piece:
                return

    @property
    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return self._stream.share


class Points:
    """Gathers the points of a document while it is parsed."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._add
        self._lines: deque[Line] = deque()
        self._path: list[str] = []
        self._text = ""
        self._track: str | None = None
        self._number = 0
        self._point: dict[str, str] | None = None

    def take(self) -> Iterator[Line]:
        """The lines that are whole."""
        while self._lines:
            yield self._lines.popleft()

    def _refuse(self, *_declaration: object) -> None:
        raise Unreadable(_("This GPX file has a document type, which no GPX file needs; it is not read."))

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        self._path.append(name)
        self._text = ""
        if len(self._path) > DEEPEST:
            raise Unreadable(_("This GPX file is nested deeper than tracks are."))
        if name in ("trk", "rte"):
            self._track = None
        elif name in POINTS:
            self._number = self.parser.CurrentLineNumber
            self._point = {key: attributes[key] for key in ("lat", "lon") if key in attributes}

    def _add(self, text: str) -> None:
        self._text += text
        if len(self._text) > LONGEST_TEXT:
            raise Unreadable(too_long(self.parser.CurrentLineNumber))

    def _end(self, name: str) -> None:
        name = self._path.pop()
        text, self._text = self._text.strip(), ""
        if name in POINTS and self._point is not None:
            self._lines.append(read_point(self._number, self._track, self._point))
            self._point = None
        elif self._point is not None:
            if text:
                self._point.setdefault(name, text)
        elif name == "name" and self._path and self._path[-1] in ("trk", "rte"):
            self._track = text or None


def read_point(number: int, track: str | None, point: dict[str, str]) -> Line:
    """A point as a row; it is taken apart."""
    try:
        latitude, longitude = _pop_degrees(point, "lat", 90), _pop_degrees(point, "lon", 180)
        moment = _pop_time(point)
        numbers = {ours: _pop_number(point, theirs) for theirs, ours in NUMBERS.items()}
    except BadPoint as error:
        return Line(number, [None] * len(HEADERS), str(error))
    satellites = numbers["satellites"]
    cells: list[Cell] = [
        track,
        moment,
        latitude,
        longitude,
        numbers["speed"],
        numbers["course"],
        numbers["altitude"],
        None,
        None if satellites is None else round(satellites),
        orjson.dumps(point, option=orjson.OPT_SORT_KEYS).decode() if point else None,
    ]
    return Line(number, cells)


def too_long(line: int) -> str:
    """What is said of an element or a text that does not end."""
    return str(_("What stands at line %(line)s of this GPX file is longer than it can be.", line=line))


def _pop_degrees(point: dict[str, str], name: str, most: float) -> float:
    if name not in point:
        raise BadPoint(_("This point has no %(name)s.", name=name))
    value = _pop_number(point, name)
    if value is None or not -most <= value <= most:
        raise BadPoint(_("%(name)s must be a number from -%(most)s to %(most)s.", name=name, most=most))
    return value


def _pop_number(point: dict[str, str], name: str) -> float | None:
    text = point.pop(name, None)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise BadPoint(_("%(name)s is %(text)s, which is no number.", name=name, text=text[:40]))
    return value


def _pop_time(point: dict[str, str]) -> datetime:
    text = point.pop("time", None)
    if text is None:
        raise BadPoint(_("This point has no time."))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadPoint(_("The time %(text)s is none.", text=text[:40])) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
