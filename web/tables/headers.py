"""The names of columns, and rows made to fit them."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from flask_babel import gettext as _

from web.tables.table import MOST_COLUMNS, Cell, Line, Unreadable

Row = TypeVar("Row")


def name_columns(header: Sequence[Cell] | None, rows: Sequence[Sequence[Cell]]) -> list[str]:
    """A name for each column: its header, or a letter as spreadsheets have them; no name comes twice.

    Columns at the end that have neither header nor content are none; where there is no header at all, the
    widest of the first rows tells how many there are. Raises Unreadable.
    """
    given = list(header or [])
    filled = max((_width(row) for row in rows), default=0)
    width = max(_width(given), min(filled, len(given)) if header is not None else filled)
    if width > MOST_COLUMNS:
        raise Unreadable(
            _(
                "This table has %(count)s columns; at most %(most)s can be read.",
                count=width,
                most=MOST_COLUMNS,
            )
        )
    names: list[str] = []
    for place in range(width):
        name = " ".join(str(given[place]).split()) if place < len(given) and given[place] is not None else ""
        names.append(_distinguish(name or letter(place), names))
    return names


def peek(rows: Iterator[Row], count: int) -> tuple[list[Row], Iterator[Row]]:
    """The first rows, and all of them; what goes wrong among the first goes wrong when they are read."""
    first: list[Row] = []
    trouble: Unreadable | None = None
    try:
        first += islice(rows, count)
    except Unreadable as error:
        trouble = error

    def read_all() -> Iterator[Row]:
        yield from first
        if trouble:
            raise trouble
        yield from rows

    return first, read_all()


def fit(line: Line, width: int) -> Line:
    """A line with as many cells as there are columns; a fault where it has more with something in them."""
    found = _width(line.cells)
    if found > width and not line.fault:
        return line._replace(
            fault=_(
                "This row has %(found)s cells, but there are %(width)s columns.", found=found, width=width
            )
        )
    missing: list[Cell] = [None] * (width - len(line.cells))
    return line._replace(cells=(line.cells if line.fault else line.cells[:width]) + missing)


def letter(place: int) -> str:
    """What a spreadsheet calls the column at this place, counted from 0: A to Z, then AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def _width(cells: Sequence[Cell]) -> int:
    """How many cells there are up to the last that is not empty."""
    return next((place for place in range(len(cells), 0, -1) if cells[place - 1] is not None), 0)


def _distinguish(name: str, names: Sequence[str]) -> str:
    count, told = 1, name
    while told in names:
        count += 1
        told = f"{name} ({count})"
    return told
