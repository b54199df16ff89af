"""What a program says of a reading or a mapping: checked before the engine has it, each fault at its name."""

from dataclasses import fields as list_fields
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from web.imports.beginning import Draft
from web.imports.mapping import Mapping
from web.languages import list_time_zones
from web.problems import InvalidFields
from web.tables.table import Reading

ORDERS = {"dmy": _l("day, month, year"), "mdy": _l("month, day, year"), "ymd": _l("year, month, day")}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
    "latin-1": "ISO 8859-1 (Latin-1)",
    "cp850": "CP850 (DOS)",
}
LAST_HEADER_LINE = 1000
OF_READING = ("encoding", "delimiter", "quote", "sheet", "header_line")
NAMES = tuple(field.name for field in list_fields(Mapping))


def check_reading(reading: Reading, said: dict[str, Any]) -> None:
    """What is said of how a file is read. Raises InvalidFields."""
    errors: dict[str, str] = {}
    if said.get("encoding", reading.encoding) not in (*ENCODINGS, reading.encoding):
        errors["encoding"] = _one_of(ENCODINGS)
    sign = said.get("delimiter", reading.delimiter)
    if sign != reading.delimiter and (len(sign) != 1 or sign in "\r\n"):
        errors["delimiter"] = _("This must be one character.")
    if said.get("quote", reading.quote) not in ("", '"', "'", reading.quote):
        errors["quote"] = _one_of(('"', "'"))
    if not 0 <= said.get("header_line", reading.header_line) <= max(LAST_HEADER_LINE, reading.header_line):
        errors["header_line"] = _(
            "This must be a number from %(least)s to %(most)s.", least=0, most=LAST_HEADER_LINE
        )
    if errors:
        raise InvalidFields({f"reading.{name}": sentence for name, sentence in errors.items()})


def check_mapping(draft: Draft, said: dict[str, Any]) -> None:
    """What is said of what a file means. Raises InvalidFields."""
    kind, errors = draft.kind, {}
    for name in ("columns", "fixed", "units", "words"):
        if unknown := sorted(set(said.get(name, {})) - set(kind.by_name)):
            errors[name] = _(
                "There is no field %(name)s; there are %(names)s.",
                name=unknown[0],
                names=", ".join(kind.by_name),
            )
    width = len(draft.sample.headers)
    if any(not 0 <= place < width for place in said.get("columns", {}).values()):
        errors["columns"] = _("This must be a number from %(least)s to %(most)s.", least=0, most=width - 1)
    if said.get("key") and said["key"] not in kind.keys:
        errors["key"] = _one_of(kind.keys)
    if said.get("dates") and said["dates"] not in ORDERS:
        errors["dates"] = _one_of(ORDERS)
    if said.get("decimals") and said["decimals"] not in (".", ","):
        errors["decimals"] = _one_of((".", ","))
    if "time_zone" in said and said["time_zone"] not in list_time_zones():
        errors["time_zone"] = _("There is no such time zone.")
    errors = {**_check_units(draft, said), **_check_words(draft, said), **errors}
    if errors:
        raise InvalidFields({f"mapping.{name}": sentence for name, sentence in errors.items()})


def _check_units(draft: Draft, said: dict[str, Any]) -> dict[str, str]:
    for name, unit in said.get("units", {}).items():
        names = (
            [known for known, _size in draft.kind.by_name[name].units] if name in draft.kind.by_name else []
        )
        if unit not in names:
            return {"units": _one_of(names)}
    return {}


def _check_words(draft: Draft, said: dict[str, Any]) -> dict[str, str]:
    for name, words in said.get("words", {}).items():
        keys = (
            [key for key, _label in draft.kind.by_name[name].field.choices]
            if name in draft.kind.by_name
            else []
        )
        if set(words.values()) - set(keys):
            return {"words": _one_of(keys)}
    return {}


def _one_of(names: Any) -> str:
    return str(_("This must be one of: %(choices)s.", choices=", ".join(names)))
