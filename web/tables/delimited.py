"""Rows of delimited text, one by one, in constant memory."""

import csv
from collections.abc import Iterator
from itertools import islice

from flask_babel import gettext as _

from web.tables.archives import Stream
from web.tables.dialects import make_reader
from web.tables.encodings import UNREADABLE_SIGN
from web.tables.formulas import unprotect
from web.tables.headers import fit, name_columns, peek
from web.tables.lines import Lines
from web.tables.table import Cell, Line, Reading, Unreadable

LONGEST_CELL = 1024**2
PEEKED = 100

csv.field_size_limit(LONGEST_CELL)


class DelimitedTable:
    """An open file of delimited text."""

    def __init__(self, stream: Stream, reading: Reading) -> None:
        self._stream = stream
        self._lines = Lines(stream, reading.encoding)
        source = iter(self._lines)
        for _title in islice(source, max(0, reading.header_line - 1)):
            pass
        self._reader = make_reader(source, reading.delimiter, reading.quote)
        rows = self._read()
        header = next(rows, None) if reading.header_line else None
        if reading.header_line and header is None:
            raise Unreadable(_("There are no headers in line %(line)s.", line=reading.header_line))
        if header and header.fault:
            raise Unreadable(_("The headers cannot be read. %(reason)s", reason=header.fault))
        peeked, self._rows = peek(rows, PEEKED)
        self.headers = name_columns(header and header.cells, [line.cells for line in peeked])

    def __iter__(self) -> Iterator[Line]:
        width = len(self.headers)
        for line in self._rows:
            yield line if len(line.cells) == width else fit(line, width)

    @property
    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return self._stream.share

    def _read(self) -> Iterator[Line]:
        """The rows that are not blank."""
        lines, reader = self._lines, self._reader
        usual = 0
        while True:
            number = lines.start_row()
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._explain(error, number)
                continue
            cells: list[Cell] = [text.strip() or None for text in row]
            if number <= lines.odd_until:
                line = look_closely(Line(number, cells), row)
                if line.fault:
                    yield line
                    continue
            if not any(cells):
                continue
            usual = max(usual, len(cells))
            if not lines.is_ended and len(cells) < usual:
                yield Line(number, cells, _("The file ends in the middle of this row."))
            else:
                yield Line(number, cells)

    def _explain(self, error: csv.Error, number: int) -> Line:
        """The fault of a row that cannot be cut into cells. Raises Unreadable where what follows is lost."""
        if "unexpected end" in str(error):
            raise Unreadable(
                _("A quote that opens in the row at line %(line)s never closes.", line=number)
            ) from error
        if "field larger" in str(error):
            raise Unreadable(
                _(
                    "In the row at line %(line)s a cell is longer than %(size)s characters: "
                    "perhaps a quote opens there that never closes.",
                    line=number,
                    size=LONGEST_CELL,
                )
            ) from error
        last = self._lines.number
        if last > number:
            return Line(
                number,
                [],
                _(
                    "Lines %(first)s to %(last)s: a quote opens and does not close rightly.",
                    first=number,
                    last=last,
                ),
            )
        return Line(number, [], _("A quote opens here and does not close rightly."))


def look_closely(line: Line, row: list[str]) -> Line:
    """A line with its cells unprotected in place, or with a fault where one holds what no cell may."""
    for place, text in enumerate(row):
        odd = next(filter(is_odd, text), "")
        if odd:
            return line._replace(fault=explain_odd(odd, place + 1))
        cell = line.cells[place]
        if cell:
            line.cells[place] = unprotect(str(cell))
    return line


def explain_odd(sign: str, place: int) -> str:
    """What is wrong with a cell that has this character."""
    if sign == UNREADABLE_SIGN:
        return str(_("Cell %(place)s has bytes that are no text in this encoding.", place=place))
    return str(
        _("Cell %(place)s has the control character U+%(code)s.", place=place, code=f"{ord(sign):04X}")
    )


def is_odd(sign: str) -> bool:
    """Whether a character has no business in a cell: a control other than a tab or a line's end."""
    return (sign < " " and sign not in "\t\r\n") or "\x7f" <= sign <= "\x9f" or sign == UNREADABLE_SIGN
