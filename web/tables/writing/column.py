"""What a writer is told of a column: its header, and of which kind its cells are."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

Kind = Literal["text", "whole", "number", "yes", "day", "moment"]
Cell = str | int | float | bool | datetime | date | None
Row = Sequence[Cell]


class Column(NamedTuple):
    """A column; each of its cells is None or of its kind.

    A moment with an offset is written with it. One without is the reader's own time, which their header says.
    """

    header: str
    kind: Kind = "text"


def write_moment(at: datetime) -> str:
    """A moment as text: 2026-11-23T07:12:03+00:00, or 2026-11-23 08:12:03 where the header has the zone."""
    if at.tzinfo is None:
        return at.isoformat(" ", "seconds")
    return at.astimezone(UTC).isoformat()


def tell_apart(columns: Sequence[Column]) -> list[str]:
    """The headers, each of them once: what comes again gets a number."""
    seen: dict[str, int] = {}
    headers = []
    for column in columns:
        seen[column.header] = seen.get(column.header, 0) + 1
        number = seen[column.header]
        headers.append(column.header if number == 1 else f"{column.header} ({number})")
    return headers
