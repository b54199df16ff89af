"""From the cells of a line to the values of a record: each cell by the type of its column, with the reasons.

A million rows go through here. So what each column does is decided once for a file, and what a text means is
remembered, for most columns say the same few things again and again.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import psycopg
from flask_babel import gettext as _
from marshmallow import ValidationError, missing

from sql.queries import queries
from web import clock
from web.imports.kind import REJECTED, Candidate, Column, Finding, ImportKind, Reasons
from web.imports.mapping import Mapping, fold, list_words
from web.tables.days import read_day, read_moment
from web.tables.numbers import read_number
from web.tables.table import Cell, Line, Unreadable

MOST_REMEMBERED = 2_000
NOWHERE = 2**31
PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
YES = frozenset({"yes", "y", "true", "1", "x", "ja", "j", "wahr", "oui", "o", "vrai", "sí", "si", "s"})
NO = frozenset({"no", "n", "false", "0", "-", "nein", "falsch", "non", "faux"})
Read = Callable[[Cell], Any]


class Wrong(NamedTuple):
    """What a cell is that cannot be read."""

    sentence: str


class Plan(NamedTuple):
    """How a column is read: what an empty cell is, and what is known of others, where that is of use."""

    name: str
    place: int
    read: Read
    empty: Any
    known: dict[Any, Any] | None


class Reader:
    """Reads the lines of one file as one mapping says, with the names of records within reach."""

    def __init__(
        self, connection: psycopg.Connection, kind: ImportKind, mapping: Mapping, reach: list[int] | None
    ) -> None:
        self._connection, self._mapping, self._reach = connection, mapping, reach
        self._zone = ZoneInfo(mapping.time_zone)
        places = dict(mapping.columns)
        self._columns = [
            self._plan(kind.by_name[name], places.get(name, NOWHERE), mapping.fixed.get(name))
            for name in (*sorted(places, key=places.__getitem__), *(mapping.fixed.keys() - places.keys()))
        ]

    def read(self, line: Line) -> Candidate | Finding:
        """The values of a line, or why it is rejected."""
        number, cells, fault = line
        if fault:
            return Finding(number, REJECTED, reasons=[("", fault)], cells=cells)
        width = len(cells)
        values: dict[str, Any] = {}
        reasons: Reasons = []
        for name, place, read, empty, known in self._columns:
            cell = cells[place] if place < width else None
            if cell is None or cell == "":
                value = empty
            elif known is None:
                value = _try(read, cell)
            elif (value := known.get((cell, type(cell)), known)) is known:
                value = _try(read, cell)
                if len(known) < MOST_REMEMBERED:
                    known[cell, type(cell)] = value
            if type(value) is Wrong:
                reasons.append((name, value.sentence))
            elif value is not missing:
                values[name] = value
        if reasons:
            return Finding(number, REJECTED, reasons=reasons, cells=cells)
        return Candidate(number, values, cells)

    def _plan(self, column: Column, place: int, fixed: str | None) -> Plan:
        """How a column is read; an empty cell is what is fixed, or says nothing.

        Raises Unreadable where what is fixed cannot be.
        """
        read = self._choose_read(column)
        empty: Any = missing
        if fixed is not None:
            empty = _try(read, fixed)
            if type(empty) is Wrong:
                raise Unreadable(f"{column.field.label}: {empty.sentence}")
        elif self._mapping.clears:
            empty = column.field.value.deserialize("") if column.field.value.allow_none else missing
        return Plan(column.name, place, read, empty, None if column.varies else {})

    def _choose_read(self, column: Column) -> Read:
        value, mapping = column.field.value, self._mapping
        if column.type == "choice":
            return _read_choice(column, mapping.words.get(column.name, {}))
        if column.type == "reference":
            return self._read_reference(column.field.of)
        if column.type == "day":
            return lambda cell: value.deserialize(_find_day(cell, mapping.dates).isoformat())
        if column.type == "moment":
            return lambda cell: value.deserialize(self._find_moment(cell))
        if column.type in ("number", "measure"):
            size = dict(column.units).get(mapping.units.get(column.name, ""), _first_size(column))
            return lambda cell: value.deserialize(_find_number(cell, mapping.decimals) * size)
        if column.type == "whole":
            return lambda cell: value.deserialize(_find_whole(cell, mapping.decimals))
        if column.type == "yes":
            return _read_yes
        return lambda cell: value.deserialize(_write(cell))

    def _find_moment(self, cell: Cell) -> datetime:
        moment = _find_moment(cell, self._mapping.dates)
        if not clock.FIRST_YEAR <= moment.year <= clock.LAST_YEAR:
            raise ValueError(_("This must be a day between 1900 and 2199."))
        if moment.tzinfo is not None:
            return moment
        at = moment.replace(tzinfo=self._zone)
        if at.astimezone(ZoneInfo("UTC")).astimezone(self._zone).replace(tzinfo=None) != moment:
            raise ValueError(_("The clocks go forward then, and there is no such time."))
        return at

    def _read_reference(self, noun: str) -> Read:
        """By the whole name, what stands before a bracket, or in it; archived ones where no other is."""
        ways: tuple[dict[str, list[tuple[int, bool]]], ...] = ({}, {}, {})
        asked = {"search": "", "ids": None, "depot_ids": self._reach, "most": 2**31 - 1}
        for id, name, is_archived in getattr(queries, f"list_{noun}_names")(self._connection, **asked):
            before, _bracket, inside = name.casefold().rpartition(" (")
            for known, text in zip(ways, (name.casefold(), before, inside.removesuffix(")")), strict=True):
                if text and (before or known is ways[0]):
                    known.setdefault(text, []).append((id, is_archived))

        def read(cell: Cell) -> int:
            text = _write(cell).strip().casefold()
            found = next((known[text] for known in ways if text in known), [])
            kept = [id for id, is_archived in found if not is_archived] or [id for id, _archived in found]
            if not kept:
                raise ValueError(_("There is no such record."))
            if len(kept) > 1:
                raise ValueError(_("Several have this name."))
            return kept[0]

        return read


def _try(read: Read, cell: Cell) -> Any:
    """The value of a cell, or what is wrong with it."""
    try:
        return read(cell)
    except ValidationError as error:
        return Wrong(str(error.messages[0]))
    except ValueError as error:
        return Wrong(str(error))


def _first_size(column: Column) -> float:
    return column.units[0][1] if column.units else 1.0


def _read_choice(column: Column, words: dict[str, str]) -> Read:
    """By its key, its word in any language, or what a person said that it means."""
    keys = {fold(word): key for word, key in list_words(column).items()}
    said = {word.strip().casefold(): key for word, key in words.items()}
    choices = ", ".join(str(label) for _key, label in column.field.choices)

    def read(cell: Cell) -> Any:
        text = _write(cell)
        key = said.get(text.casefold()) or keys.get(fold(text))
        if key is None:
            raise ValueError(_("This must be one of: %(choices)s.", choices=choices))
        return column.field.value.deserialize(key)

    return read


def _read_yes(cell: Cell) -> bool:
    text = _write(cell).casefold()
    if text not in YES and text not in NO:
        raise ValueError(_("This must be yes or no."))
    return text in YES


def _find_day(cell: Cell, order: str) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) else read_day(_write(cell), order)


def _find_moment(cell: Cell, order: str) -> datetime:
    if isinstance(cell, str):
        return read_moment(cell, order)
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return datetime.combine(cell, time())
    return cell if isinstance(cell, datetime) else read_moment(_write(cell), order)


def _find_number(cell: Cell, decimal: str) -> float:
    if isinstance(cell, str) and decimal != "," and PLAIN.fullmatch(cell):
        return float(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    return float(read_number(_write(cell), decimal or "."))


def _find_whole(cell: Cell, decimal: str) -> int:
    number = _find_number(cell, decimal)
    if not number.is_integer():
        raise ValueError(_("This must be a whole number."))
    return int(number)


def _write(cell: Cell) -> str:
    """A cell as text; a whole number without decimals, a time as ISO 8601 has it."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)
