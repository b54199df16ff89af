"""Values as a file has them: as they are kept, so that they can come back, or as the person reads them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from flask_babel import get_locale
from flask_babel import gettext as _
from marshmallow import fields

from sql.audit import Row
from web import clock, formats
from web.exports.exportable import Exportable
from web.exports.names import Names
from web.exports.wanted import Wanted
from web.forms import Field
from web.measures import Distance, Length, Measure, Minutes, Same, Speed, Volume
from web.records.references import show_field
from web.tables.writing.column import Cell, Column, Kind

Write = Callable[[Any], Cell]
# The units that amounts are shown in, by how a field is shown; and to how many decimals.
UNITS: dict[str, Measure] = {
    "odometer": Distance(0, 0),
    "distance": Distance(0, 0),
    "volume": Volume(0, 0),
    "speed": Speed(0, 0),
    "metres": Length(0, 0),
    "lasting": Minutes(0, 0),
    "hours": Minutes(0, 0),
    "acceleration": Same("m/s\u00b2", 0, 0),
    "percent": Same("%", 0, 0),
    "volts": Same("V", 0, 0),
}
# And those that they are kept in, which a header tells too: whoever imports the file again need not ask.
KEPT_UNITS = {
    "odometer": "m",
    "distance": "m",
    "volume": "L",
    "speed": "m/s",
    "metres": "m",
    "lasting": "s",
    "hours": "s",
    "acceleration": "m/s\u00b2",
    "percent": "%",
    "volts": "V",
}
DECIMALS = 2
TYPED = ("xlsx", "parquet")


class Chosen(NamedTuple):
    """A column of a file, and what it has of a row."""

    field: Field
    column: Column
    read: Callable[[Row], Cell]


def choose_columns(exportable: Exportable, wanted: Wanted, names: Names) -> list[Chosen]:
    """The columns that are wanted, in their order."""
    fields = {field.name: field for field in exportable.shown}
    return [_choose(exportable, wanted, names, fields[name]) for name in wanted.columns]


def choose_decimal(wanted: Wanted) -> str:
    """The sign in the numbers of a text: the reader's own, or a point where they are as kept."""
    if wanted.values == "kept":
        return "."
    locale = get_locale()
    signs = locale.number_symbols.get("latn", {}) if locale else {}
    return str(signs.get("decimal", "."))


def _choose(exportable: Exportable, wanted: Wanted, names: Names, field: Field) -> Chosen:
    name = field.name
    if wanted.values == "words" and (tell := exportable.tell.get(name)):
        return Chosen(field, Column(_name(field, wanted), "text"), tell)
    if wanted.values == "kept":
        kind, write = _keep(field, names)
        unit = KEPT_UNITS.get(field.show, "") if wanted.header != "name" else ""
    else:
        kind, write, unit = _word(field, names, wanted.format in TYPED)

    def read(row: Row) -> Cell:
        value = row[name]
        return None if value is None else write(value)

    label = _name(field, wanted)
    return Chosen(field, Column(f"{label} ({unit})" if unit else label, kind), read)


def _name(field: Field, wanted: Wanted) -> str:
    return field.name if wanted.header == "name" else str(field.label)


def _keep(field: Field, names: Names) -> tuple[Kind, Write]:
    """A column as it is kept: a kind, and how its values are written."""
    if field.of:
        return "text", _write_names(field, names)
    kind = find_kind(field)
    return kind, _keep_text if kind == "text" else _keep_value


def _word(field: Field, names: Names, is_typed: bool) -> tuple[Kind, Write, str]:
    """A column as the person reads it: a kind, how its values are written, and their unit."""
    if field.of:
        return "text", _write_names(field, names), ""
    if field.choices:
        return "text", _write_choices(field), ""
    kind = find_kind(field)
    measure = field.value if isinstance(field.value, Measure) else UNITS.get(field.show)
    if measure is not None and kind == "number":
        unit, size = measure.imperial if formats.uses_miles() else measure.metric
        return kind, lambda value: round(value / size, DECIMALS), unit
    if kind == "moment":
        zone = clock.zone()
        return kind, lambda value: _write_local(value, zone), str(zone)
    if kind == "yes" and not is_typed:
        said = {True: str(_("yes")), False: str(_("no"))}
        return "text", lambda value: said[value], ""
    if isinstance(field.value, fields.Dict):
        return "text", lambda value: _strip(show_field(value, field)), ""
    return kind, _keep_text if kind == "text" else _keep_value, ""


def find_kind(field: Field) -> Kind:
    """Of which kind the values of a field are."""
    kinds: tuple[tuple[type, Kind], ...] = (
        (fields.Boolean, "yes"),
        (fields.Date, "day"),
        (fields.DateTime, "moment"),
        (fields.Integer, "whole"),
        (fields.Float, "number"),
    )
    # A date is a moment to marshmallow, so the narrower comes first.
    return next((kind for of, kind in kinds if isinstance(field.value, of)), "text")


def _keep_value(value: Any) -> Cell:
    kept: Cell = value
    return kept


def _keep_text(value: Any) -> Cell:
    """A text as it is; several words with commas between, and the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(map(str, value))
    return orjson.dumps(value).decode()


def _write_names(field: Field, names: Names) -> Write:
    def write(value: Any) -> Cell:
        if isinstance(value, list):
            return ", ".join(filter(None, (names.find(field.of, id) for id in value)))
        return names.find(field.of, value)

    return write


def _write_choices(field: Field) -> Write:
    said = {key: str(label) for key, label in field.choices}

    def write(value: Any) -> Cell:
        if isinstance(value, list):
            return ", ".join(said.get(one, str(one)) for one in value)
        return said.get(value, str(value))

    return write


def _write_local(value: datetime, zone: Any) -> datetime:
    return value.astimezone(zone).replace(tzinfo=None, microsecond=0)


def _strip(shown: Any) -> str:
    return str(getattr(shown, "striptags", lambda: shown)())
