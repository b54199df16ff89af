"""Files to begin with: templates with headers, an example and what each cell may hold; and samples."""

import csv
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from flask import Response, make_response, send_file
from flask_babel import gettext as _
from marshmallow import validate
from werkzeug.exceptions import NotFound

from web.imports.kind import Column, ImportKind
from web.imports.rejected import XLSX
from web.measures import Measure
from web.records.references import choices_of
from web.tables.formulas import protect
from web.tables.table import Cell

SAMPLES = Path(__file__).parent / "samples"
LAST_LINE = 10_000
LONGEST_LIST = 255  # characters of the choices that a cell of a workbook may name by itself
DAY, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"


def send(kind: ImportKind, suffix: str) -> Response:
    """The template of a kind, as csv or xlsx."""
    if suffix == "csv":
        response = make_response("\ufeff" + write_csv(kind))
        response.mimetype = "text/csv"
        response.headers.set("Content-Disposition", "attachment", filename=f"{kind.title}.csv")
        return response
    if suffix != "xlsx":
        raise NotFound
    file = io.BytesIO(write_xlsx(kind))
    return send_file(file, XLSX, as_attachment=True, download_name=f"{kind.title}.xlsx")


def send_sample(kind: ImportKind) -> Response:
    """The sample of a kind."""
    return send_file(SAMPLES / kind.sample, as_attachment=True)


def name_header(column: Column) -> str:
    """What stands over a column: its label, and the unit of the reader."""
    unit = _find_unit(column)
    return f"{column.field.label} ({unit})" if unit else str(column.field.label)


def _find_unit(column: Column) -> str:
    names = [name for name, _size in column.units]
    own = column.field.unit
    return own if own in names else next(iter(names), "")


def find_example(column: Column) -> Cell:
    """The example as the reader would write it."""
    if column.type == "choice":
        return next((str(label) for key, label in column.field.choices if key == column.example), "")
    if isinstance(column.example, int | float) and column.units:
        sizes = dict(column.units)
        return round(column.example * column.units[0][1] / sizes[_find_unit(column)], 1)
    return column.example


def write_csv(kind: ImportKind) -> str:
    """Headers and the example."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([protect(name_header(column)) for column in kind.columns])
    writer.writerow([_as_text(find_example(column)) for column in kind.columns])
    return text.getvalue()


def _as_text(cell: Cell) -> Any:
    if isinstance(cell, date):
        return cell.isoformat(sep=" ", timespec="minutes") if isinstance(cell, datetime) else cell.isoformat()
    return protect(cell) if isinstance(cell, str) else cell


def write_xlsx(kind: ImportKind) -> bytes:
    """A sheet to fill in, with what each cell may hold, and a sheet that explains its columns."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        _write_rows(book, kind)
        _write_fields(book, kind)
    return file.getvalue()


def _write_rows(book: Any, kind: ImportKind) -> None:
    sheet = book.add_worksheet(str(kind.title)[:31])
    choices = book.add_worksheet(_name_choices())
    looks = {name: book.add_format({"num_format": name}) for name in (DAY, MOMENT)}
    usual, bold = book.add_format({"bold": True}), book.add_format({"bold": True, "underline": True})
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(kind.columns):
        look = looks.get({"day": DAY, "moment": MOMENT}.get(column.type, ""))
        sheet.set_column(place, place, 18, look)
        sheet.write_string(0, place, name_header(column), bold if column.needed else usual)
        _write_example(sheet, place, find_example(column), look)
        if rule := make_rule(column, choices, place):
            sheet.data_validation(1, place, LAST_LINE, place, rule)
    choices.hide()


def _write_example(sheet: Any, place: int, example: Cell, look: Any) -> None:
    if isinstance(example, datetime):
        sheet.write_datetime(1, place, example.replace(tzinfo=None), look)
    elif isinstance(example, date):
        sheet.write_datetime(1, place, example, look)
    elif isinstance(example, int | float) and not isinstance(example, bool):
        sheet.write_number(1, place, example)
    elif example not in (None, ""):
        sheet.write_string(1, place, str(example))


def make_rule(column: Column, choices: Any, place: int) -> dict[str, Any] | None:
    """What a spreadsheet lets one enter in this column; lists stand in a sheet of their own."""
    about = {"ignore_blank": True, "error_title": str(column.field.label)[:32]}
    if words := list_choices(column):
        for line, word in enumerate(words):
            choices.write_string(line, place, word)
        span = f"='{_name_choices()}'!{_span(place, len(words))}"
        # Of other records there may be more than the list shows.
        return {**about, "validate": "list", "source": span, "show_error": column.type == "choice"}
    if column.type == "day":
        limits = {"minimum": date(1900, 1, 2), "maximum": date(2199, 12, 31)}
        return {**about, "validate": "date", "criteria": "between", **limits}
    if column.type == "moment":
        limits = {"minimum": datetime(1900, 1, 2), "maximum": datetime(2199, 12, 31)}  # noqa: DTZ001
        return {**about, "validate": "date", "criteria": "between", **limits}
    if (bounds := find_bounds(column)) is not None:
        kind = "integer" if column.type == "whole" else "decimal"
        return {**about, "validate": kind, "criteria": "between", "minimum": bounds[0], "maximum": bounds[1]}
    return None


def list_choices(column: Column) -> list[str]:
    """The words that one picks from: choices, the records that it refers to, or yes and no."""
    if column.type == "yes":
        return [str(_("yes")), str(_("no"))]
    if column.type in ("choice", "reference"):
        return [str(label) for _key, label in choices_of(column.field)]
    return []


def find_bounds(column: Column) -> tuple[float, float] | None:
    """From where to where a number may be, in the unit of its header."""
    value = column.field.value
    if isinstance(value, Measure):
        size = dict(column.units).get(_find_unit(column), 1.0)
        return value.least / size, value.most / size
    if column.type in ("whole", "number"):
        ranges = [rule for rule in value.validators if isinstance(rule, validate.Range)]
        if ranges and ranges[0].min is not None and ranges[0].max is not None:
            return ranges[0].min, ranges[0].max
    return None


def _name_choices() -> str:
    return str(_("Choices"))[:31]


def _span(place: int, count: int) -> str:
    column = xlsxwriter.utility.xl_col_to_name(place, col_abs=True)
    return f"{column}$1:{column}${count}"


def _write_fields(book: Any, kind: ImportKind) -> None:
    sheet = book.add_worksheet(str(_("Fields"))[:31])
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    titles = (_("Field"), _("Type"), _("Needed"), _("Unit"), _("Choices"), _("Hint"))
    for place, (title, width) in enumerate(zip(titles, (24, 18, 10, 10, 50, 50), strict=True)):
        sheet.set_column(place, place, width, wrapped)
        sheet.write_string(0, place, str(title), bold)
    sheet.freeze_panes(1, 0)
    for line, column in enumerate(kind.columns, 1):
        for place, told in enumerate(describe(column)):
            sheet.write_string(line, place, told)


def describe(column: Column) -> tuple[str, ...]:
    """A column in words: field, type, needed, unit, choices, hint."""
    names = {
        "choice": _("choice"),
        "reference": _("name of a record"),
        "day": _("day"),
        "moment": _("day and time"),
        "measure": _("number"),
        "whole": _("whole number"),
        "number": _("number"),
        "yes": _("yes or no"),
    }
    choices = list_choices(column)
    return (
        str(column.field.label),
        str(names.get(column.type, _("text"))),
        str(_("yes")) if column.needed else "",
        _find_unit(column),
        ", ".join(choices[:50]),
        str(column.field.hint or ""),
    )
