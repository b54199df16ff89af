"""Other records that a field refers to: a person types or picks the name, a program sends the id.

A kind that others refer to has the query `list_NOUN_names(search, ids, depot_ids, most)`, which answers id,
name and whether it is archived. Whoever may not reach a record cannot refer to it either.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import psycopg
from flask import Flask, g
from flask_babel import gettext as _
from marshmallow import ValidationError, fields

from sql.queries import queries
from sql.users import list_reach
from web import clock, database, formats
from web.forms import Field
from web.records.kind import is_shown
from web.values import REQUIRED, Blank

MOST_SUGGESTED = 20
MOST_CHOICES = 500
Name = tuple[int, str, bool]


class Reference(Blank, fields.Integer):
    """The id of another record; a text is its name."""

    def __init__(self, noun: str, needed: bool = False) -> None:
        super().__init__(
            required=needed,
            allow_none=not needed,
            error_messages={"required": REQUIRED, "null": REQUIRED},
            metadata={"description": f"the id of a {noun}"},
        )
        self.noun = noun

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        with database.connection() as connection:
            if isinstance(value, str) and "\x00" not in value:
                found = _find(connection, self.noun, value.strip())
            elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31:
                found = _list(connection, self.noun, ids=[value])
            else:
                found = []
        if len(found) > 1:
            raise ValidationError(_("Several have this name: pick one of the list."))
        if not found:
            raise ValidationError(_("There is no such record."))
        return found[0][0]


class References(fields.List[int]):
    """The ids of several other records; a text has them with commas between."""

    def __init__(self, noun: str) -> None:
        super().__init__(
            fields.Integer(), allow_none=True, metadata={"description": f"the ids of some {noun}s"}
        )
        self.one = Reference(noun)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, str):
            value = [int(id) if id.isascii() and id.isdigit() else id for id in value.split(",") if id]
        if not isinstance(value, list):
            raise ValidationError(_("This must be a list of ids."))
        return [self.one.deserialize(id) for id in value]


class NamedReferences(References):
    """The same, where there may be too many to tick: a text has their names with commas between."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, str):
            value = [self._find(name) for name in map(str.strip, value.split(",")) if name]
        return sorted(set(super()._deserialize(value, attr, data, **kwargs)))

    def _find(self, name: str) -> Any:
        try:
            return self.one.deserialize(name)
        except ValidationError as error:
            raise ValidationError(f"{name}: {error.messages[0]}") from error

    def enter(self, ids: list[int]) -> str:
        """The names of these, as they are typed."""
        return ", ".join(filter(None, (find_name(self.one.noun, id) for id in ids)))


def set_up(app: Flask) -> None:
    """Tell the templates."""
    app.add_template_global(list_ticks)
    app.add_template_global(choices_of)
    app.add_template_global(entry_of)
    app.add_template_global(is_shown)
    app.add_template_filter(show_field)


def list_names(noun: str, search: str = "", most: int = MOST_CHOICES) -> list[str]:
    """The names of what is not archived and within reach, by name."""
    with database.connection() as connection:
        rows = _list(connection, noun, search=search.replace("\x00", ""), most=most)
        return [name for _id, name, is_archived in rows if not is_archived]


def find_name(noun: str, id: int | None) -> str | None:
    """The name of a record, archived or not, whoever asks: it stands beside what they may see."""
    if id is None:
        return None
    known: dict[tuple[str, int], str | None] = g.setdefault("names_of_records", {})
    if (noun, id) not in known:
        with database.connection() as connection:
            rows = _query(connection, noun, search="", ids=[id], depot_ids=None, most=1)
        known[noun, id] = rows[0][1] if rows else None
    return known[noun, id]


def list_ticks(field: Field, value: Any) -> list[tuple[Any, Any, bool]]:
    """What ticks offer, and whether it is ticked: each choice, or the id and name of what is not archived."""
    chosen = {str(id) for id in (value.split(",") if isinstance(value, str) else value or [])}
    if field.choices:
        return [(key, label, key in chosen) for key, label in field.choices]
    with database.connection() as connection:
        rows = _list(connection, field.of)
    return [
        (id, name, str(id) in chosen)
        for id, name, is_archived in rows
        if not is_archived or str(id) in chosen
    ]


def learn_names(fields: Iterable[Field], rows: Iterable[Mapping[str, Any]]) -> None:
    """Find what these rows refer to in one query for each field, before they are shown."""
    known: dict[tuple[str, int], str | None] = g.setdefault("names_of_records", {})
    for field in fields:
        ids = {row[field.name] for row in rows} - {None} if field.of else set()
        if unknown := [id for id in ids if (field.of, id) not in known]:
            with database.connection() as connection:
                found = _query(
                    connection, field.of, search="", ids=unknown, depot_ids=None, most=len(unknown)
                )
            known.update({(field.of, id): name for id, name, _archived in found})


def choices_of(field: Field, value: Any = "") -> list[tuple[str, Any]]:
    """What a select offers: its choices, or the names of all records that it may refer to, and `value`."""
    if not field.of:
        return list(field.choices)
    names = list_names(field.of)
    return [(name, name) for name in ([value] if value and value not in names else []) + names]


def entry_of(field: Field, value: Any) -> Any:
    """What a form's input shows of a value: a reference by its name, and nothing where there is none."""
    enter = getattr(field.value, "enter", None)
    if enter and isinstance(value, int | float | list | dict):
        return enter(value)
    if isinstance(value, list):
        return ",".join(str(id) for id in value)
    if field.of and isinstance(value, int):
        return find_name(field.of, value)
    if isinstance(value, datetime):
        return clock.write(value)
    return value if value or value == 0 else ""


def show_field(value: Any, field: Field) -> Any:
    """A field's value as a reader sees it."""
    words, tones = dict(field.choices), dict(field.tones)
    if field.nothing and value in (None, []):
        return formats.plain(field.nothing)
    if isinstance(value, list):
        names = [words.get(one) if field.choices else find_name(field.of, one) for one in value]
        return formats.plain(", ".join(str(name) for name in names if name))
    if field.of:
        return formats.plain(find_name(field.of, value))
    if isinstance(value, dict):
        return formats.show_as(value, field.show)
    if value in words:
        return formats.badge(words[value], tones[value]) if value in tones else formats.plain(words[value])
    return formats.show_as(value, field.show)


def read_names(connection: psycopg.Connection, noun: str, ids: list[int]) -> dict[int, str]:
    """The names of these records, archived or not, whoever asks."""
    rows = _query(connection, noun, search="", ids=ids, depot_ids=None, most=len(ids))
    return {id: name for id, name, _archived in rows}


def _find(connection: psycopg.Connection, noun: str, text: str) -> list[Name]:
    """Those of exactly this name, else those of this name before a bracket; the archived ones last."""
    wanted = text.casefold()
    rows = _list(connection, noun, search=text)
    exact = [row for row in rows if row[1].casefold() == wanted]
    found = exact or [row for row in rows if row[1].casefold().startswith(f"{wanted} (")]
    return [row for row in found if not row[2]] or found


def _list(
    connection: psycopg.Connection,
    noun: str,
    search: str = "",
    ids: list[int] | None = None,
    most: int = MOST_CHOICES,
) -> list[Name]:
    reach = list_reach(connection, g.user)
    return _query(connection, noun, search=search, ids=ids, depot_ids=reach, most=most)


def _query(connection: psycopg.Connection, noun: str, **asked: Any) -> list[Name]:
    return list(getattr(queries, f"list_{noun}_names")(connection, **asked))
