"""CSV: UTF-8 with a byte order mark, so that every spreadsheet reads its letters right, and formula-safe."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from io import StringIO
from typing import Any

from web.tables.formulas import protect
from web.tables.writing.column import Column, Row, write_moment

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
    writers = _choose_writers(decimal)
    for row in rows:
        writer.writerow([writers[type(cell)](cell) for cell in row])
        if pieces.tell() > MOST_CHARACTERS:
            yield pieces.getvalue().encode()
            pieces.seek(0)
            pieces.truncate()
    yield pieces.getvalue().encode()


def _choose_writers(decimal: str) -> dict[type, Callable[[Any], str]]:
    """How a cell of each type is written; a number with the fewest digits that read back as the same."""

    def write_number(number: float) -> str:
        text = repr(number).removesuffix(".0")
        return text if decimal == "." else text.replace(".", decimal)

    return {
        type(None): lambda _nothing: "",
        str: protect,
        bool: lambda cell: "true" if cell else "false",
        int: str,
        float: write_number,
        datetime: write_moment,
        date: date.isoformat,
    }
