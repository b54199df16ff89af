"""Rejected rows as a file: the headers and cells that they came with, the line and the reason in front.

Sent again, it is read like the file that it came from (web.imports.own_columns).
"""

import csv
import io
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import xlsxwriter
from flask import Response, make_response, send_file, stream_with_context
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from sql import imports
from sql.audit import Row
from web import database
from web.imports.kinds import KINDS
from web.imports.own_columns import name_own
from web.imports.report import list_headers, name_header
from web.tables.formulas import protect
from web.tables.table import Cell

READ_AT_ONCE = 1000
MOST_LINES = 2**20  # of a sheet
LONGEST_CELL = 32_767
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send(row: Row, suffix: str) -> Response:
    """The file, as csv or xlsx."""
    name = _("rejected %(number)s", number=row["id"])
    if suffix == "csv":
        response = make_response(stream_with_context(_write_csv(row)), 200)
        response.mimetype = "text/csv"
        response.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
        return response
    if suffix != "xlsx":
        raise NotFound
    return send_file(_write_xlsx(row), XLSX, as_attachment=True, download_name=f"{name}.xlsx")


def list_lines(row: Row) -> Iterator[list[Cell]]:
    """The headers, then each row."""
    with database.connection() as connection:
        headers = list_headers(connection, row)
    place, width = 0, len(headers)
    is_first = True
    while True:
        with database.connection() as connection:
            rows = imports.list_rows(connection, row["id"], "rejected", place, READ_AT_ONCE)
        if is_first:
            width = max([width, *(len(one["cells"] or []) for one in rows)])
            yield [*name_own(), *(name_header(headers, number) for number in range(width))]
        is_first = False
        for one in rows:
            yield [one["line"], say_reasons(row["kind"], one["reasons"]), *(one["cells"] or [])]
        if len(rows) < READ_AT_ONCE:
            return
        place = rows[-1]["line"]


def say_reasons(kind: str, reasons: list[list[str]]) -> str:
    """Why a row was rejected, each reason after its field."""
    columns = KINDS[kind].by_name
    return " ".join(
        f"{columns[name].field.label if name in columns else name}: {sentence}" if name else sentence
        for name, sentence in reasons
    )


def _write_csv(row: Row) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff"
    for cells in list_lines(row):
        writer.writerow([protect(cell) if isinstance(cell, str) else cell for cell in cells])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _write_xlsx(row: Row) -> BinaryIO:
    """As many as a sheet has room for."""
    file: Any = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet(str(_("Rejected")))
        sheet.freeze_panes(1, 0)
        sheet.set_column(1, 1, 60)
        for number, cells in zip(range(MOST_LINES), list_lines(row), strict=False):
            for place, cell in enumerate(cells):
                if cell is not None and cell != "":
                    _write_cell(sheet, number, place, cell, None if number else bold)
    file.seek(0)
    return file  # type: ignore[no-any-return]


def _write_cell(sheet: Any, number: int, place: int, cell: Any, look: Any) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(number, place, cell, look)
    elif isinstance(cell, int | float):
        sheet.write_number(number, place, cell, look)
    else:
        sheet.write_string(number, place, str(cell)[:LONGEST_CELL], look)
