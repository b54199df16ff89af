"""CSV: UTF-8 with a byte order mark, so that every spreadsheet reads its letters right, and formula-safe."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from io import StringIO

from web.tables.formulas import protect
from web.tables.writing.column import Cell, Column, Row, write_moment

DELIMITERS = (",", ";", "\t")
MOST_CHARACTERS = 64 * 1024
BOM = "\ufeff"


def write_delimited(
    columns: Sequence[Column], rows: Iterable[Row], delimiter: str = ",", decimal: str = "."
) -> Iterator[bytes]:
    """The file, piece by piece; `decimal` is the sign in numbers."""
    pieces = StringIO()
    writer = csv.writer(pieces, delimiter=delimiter, lineterminator="\r\n")
    pieces.write(BOM)
    writer.writerow([protect(column.header) for column in columns])
    write = _choose_number(decimal)
    for row in rows:
        writer.writerow([_write_cell(cell, write) for cell in row])
        if pieces.tell() > MOST_CHARACTERS:
            yield pieces.getvalue().encode()
            pieces.seek(0)
            pieces.truncate()
    yield pieces.getvalue().encode()


def _write_cell(cell: Cell, write_number: Callable[[float], str]) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return protect(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return write_number(cell)
    if isinstance(cell, datetime):
        return write_moment(cell)
    assert isinstance(cell, date)
    return cell.isoformat()


def _choose_number(decimal: str) -> Callable[[float], str]:
    """The fewest digits that read back as the same number."""
    if decimal == ".":
        return lambda number: repr(number).removesuffix(".0")
    return lambda number: repr(number).removesuffix(".0").replace(".", decimal)
