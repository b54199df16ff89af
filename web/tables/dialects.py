"""How rows are written as text: what stands between cells, what quotes them, and which line has the headers.

The sign that cuts the first lines into the most even rows stands between cells; what looks even by chance, as
the comma in prices or the colon in times, cuts the line of the headers into fewer.
"""

import _csv
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

USUAL = {",": 1.0, ";": 1.0, "\t": 1.0, "|": 1.0, "~": 0.95, "^": 0.95, ":": 0.9, " ": 0.8}
UNUSUAL = 0.75
OTHERS = "!#$%&*=\\§¦¤·\x01\x1e\x1f"
QUOTES = ('"', "'")
JUDGED_ROWS = 200
EVEN_ENOUGH = 0.6
LONGEST_VALUE = 40

_VALUE = re.compile(
    r"""[+\-\u2212(]?\s*[€$£]?\s*[+\-\u2212]?(?:\d[\d.,'\u2019\s]*|[.,]\d+)(?:[eE][+-]?\d+)?\s*[€$£%)-]?$
    |\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b|\d{1,2}:\d{2}  # days and times
    |(?:true|false|yes|no|ja|nein|oui|non|vrai|faux|wahr|falsch|null|none|n/?a)$""",
    re.VERBOSE | re.IGNORECASE,
)


class Row(NamedTuple):
    """A row, and the line of the text that it begins in, counted from 1."""

    line: int
    cells: list[str]


class Dialect(NamedTuple):
    """What stands between cells, and what quotes them; "" where nothing does."""

    delimiter: str
    quote: str


def guess_dialect(text: str) -> Dialect:
    """The dialect that cuts this text, the begin of a file, into the most even rows."""
    candidates = [
        Dialect(delimiter, quote) for delimiter in _list_delimiters(text) for quote in _list_quotes(text)
    ]
    weights = {dialect: _weigh(text, dialect) for dialect in candidates}
    best = max(candidates, key=lambda dialect: weights[dialect])
    return best if weights[best] else Dialect(",", '"')


def cut(text: str, dialect: Dialect, most: int = JUDGED_ROWS) -> tuple[list[Row], int]:
    """The first rows that are not blank, and how many could not be read."""
    rows: list[Row] = []
    faults = 0
    reader = make_reader(io.StringIO(text, newline=""), dialect.delimiter, dialect.quote)
    while len(rows) < most:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error:
            faults += 1
            continue
        if any(cells):
            rows.append(Row(line, cells))
    return rows, faults


def make_reader(lines: Iterable[str], delimiter: str, quote: str) -> "_csv.Reader":
    """A reader of lines that have their ends still."""
    return csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        skipinitialspace=delimiter != " ",
        strict=True,
    )


def find_header(rows: Sequence[Row]) -> int:
    """The line of the headers, below titles and above values; 0 where there is none."""
    width = usual_width(rows)
    place = next((at for at, row in enumerate(rows) if 2 * sum(map(bool, row.cells)) > width), None)
    if place is None:
        return 0
    return rows[place].line if _are_headers(rows[place].cells, rows[place + 1 :]) else 0


def usual_width(rows: Sequence[Row]) -> int:
    """How many cells most rows have."""
    return Counter(len(row.cells) for row in rows).most_common(1)[0][0] if rows else 0


def is_value(text: str) -> bool:
    """Whether a text is a number, a day, a time or a yes or no, which headers are not."""
    return len(text) <= LONGEST_VALUE and bool(_VALUE.match(text))


def _are_headers(headers: Sequence[str], rows: Sequence[Row]) -> bool:
    votes = 0
    for place, header in enumerate(headers):
        below = [row.cells[place] for row in rows if place < len(row.cells) and row.cells[place]]
        typed = sum(map(is_value, below)) * 2 > len(below)
        if header and is_value(header):
            votes -= 1
        elif header and below and typed:
            votes += 1
        elif header in below[:20] and len(below) > 1:
            votes -= 1
    filled = [header for header in headers if header]
    return votes > 0 or (votes == 0 and len(set(filled)) == len(filled) and not all(map(is_value, filled)))


def _list_delimiters(text: str) -> list[str]:
    return [sign for sign in (*USUAL, *OTHERS) if sign in text] or [","]


def _list_quotes(text: str) -> list[str]:
    return ['"', *(["'"] if "'" in text else []), *([""] if '"' in text else [])]


def _weigh(text: str, dialect: Dialect) -> float:
    """How even the rows are that a dialect makes; 0 where they have only one column."""
    rows, faults = cut(text, dialect)
    width = usual_width(rows)
    if width < 2:
        return 0.0
    even = sum(len(row.cells) == width for row in rows) / len(rows)
    if even < EVEN_ENOUGH:
        return 0.0
    weight = even**2 * USUAL.get(dialect.delimiter, UNUSUAL) * (1 - 0.5 / width)
    return weight * _weigh_header(rows, width) * _weigh_quotes(rows, faults, dialect)


def _weigh_header(rows: Sequence[Row], width: int) -> float:
    """Less where the first row that is as full as the others comes late."""
    first = next(at for at, row in enumerate(rows) if len(row.cells) == width)
    return 1.0 if first == 0 else 0.8 if first <= 10 and len(rows) > 2 * first else 0.5


def _weigh_quotes(rows: Sequence[Row], faults: int, dialect: Dialect) -> float:
    """Less where cells still stand between quotes, and where quotes do not close."""
    weight = 1.0 if dialect.quote == '"' else 0.97 if dialect.quote else 0.94
    if any(len(cell) > 1 and cell[0] in QUOTES and cell[0] == cell[-1] for row in rows for cell in row.cells):
        weight *= 0.4
    return weight * (0.5 if faults else 1.0)
