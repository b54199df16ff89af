"""The mapping as a form: which column is which field, what is to be said, and what it sends back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from web.formats import day
from web.imports.beginning import Draft
from web.imports.kind import Column
from web.imports.mapping import (
    DAYS,
    NUMBERS,
    Mapping,
    Sample,
    find_decimals,
    find_orders,
    fold,
    guess_unit,
    list_words,
)
from web.imports.said import ORDERS, check_reading
from web.tables.days import read_day, read_moment
from web.tables.numbers import read_number
from web.tables.table import Reading

MOST_SHOWN, MOST_WORDS, LONGEST_SHOWN = 3, 50, 60
DELIMITERS = {
    ",": _l("comma"),
    ";": _l("semicolon"),
    "\t": _l("tab"),
    "|": _l("bar"),
    " ": _l("space"),
}


@dataclass(frozen=True)
class FileColumn:
    """A column of the file, its first values, and the field that it is."""

    place: int
    header: str
    texts: list[str]
    column: Column | None


def list_file_columns(draft: Draft) -> list[FileColumn]:
    """Every column of the file."""
    by_place = {place: draft.kind.by_name[name] for name, place in draft.mapping.columns.items()}
    return [
        FileColumn(place, header, _list_first(draft.sample, place), by_place.get(place))
        for place, header in enumerate(draft.sample.headers)
    ]


def _list_first(sample: Sample, place: int) -> list[str]:
    """The first values of a column that differ, shortened."""
    first: dict[str, None] = {}
    for line in sample.lines:
        cell = line.cells[place] if place < len(line.cells) else None
        if cell is not None and cell != "":
            first[shorten(cell)] = None
        if len(first) == MOST_SHOWN:
            break
    return list(first)


def shorten(cell: Any, most: int = LONGEST_SHOWN) -> str:
    """A cell as text that leaves room for others."""
    text = str(cell)
    return text if len(text) <= most else text[: most - 1] + "\u2026"


def list_orders(draft: Draft) -> list[tuple[str, str]]:
    """In which orders days can be read, each with what it makes of one that tells them apart."""
    orders = sorted(find_orders(draft.kind, draft.mapping, draft.sample))
    texts = _list_texts(draft, DAYS)
    readings = {text: [_say_day(text, order) for order in orders] for text in texts}
    telling = next((text for text, said in readings.items() if len(set(said)) == len(orders)), None)
    text = telling or next(iter(texts), "")
    return [
        (order, _("%(text)s is %(day)s", text=text, day=_say_day(text, order) or ORDERS[order]))
        for order in orders
    ]


def _say_day(text: str, order: str) -> str:
    for read in (read_day, read_moment):
        try:
            found = read(text, order)
        except ValueError:
            continue
        return day(found.date() if hasattr(found, "date") else found)
    return ""


def list_decimals(draft: Draft) -> list[tuple[str, str]]:
    """How numbers can be read, each with what it makes of one that tells them apart."""
    signs = sorted(find_decimals(draft.kind, draft.mapping, draft.sample))
    texts = _list_texts(draft, NUMBERS)
    readings = {text: [_say_number(text, sign) for sign in signs] for text in texts}
    telling = next((text for text, said in readings.items() if len(set(said)) == len(signs)), None)
    text = telling or next(iter(texts), "")
    return [(sign, _("%(text)s is %(number)s", text=text, number=_say_number(text, sign))) for sign in signs]


def _say_number(text: str, sign: str) -> str:
    """Without groups of thousands, which would look like the text itself."""
    try:
        return str(format_decimal(read_number(text, sign), "0.######"))
    except ValueError:
        return ""


def _list_texts(draft: Draft, types: Iterable[str]) -> dict[str, None]:
    """The texts of all columns of these types."""
    return {
        text: None
        for name, place in draft.mapping.columns.items()
        if draft.kind.by_name[name].type in types
        for text in draft.sample.list_texts(place)
    }


def list_unknown_words(draft: Draft) -> dict[str, list[str]]:
    """Of each column of choices, the words in it that stand for none by themselves."""
    unknown: dict[str, list[str]] = {}
    for name, place in draft.mapping.columns.items():
        column = draft.kind.by_name[name]
        if column.type == "choice":
            known = {fold(word) for word in list_words(column)}
            words = dict.fromkeys(text for text in draft.sample.list_texts(place) if fold(text) not in known)
            if words:
                unknown[name] = list(words)[:MOST_WORDS]
    return unknown


def read_said(draft: Draft, form: MultiDict[str, str]) -> dict[str, Any]:
    """What a form says of a mapping, as change_mapping takes it.

    Where two columns were made the same field, the one that was not before is meant.
    """
    kind, before = draft.kind, draft.mapping
    columns: dict[str, int] = {}
    for place in range(len(draft.sample.headers)):
        name = form.get(f"column.{place}", "")
        if name in kind.by_name and (name not in columns or before.columns.get(name) != place):
            columns[name] = place
    said = {
        "columns": columns,
        "fixed": {
            name: text
            for name in kind.by_name
            if name not in columns and (text := form.get(f"fixed.{name}", "").strip())
        },
        "units": {name: unit for name in kind.by_name if (unit := _read_unit(draft, columns, name, form))},
        "words": {name: _read_words(before, name, form) for name in kind.by_name},
        "key": form.get("key") or (before.key if before.key in columns else _choose_key(draft, columns)),
        "clears": form.get("clears") == "1",
        "time_zone": form.get("time_zone") or before.time_zone,
    }
    return {**said, **_read_ways(draft, said, form)}


def _read_unit(draft: Draft, columns: dict[str, int], name: str, form: MultiDict[str, str]) -> str:
    """The unit that was picked; of a column that has only now become this field the one in its header."""
    if name in columns and columns[name] != draft.mapping.columns.get(name):
        return guess_unit(draft.kind.by_name[name], draft.sample.headers[columns[name]])
    return form.get(f"unit.{name}", draft.mapping.units.get(name, ""))


def _choose_key(draft: Draft, columns: dict[str, int]) -> str:
    return next((name for name in draft.kind.keys if name in columns), "")


def _read_words(before: Mapping, name: str, form: MultiDict[str, str]) -> dict[str, str]:
    shown = dict(zip(form.getlist(f"word.{name}"), form.getlist(f"meaning.{name}"), strict=False))
    words = {**before.words.get(name, {}), **shown}
    return {word: key for word, key in words.items() if key}


def _read_ways(draft: Draft, said: dict[str, Any], form: MultiDict[str, str]) -> dict[str, str]:
    """How days and decimals are read, as far as the columns that are mapped now leave it open."""
    mapping = replace(draft.mapping, columns=said["columns"])
    orders = find_orders(draft.kind, mapping, draft.sample)
    decimals = find_decimals(draft.kind, mapping, draft.sample)
    dates, decimal = form.get("dates", ""), form.get("decimals", "")
    return {"dates": dates if dates in orders else "", "decimals": decimal if decimal in decimals else ""}


def read_reading(reading: Reading, form: MultiDict[str, str]) -> Reading:
    """How a form says that a file is read. Raises InvalidFields."""
    line = form.get("header_line", str(reading.header_line))
    said: dict[str, Any] = {
        name: form[name] for name in ("encoding", "delimiter", "quote", "sheet") if name in form
    }
    said["header_line"] = int(line) if line.isascii() and line.isdigit() and len(line) < 9 else -1
    check_reading(reading, said)
    return replace(reading, **said)
