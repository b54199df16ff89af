"""An open table of whatever format."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from flask_babel import gettext as _

from web.tables.archives import MOST_BYTES, Stream, open_stream
from web.tables.delimited import DelimitedTable
from web.tables.encodings import ENCODINGS
from web.tables.gpx import GpxTable
from web.tables.table import Reading, Table, Unreadable
from web.tables.tracks import NmeaTable, RecTable
from web.tables.workbook import open_workbook

WORKBOOK = "workbook"
LINE_ENDS = ("\r", "\n")
STREAMED: dict[str, Callable[[Stream, Reading], Table]] = {
    "delimited": DelimitedTable,
    "gpx": GpxTable,
    "nmea": NmeaTable,
    "rec": RecTable,
}


@contextmanager
def open_table(file: BinaryIO, reading: Reading, most: int = MOST_BYTES) -> Iterator[Table]:
    """The rows of a seekable file; at most `most` bytes come out of an archive. Raises Unreadable."""
    check(reading)
    if reading.format == WORKBOOK:
        with open_workbook(file, reading, most) as workbook:
            yield workbook
    else:
        with open_stream(file, reading.inside, most) as stream:
            yield STREAMED[reading.format](stream, reading)


def check(reading: Reading) -> None:
    """Refuse a reading that no file can be read by. Raises Unreadable."""
    if reading.format not in (WORKBOOK, *STREAMED):
        raise Unreadable(_("There is no format %(name)s.", name=reading.format))
    if reading.encoding not in ENCODINGS:
        raise Unreadable(_("There is no encoding %(name)s.", name=reading.encoding))
    if len(reading.delimiter) != 1 or reading.delimiter in LINE_ENDS:
        raise Unreadable(_("Between cells there must be one sign."))
    if len(reading.quote) > 1 or reading.quote in (*LINE_ENDS, reading.delimiter):
        raise Unreadable(_("What quotes cells must be one sign, another than the one between them, or none."))
