"""An open table of whatever format."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from web.tables.archives import MOST_BYTES, Stream, open_stream
from web.tables.delimited import DelimitedTable
from web.tables.gpx import GpxTable
from web.tables.table import Reading, Table
from web.tables.tracks import NmeaTable, RecTable
from web.tables.workbook import open_workbook

STREAMED: dict[str, Callable[[Stream, Reading], Table]] = {
    "delimited": DelimitedTable,
    "gpx": GpxTable,
    "nmea": NmeaTable,
    "rec": RecTable,
}


@contextmanager
def open_table(file: BinaryIO, reading: Reading, most: int = MOST_BYTES) -> Iterator[Table]:
    """The rows of a seekable file; at most `most` bytes come out of an archive. Raises Unreadable."""
    if reading.format == "workbook":
        with open_workbook(file, reading, most) as workbook:
            yield workbook
    else:
        with open_stream(file, reading.inside, most) as stream:
            yield STREAMED[reading.format](stream, reading)
