"""Every kind of record can be exported as its list shows it: searched, filtered and sorted, within reach."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
from flask_babel import lazy_gettext as _l

from sql.audit import Row
from sql.streams import stream_rows
from web import values
from web.exports.exportable import Asked, Exportable
from web.forms import Field
from web.records.kind import Kind
from web.records.listing import read_wish
from web.records.references import show_field

ID = Field("id", _l("Id"), values.whole(1, 2**31 - 1))
CREATED = Field("created_at", _l("Added"), values.moment())
SEARCH = Field("search", _l("Search"), values.text(200))
SORT = Field("sort", "sort", values.text(60), input="hidden")
NOT_PICKED = ("vehicle_id", "driver_id")  # filters by an id, which addresses have and nobody types
PLACE = {"latitude", "longitude"}


def make_exportable(kind: Kind) -> Exportable:
    """What is exported of a kind: all its fields, and what its list finds for them."""

    def read(connection: psycopg.Connection, asked: Asked) -> Iterator[Row]:
        wish = read_wish(kind, {name: asked[name] for name in asked if name not in ("after", "limit")})
        records = kind.open(connection)
        return stream_rows(connection, *records.ask_for_all(wish.order, wish.is_descending, **wish.matching))

    found = tuple(field for field in kind.found if field.show != "picture")
    names = {field.name for field in kind.fields}
    archived = Field("archived", kind.words.listed, values.yes(), input="check")
    return Exportable(
        name=kind.table,
        title=kind.title,
        right=f"see {kind.table}",
        columns=(*kind.fields, *found, ID, CREATED),
        usual=tuple(field.name for field in kind.fields),
        rows=read,
        asks=(SEARCH, *(_ask(field) for field in kind.filters), archived, SORT),
        place=("latitude", "longitude") if names >= PLACE else None,
        outline="geometry" if "geometry" in names else "",
        named_by=kind.fields[0].name,
        tell={"threshold": lambda row: tell_declared(kind, row, "threshold")} if "threshold" in names else {},
    )


def tell_declared(kind: Kind, row: Row, name: str) -> str:
    """A value in the unit that this record's own field has."""
    value = row[name]
    if value is None:
        return ""
    shown: Any = show_field(value, kind.declare(kind.by_name[name], row))
    return str(getattr(shown, "striptags", lambda: shown)())


def _ask(field: Field) -> Field:
    if field.name in NOT_PICKED:
        return replace(field, input="hidden")
    if field.choices or field.of:
        return replace(field, input="select")
    return replace(field, input="moment")
