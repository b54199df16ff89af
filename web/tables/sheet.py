"""Reads one sheet of a workbook, in a process of its own: the workbook comes by standard input, rows go out.

calamine holds a whole sheet in memory, and a small file may claim a sheet of a million rows by sixteen
thousand columns. So this process may have only so much memory and time: it ends where that is too little, and
whoever asked for the rows goes on.

What is written are frames: four bytes of length and a message of msgpack. The first is a Contents or a text
that says what is wrong; the others are lists of Rows.
"""

import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import msgspec
import python_calamine as calamine

from config.program import end_with_parent
from web.tables.marks import Block, Marks, add_xml_marks, holds_xml
from web.tables.xls import add_xls_errors

WORKBOOK = "/proc/self/fd/0"
MOST_MEMORY = 160 * 1024**2
MOST_SECONDS = 60
ROWS_A_FRAME = 200
DAY, MOMENT, TIME = 1, 2, 3
BROKEN, MISSING, TOO_LARGE = "broken", "missing", "too large"
ERRORS = frozenset(("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!", "#CALC!"))
LARGEST_WHOLE = 2.0**53
NAMES, RAW = "names", "raw"


class Fault(NamedTuple):
    """What is wrong with a cell: `column` counts from 0; `text` is the error, or a control character."""

    column: int
    text: str


class Row(NamedTuple):
    """A row that is not blank, and its number as the spreadsheet shows it."""

    number: int
    cells: list[Any]
    fault: Fault | None


class Contents(NamedTuple):
    """The sheets that can be seen, which of them the rows are of, and how many rows it has."""

    sheets: list[str]
    sheet: str
    rows: int


def main() -> None:
    """Write the rows of the sheet named first; its merged cells count below the header line named second.

    Without a name it is the first sheet that is not empty. Instead of a line, "raw" asks for cells as they
    are, which is quicker, and "names" for no rows.
    """
    end_with_parent()
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    name, header_line = sys.argv[1:]
    try:
        for message in read(name, header_line):
            write(message)
    except BrokenPipeError:
        sys.exit(1)
    except MemoryError:
        write(TOO_LARGE)
    except calamine.WorksheetNotFound:
        write(MISSING)
    except BaseException as error:  # a panic of calamine is no Exception
        write(TOO_LARGE if "capacity overflow" in str(error) else BROKEN)


def write(message: Any) -> None:
    """A frame."""
    content = msgspec.msgpack.encode(message)
    sys.stdout.buffer.write(len(content).to_bytes(4, "big") + content)
    sys.stdout.buffer.flush()


def read(name: str, header_line: str) -> Iterator[Any]:
    """What is in a sheet: Contents, then lists of Rows."""
    with calamine.load_workbook(WORKBOOK) as workbook:
        names = list_names(workbook)
        if header_line == NAMES:
            yield Contents(names, "", 0)
            return
        sheet = workbook.get_sheet_by_name(name) if name else find_first(workbook, names)
        marks = Marks()
        if header_line != RAW:
            add_marks(WORKBOOK, sheet.name, marks)
        if sheet.merged_cell_ranges:
            marks.blocks += [Block(*start, *end) for start, end in sheet.merged_cell_ranges]
    yield Contents(names, sheet.name, sheet.end[0] + 1 if sheet.end else 0)
    rows: list[Row] = []
    for row in read_rows(sheet, marks, -1 if header_line == RAW else int(header_line)):
        rows.append(row)
        if len(rows) == ROWS_A_FRAME:
            yield rows
            rows = []
    yield rows


def add_marks(path: str, sheet: str, marks: Marks) -> None:
    """What calamine does not tell of a sheet."""
    (add_xml_marks if holds_xml(path) else add_xls_errors)(path, sheet, marks)


def list_names(workbook: calamine.CalamineWorkbook) -> list[str]:
    """The sheets of rows that can be seen, or all where none can."""
    seen = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.typ == calamine.SheetTypeEnum.WorkSheet
        and sheet.visible == calamine.SheetVisibleEnum.Visible
    ]
    return seen or workbook.sheet_names


def find_first(workbook: calamine.CalamineWorkbook, names: list[str]) -> calamine.CalamineSheet:
    """The first sheet that is not empty, or else the first."""
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.end is not None:
            return sheet
    return workbook.get_sheet_by_index(0)


def read_rows(sheet: calamine.CalamineSheet, marks: Marks, header_line: int) -> Iterator[Row]:
    """The rows that are not blank; below the headers a block of merged cells has its value in each cell.

    Columns on the left that are empty throughout are left out.
    """
    if sheet.start is None:
        return
    left = sheet.start[1]
    blocks = sorted((block for block in marks.blocks if block.top >= header_line >= 0), reverse=True)
    open_blocks: list[tuple[Block, Any]] = []
    for place, values in enumerate(sheet.iter_rows()):
        cells = [convert(value) for value in values]
        fault = find_fault(cells, left, marks.errors.get(place))
        if fault is None and not any(cell is not None for cell in cells):
            continue
        while blocks and blocks[-1].top <= place:
            block = blocks.pop()
            has_value = block.top == place and 0 <= block.left - left < len(cells)
            open_blocks.append((block, cells[block.left - left] if has_value else None))
        open_blocks = [(block, value) for block, value in open_blocks if block.bottom >= place]
        for block, value in open_blocks:
            for column in range(max(0, block.left - left), min(block.right + 1 - left, len(cells))):
                cells[column] = value if cells[column] is None else cells[column]
        yield Row(place + 1, trim(cells), fault)


def convert(value: Any) -> Any:
    """A cell as it is sent."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_WHOLE:
        return int(value)
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    for kind, code in ((datetime, MOMENT), (date, DAY), (time, TIME)):
        if isinstance(value, kind):
            return msgspec.msgpack.Ext(code, value.isoformat().encode())
    return value


def find_fault(cells: list[Any], left: int, errors: dict[int, str] | None) -> Fault | None:
    """The first cell of a row that cannot be used; the row begins at column `left`."""
    if errors:
        return Fault(*min(errors.items()))
    for column, cell in enumerate(cells):
        if not isinstance(cell, str):
            continue
        if cell in ERRORS:
            return Fault(left + column, cell)
        odd = "" if cell.isprintable() else next(filter(is_control, cell), "")
        if odd:
            return Fault(left + column, odd)
    return None


def is_control(sign: str) -> bool:
    """Whether a character has no business in a cell: a control other than a tab or a line's end."""
    return (sign < " " and sign not in "\t\r\n") or "\x7f" <= sign <= "\x9f"


def trim(cells: list[Any]) -> list[Any]:
    """Without the empty cells at the end."""
    while cells and cells[-1] is None:
        cells.pop()
    return cells


if __name__ == "__main__":
    main()
