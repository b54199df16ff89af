"""What a file of rows is to whoever reads it: how it is read, its headers, and its lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple, Protocol

Cell = str | int | float | bool | datetime | date | time | None
MOST_COLUMNS = 500


class Unreadable(Exception):
    """A file, or the rest of it, cannot be read; the message is for the person who sent it."""


class Line(NamedTuple):
    """One row: where it stands in the file, counted from 1; a `fault` says why it cannot be used."""

    number: int
    cells: list[Cell]
    fault: str = ""


@dataclass(frozen=True)
class Reading:
    """How a file is read: found by web.tables.detection, and open to change.

    `format` is delimited, workbook, gpx, nmea or rec; `inside` names the file within an archive. Of
    delimited text `encoding`, `delimiter` and `quote` ("" where nothing is quoted), of a workbook `sheet`.
    The headers are in line `header_line`; 0 where there are none, and columns are called after letters.
    """

    format: str = "delimited"
    inside: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    sheet: str = ""
    header_line: int = 1


class Table(Protocol):
    """An open file of rows. Lines are read once, in constant memory; blank ones are left out.

    No header comes twice, and an empty cell is None. Each line has as many cells as there are headers; one
    with a fault may have more.
    `share` is how much of the file has been read, from 0 to 1. Reading raises Unreadable.
    """

    headers: list[str]

    def __iter__(self) -> Iterator[Line]: ...

    @property
    def share(self) -> float: ...
