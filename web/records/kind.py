"""What a kind of record is: the declaration that its pages, its API and its queries are found by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from flask import g

from sql.audit import Author, Row
from sql.records import Records
from sql.users import list_reach
from web import database
from web.forms import Field


@dataclass(frozen=True)
class Part:
    """More of a record's page: what `load` finds for the record is `part` in the template.

    Where these are records of a `kind` of their own, the page's history tells of their changes too.
    """

    title: Any
    template: str
    load: Callable[[psycopg.Connection, Row], Any]
    kind: "Kind | None" = None


@dataclass(frozen=True)
class Kind:
    """One kind. `table` and `noun` name its queries (list_depots, add_depot), its rights and its addresses.

    The first field names a record wherever one is named. `filters` are selects over the list; their names
    are parameters of the list's query, empty where nothing is picked. `found` are fields that nobody enters
    but the list's query finds; `listed` names the columns of the list where they are not simply the fields
    with a width. `bulk` names the fields that can be set for many records at once; None where nothing can.
    `farewell` says what archiving these records means.
    """

    table: str
    noun: str
    title: Any
    new: Any
    search: Any
    fields: tuple[Field, ...]
    filters: tuple[Field, ...] = ()
    parts: tuple[Part, ...] = ()
    found: tuple[Field, ...] = ()
    listed: tuple[str, ...] = ()
    bulk: tuple[str, ...] | None = None
    farewell: Callable[[psycopg.Connection, list[int]], list[str]] | None = None

    @property
    def columns(self) -> list[Field]:
        """The fields that are columns of the list."""
        if self.listed:
            return [self.by_name[name] for name in self.listed]
        return [field for field in self.fields if field.width]

    @property
    def sorts(self) -> list[str]:
        """What the list can be sorted by."""
        return [field.name for field in (*self.fields, *self.found) if field.sorts]

    @property
    def by_name(self) -> dict[str, Field]:
        """The fields by their names."""
        return {field.name: field for field in (*self.fields, *self.found)}

    def order_of(self, name: str) -> str:
        """The column of the query that puts the list in the order of this field."""
        return self.by_name[name].order or name

    def name_of(self, row: Row) -> Any:
        """What a record is called."""
        return row[self.fields[0].name]

    def open(self, connection: psycopg.Connection) -> Records:
        """The records, as far as the person who asks may reach, to be changed in their name."""
        reach = list_reach(connection, g.user)
        return Records(connection, self.table, self.noun, Author(g.user.id, g.request_id), reach)


def get(kind: Kind, id: int) -> Row:
    """One record of a kind. Raises RecordMissing."""
    with database.connection() as connection:
        return kind.open(connection).get(id)
