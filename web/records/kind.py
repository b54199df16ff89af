"""What a kind of record is: the declaration that its pages, its API and its queries are found by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from flask import g
from flask_babel import lazy_gettext as _l
from marshmallow import missing

from sql.audit import Author, Row
from sql.records import RecordError, Records
from sql.users import list_reach
from web import database
from web.forms import Field
from web.rights import SIGNED_IN, may


@dataclass(frozen=True)
class Part:
    """More of a record's page: what `load` finds for the record is `part` in the template.

    Only who has its `right` sees it, where it has one. On a wide screen it stands `beside` the facts,
    or else below them. Where these are records of a `kind` of their own, the page's history tells of their
    changes too.
    """

    title: Any
    template: str
    load: Callable[[psycopg.Connection, Row], Any]
    right: str = SIGNED_IN
    kind: "Kind | None" = None
    beside: bool = True


@dataclass(frozen=True)
class Words:
    """What putting a record out of the way is called, and bringing it back."""

    archive: Any
    restore: Any
    archived: Any
    listed: Any
    has_been_archived: Any
    has_been_restored: Any


ARCHIVING = Words(
    archive=_l("Archive"),
    restore=_l("Restore"),
    archived=_l("archived"),
    listed=_l("Archived"),
    has_been_archived=_l("%(name)s has been archived."),
    has_been_restored=_l("%(name)s has been restored."),
)


@dataclass(frozen=True)
class Kind:
    """One kind. `table` and `noun` name its queries (list_depots, add_depot), its rights and its addresses.

    The first field names a record wherever one is named. `filters` are selects over the list; their names
    are parameters of the list's query, empty where nothing is picked. `found` are fields that nobody enters
    but the list's query finds; `listed` names the columns of the list where they are not simply the fields
    with a width. `bulk` names the fields that can be set for many records at once; None where nothing can.
    `farewell` says what archiving these records means. `explain` knows a better sentence than the usual one
    for some of what the database does not take. `about` is a sentence over the list, and the templates are
    those of its pages. A kind whose records differ, such as RULES, says by `fields_of` which fields one has.
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
    words: Words = ARCHIVING
    explain: Callable[[psycopg.Connection, RecordError, Row], Any] = lambda _connection, _error, _values: None
    listed: tuple[str, ...] = ()
    bulk: tuple[str, ...] | None = None
    farewell: Callable[[psycopg.Connection, list[int]], list[str]] | None = None
    about: Any = ""
    list_template: str = "records/list.html"
    form_template: str = "records/form.html"
    record_template: str = "records/record.html"

    @property
    def shown(self) -> list[Field]:
        """The fields and found that the person who asks may see."""
        return [field for field in (*self.fields, *self.found) if is_shown(field)]

    def facts_of(self, row: Row) -> list[Field]:
        """Those that a record's page shows: without what was only found for the list."""
        found = () if self.listed else self.found
        return [field for field in (*self.fields_of(row), *found) if is_shown(field)]

    @property
    def columns(self) -> list[Field]:
        """Those that are columns of the list."""
        if self.listed:
            return [self.by_name[name] for name in self.listed if name in self.by_name]
        return [field for field in self.shown if field.width]

    @property
    def sorts(self) -> list[str]:
        """What the list can be sorted by."""
        return [field.name for field in self.shown if field.sorts]

    @property
    def by_name(self) -> dict[str, Field]:
        """The fields by their names."""
        return {field.name: field for field in self.shown}

    def trim(self, row: Row) -> Row:
        """A record without what the person who asks may not see."""
        hidden = {field.name for field in (*self.fields, *self.found) if not is_shown(field)}
        return {name: value for name, value in row.items() if name not in hidden}

    def fields_of(self, values: Mapping[str, Any]) -> tuple[Field, ...]:
        """The fields of the record, or of what a form sent, with these values."""
        return self.fields

    def declare(self, field: Field, row: Row) -> Field:
        """How a field is declared for this record."""
        return next((one for one in self.fields_of(row) if one.name == field.name), field)

    def begin(self) -> Row:
        """What the form of a new record shows first."""
        given = {field.name: field.value.load_default for field in self.fields}
        empty = dict.fromkeys(name for name, value in given.items() if value is missing)
        return {name: value() if callable(value) else value for name, value in {**given, **empty}.items()}

    def may_change(self, row: Row) -> bool:
        """Whether whoever may edit such records may edit this one."""
        return True

    def may_archive(self, row: Row) -> bool:
        """Whether this record can be put out of the way at all."""
        return True

    def order_of(self, name: str) -> str:
        """The column of the query that puts the list in the order of this field."""
        return next(field.order or name for field in (*self.fields, *self.found) if field.name == name)

    def name_of(self, row: Row) -> Any:
        """What a record is called."""
        return row[self.fields[0].name]

    def open(self, connection: psycopg.Connection) -> Records:
        """The records, as far as the person who asks may reach, to be changed in their name."""
        reach = list_reach(connection, g.user)
        return Records(connection, self.table, self.noun, Author(g.user.id, g.request_id), reach)


def is_shown(field: Field) -> bool:
    """Whether the person who asks may see a field at all."""
    return may(g.user.role, field.right or SIGNED_IN)


def get(kind: Kind, id: int) -> Row:
    """One record of a kind. Raises RecordMissing."""
    with database.connection() as connection:
        return kind.open(connection).get(id)
