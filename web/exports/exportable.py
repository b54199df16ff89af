"""What can be exported is a declaration; columns, pages, API and command are made from it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from flask import g

from sql.audit import Row
from web.forms import Field
from web.records.kind import is_shown
from web.rights import may
from web.tables.writing.column import Cell
from web.tables.writing.feature import Feature

Asked = Mapping[str, str]
Rows = Callable[[psycopg.Connection, Asked], Iterator[Row]]
# What a map calls a row, and the columns that it has there: all that were chosen, or only some.
Describe = Callable[[Row, tuple[str, ...] | None], tuple[str, dict[str, Cell]]]
Tracks = Callable[[psycopg.Connection, Iterator[Row], Describe], Iterator[Feature]]


def tell_nothing() -> Mapping[str, Callable[[Row], str]]:
    """No column needs words of its own."""
    return {}


@dataclass(frozen=True)
class Exportable:
    """One list of rows. `name` is its address, `right` what one needs to see any of it.

    `rows` reads what is asked for, within the reach of the person who asks, and raises InvalidFields before
    the first row; `asks` are the questions, as fields of a form. `usual` names the columns that are chosen at
    first; all but `rare` ones where it is empty. Rows that are somewhere have a `place` (the columns of
    latitude and longitude), an `outline` (a column of GeoJSON) or become `tracks`; `named_by` is the column
    that names one on a map, and `at` the one of its moment. `tell` puts columns into words that depend on the
    whole row.
    """

    name: str
    title: Any
    right: str
    columns: tuple[Field, ...]
    rows: Rows
    asks: tuple[Field, ...] = ()
    usual: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()
    place: tuple[str, str] | None = None
    outline: str = ""
    tracks: Tracks | None = None
    named_by: str = ""
    at: str = ""
    tell: Mapping[str, Callable[[Row], str]] = field(default_factory=tell_nothing)

    @property
    def shown(self) -> list[Field]:
        """The columns that the person who asks may see."""
        return [column for column in self.columns if is_shown(column)]

    @property
    def chosen_at_first(self) -> list[str]:
        """The columns that an export has unless others are chosen."""
        return [
            column.name
            for column in self.shown
            if (column.name in self.usual if self.usual else column.name not in self.rare)
        ]

    @property
    def shapes(self) -> tuple[str, ...]:
        """How rows can be drawn on a map: as lines, as places, or not at all."""
        lines = ("lines",) if self.tracks else ()
        return (*lines, "places") if self.place or self.outline else lines

    @property
    def is_allowed(self) -> bool:
        """Whether the person who asks may see any of it."""
        return may(g.user.role, self.right)
