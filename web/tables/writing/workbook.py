"""XLSX: typed cells, the header frozen and filterable; what does not fit on a sheet goes on in the next."""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from web.tables.writing.column import Column, Row, write_moment

MOST_ROWS = 1_048_576
MOST_CHARACTERS = 32_767
MOST_COLUMNS = 16_384
LARGEST_WHOLE = 10**15  # beyond it a spreadsheet forgets digits
FIRST_YEAR = 1900
LOOKED_AT = 200
NARROWEST, WIDEST = 8, 48
FORMATS = {"day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm:ss"}
WIDTHS = {"day": 11, "moment": 19, "yes": 7}
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class Workbook:
    """A workbook that is written row by row."""

    def __init__(self, path: Path, title: str, columns: Sequence[Column], most_rows: int = MOST_ROWS) -> None:
        """`most_rows` of a sheet count its header."""
        self._book = xlsxwriter.Workbook(path, {**OPTIONS, "tmpdir": str(path.parent)})
        self._title, self._columns, self._most_rows = title, columns, most_rows
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._formats = {
            kind: self._book.add_format({"num_format": shown}) for kind, shown in FORMATS.items()
        }
        self._widths = [
            max(WIDTHS.get(column.kind, 0), len(column.header) + 3, NARROWEST) for column in columns
        ]
        self._sheets = 0
        self._begin_sheet()

    def write(self, row: Row) -> None:
        """The next row."""
        if self._row == self._most_rows:
            self._end_sheet()
            self._begin_sheet()
        for place, cell in enumerate(row):
            if cell not in (None, ""):
                self._write_cell(place, cell)
        if self._sheets == 1 and self._row <= LOOKED_AT:
            self._look(row)
        self._row += 1

    def close(self) -> None:
        """The file is complete."""
        self._end_sheet()
        self._book.close()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_worksheet(name_sheet(self._title, self._sheets))
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._sheet.write_string(0, place, column.header, self._bold)
        self._row = 1

    def _end_sheet(self) -> None:
        self._sheet.autofilter(0, 0, self._row - 1, len(self._columns) - 1)
        for place, width in enumerate(self._widths):
            self._sheet.set_column(place, place, min(width, WIDEST))

    def _look(self, row: Row) -> None:
        """The first rows say how wide a column must be."""
        for place, cell in enumerate(row):
            if isinstance(cell, str):
                self._widths[place] = max(self._widths[place], len(cell) + 1)

    def _write_cell(self, place: int, cell: Any) -> None:
        at = self._row, place
        if isinstance(cell, str):
            self._sheet.write_string(*at, _shorten(cell))
        elif isinstance(cell, bool):
            self._sheet.write_boolean(*at, cell)
        elif isinstance(cell, int) and abs(cell) >= LARGEST_WHOLE:
            self._sheet.write_string(*at, str(cell))
        elif isinstance(cell, int | float):
            if math.isfinite(cell):
                self._sheet.write_number(*at, cell)
        elif isinstance(cell, datetime):
            # A cell has no place for an offset: a moment that has one stays text, and keeps it.
            if cell.tzinfo is not None or cell.year <= FIRST_YEAR:
                self._sheet.write_string(*at, write_moment(cell))
            else:
                self._sheet.write_datetime(*at, cell, self._formats["moment"])
        elif isinstance(cell, date):
            if cell.year <= FIRST_YEAR:
                self._sheet.write_string(*at, cell.isoformat())
            else:
                self._sheet.write_datetime(*at, cell, self._formats["day"])


def write_workbook(
    path: Path, title: str, columns: Sequence[Column], rows: Iterable[Row], most_rows: int = MOST_ROWS
) -> None:
    """The file, in constant memory. Raises xlsxwriter.exceptions.XlsxWriterException and OSError."""
    workbook = Workbook(path, title, columns, most_rows)
    try:
        for row in rows:
            workbook.write(row)
    finally:
        workbook.close()


def name_sheet(title: str, number: int) -> str:
    """What a sheet may be called."""
    ending = f" {number}" if number > 1 else ""
    return re.sub(r"[\[\]:*?/\\']", " ", title)[: 31 - len(ending)].strip() + ending


def _shorten(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "\u2026"
