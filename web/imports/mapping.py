"""Which column of a file is which field, and how its texts are read: guessed, and then said by a person."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from web.imports.kind import Column, ImportKind
from web.languages import LANGUAGES, list_time_zones
from web.tables.days import guess_order
from web.tables.numbers import guess_decimal
from web.tables.table import Line

UNIT = re.compile(r"[(\[]([^)\]]*)[)\]]\s*$")
ANY_ORDER = {"ymd"}  # what the days of a column have that read the same in any order
NUMBERS, DAYS = ("number", "whole", "measure"), ("day", "moment")


@dataclass(frozen=True)
class Mapping:
    """How a file is understood.

    `columns` tells the place of each field's column, `fixed` the text that a field has in every row. `dates`
    is dmy, mdy or ymd, and `decimals` a dot or a comma; empty where nothing in the file depends on it, or
    nobody has said yet. `units` are those of numbers, `words` what stands for a choice. Times without an
    offset are of `time_zone`. Empty cells leave a field as it is, or with `clears` empty it.
    """

    columns: dict[str, int] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    key: str = ""
    dates: str = ""
    decimals: str = ""
    units: dict[str, str] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    time_zone: str = "UTC"
    clears: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


@dataclass(frozen=True)
class Sample:
    """The headers of a file and its first lines."""

    headers: list[str]
    lines: list[Line]

    def list_texts(self, place: int) -> list[str]:
        """What a column has of texts."""
        cells = (line.cells[place] for line in self.lines if place < len(line.cells))
        return [text for cell in cells if isinstance(cell, str) and (text := cell.strip())]

    def measure(self) -> int:
        """About how many characters it has."""
        return sum(len(cell) if isinstance(cell, str) else 8 for line in self.lines for cell in line.cells)

    @property
    def source(self) -> str:
        """What tells files of one origin from others."""
        told = [fold(header) for header in self.headers]
        return hashlib.sha256("\x1f".join(told).encode()).hexdigest()


def fold(text: str) -> str:
    """A header without what writers differ in: capitals, accents, spaces and signs."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def list_headers(column: Column) -> list[str]:
    """What a column's header may be: its field's name, its label in every language, and its aliases."""
    labels = []
    for language in LANGUAGES:
        with force_locale(language):
            labels.append(str(column.field.label))
    return [column.name, *labels, *column.aliases]


def list_words(column: Column) -> dict[str, Any]:
    """What a choice may be called: its key, and its words in every language."""
    words = {str(key): key for key, _label in column.field.choices}
    for language in LANGUAGES:
        with force_locale(language):
            words |= {str(label): key for key, label in column.field.choices}
    return words


def guess(kind: ImportKind, sample: Sample, time_zone: str) -> Mapping:
    """What a file seems to mean, by its headers and then by what stands below them."""
    columns = _guess_by_header(kind, sample)
    for name in [column.name for column in kind.columns if column.needed] + list(kind.one_of):
        if name in columns and not _says_anything(sample, columns[name]):
            del columns[name]
    for column in kind.columns:
        free = [place for place in range(len(sample.headers)) if place not in columns.values()]
        if column.pattern and column.name not in columns:
            found = [place for place in free if _looks_like(column.pattern, sample.list_texts(place))]
            if len(found) == 1:
                columns[column.name] = found[0]
    units = {
        name: unit
        for name, place in columns.items()
        if (unit := guess_unit(kind.by_name[name], sample.headers[place]))
    }
    mapping = Mapping(columns=columns, units=units, time_zone=time_zone)
    return settle(kind, mapping, sample)


def settle(kind: ImportKind, mapping: Mapping, sample: Sample) -> Mapping:
    """The same, with what the file leaves no choice about; what it leaves open stays as it is."""
    orders, decimals = find_orders(kind, mapping, sample), find_decimals(kind, mapping, sample)
    dates = mapping.dates if mapping.dates or len(orders) != 1 else orders.pop()
    decimal = mapping.decimals if mapping.decimals or len(decimals) != 1 else decimals.pop()
    given = {*mapping.columns, *mapping.fixed}
    key = mapping.key or next((name for name in kind.keys if name in given), "")
    return replace(mapping, dates=dates, decimals=decimal, key=key)


def _guess_by_header(kind: ImportKind, sample: Sample) -> dict[str, int]:
    """The exact ones first, then those whose header only begins or ends like one."""
    known = {name: [fold(header) for header in list_headers(kind.by_name[name])] for name in kind.by_name}
    folded = [fold(UNIT.sub("", header)) for header in sample.headers]
    columns: dict[str, int] = {}
    for is_near in (False, True):
        for name, headers in known.items():
            fitting = [
                place
                for place, header in enumerate(folded)
                if place not in columns.values()
                and (_is_near(header, headers) if is_near else header in headers)
            ]
            if fitting and name not in columns:
                columns[name] = max(fitting, key=partial(_count_choices, kind.by_name[name], sample))
    return columns


def _count_choices(column: Column, sample: Sample, place: int) -> int:
    """How many texts of a column of the file are choices of a field; of those alike the first counts."""
    words = {fold(word) for word in list_words(column)}
    return sum(1 for text in sample.list_texts(place) if fold(text) in words)


def _is_near(header: str, headers: Sequence[str]) -> bool:
    """One begins or ends with most of the other: fleetnumber2, tank l, the plate."""
    return any(
        len(short) >= 0.7 * len(long) and len(short) > 3 and (long.startswith(short) or long.endswith(short))
        for short, long in (sorted((header, known), key=len) for known in headers)
    )


def _says_anything(sample: Sample, place: int) -> bool:
    return any(line.cells[place : place + 1] not in ([], [None], [""]) for line in sample.lines)


def _looks_like(pattern: str, texts: list[str]) -> bool:
    fitting = sum(1 for text in texts if re.fullmatch(pattern, text, re.IGNORECASE))
    return bool(texts) and fitting >= 0.8 * len(texts)


def guess_unit(column: Column, header: str) -> str:
    """What the header says in brackets; the name of a field means it as we keep it."""
    if column.units and fold(header) == fold(column.name):
        return column.units[0][0]
    told = UNIT.search(header)
    by_folded = {fold(unit): unit for unit, _size in column.units}
    return by_folded.get(fold(told[1]), "") if told else ""


def find_orders(kind: ImportKind, mapping: Mapping, sample: Sample) -> set[str]:
    """In which orders day, month and year may stand in this file; none where nothing depends on it."""
    ways = _list_ways(kind, mapping, sample, DAYS, guess_order)
    return _agree([one for one in ways if one != ANY_ORDER] or ways)


def find_decimals(kind: ImportKind, mapping: Mapping, sample: Sample) -> set[str]:
    """What may stand before the decimals in this file; nothing where nothing depends on it."""
    return _agree(_list_ways(kind, mapping, sample, NUMBERS, _guess_mark))


def _list_ways(
    kind: ImportKind,
    mapping: Mapping,
    sample: Sample,
    types: tuple[str, ...],
    guess_ways: Callable[[list[str]], set[str]],
) -> list[set[str]]:
    """The ways in which each column of these types may be read, where its texts are such at all."""
    places = [place for name, place in mapping.columns.items() if kind.by_name[name].type in types]
    return [ways for place in places if (ways := guess_ways(sample.list_texts(place)))]


def _agree(ways: list[set[str]]) -> set[str]:
    """What fits all columns; two that need different ways leave both open."""
    return (set.intersection(*ways) or set.union(*ways)) if ways else set()


def _guess_mark(texts: list[str]) -> set[str]:
    """The decimal signs of a column; none where no text depends on it."""
    return guess_decimal(texts) if any(sign in text for text in texts for sign in ".,") else set()


def list_questions(kind: ImportKind, mapping: Mapping, sample: Sample) -> dict[str, str]:
    """What has to be said before the rows can be checked, by name: dates, decimals, or a column."""
    questions = {}
    given = {*mapping.columns, *mapping.fixed}
    for column in kind.columns:
        if column.needed and column.name not in given:
            questions[column.name] = _("Say which column this is.")
    if not mapping.dates and len(find_orders(kind, mapping, sample)) > 1:
        questions["dates"] = _("Dates such as 1/2/2024 can be read in two ways: say which.")
    if not mapping.decimals and len(find_decimals(kind, mapping, sample)) > 1:
        questions["decimals"] = _("Numbers such as 1,234 can be read in two ways: say which.")
    if kind.one_of and not given.intersection(kind.one_of):
        questions[kind.one_of[0]] = _("Say which column this is, or one text for all rows.")
    for name in mapping.columns:
        if kind.by_name[name].asks_unit and name not in mapping.units:
            questions[name] = _("Say in which unit this is.")
    if mapping.time_zone not in list_time_zones():
        questions["time_zone"] = _("There is no such time zone.")
    if kind.keys and mapping.key not in given:
        questions["key"] = _("Say by which column a row finds its record.")
    return questions


def read_mapping(kind: ImportKind, kept: dict[str, Any], headers: Sequence[str]) -> Mapping:
    """A mapping as it was kept or sent, without what is not of this kind or this file."""
    columns = {
        name: place
        for name, place in (kept.get("columns") or {}).items()
        if name in kind.by_name and isinstance(place, int) and 0 <= place < len(headers)
    }
    mine: dict[str, Any] = {
        name: {key: value for key, value in (kept.get(name) or {}).items() if key in kind.by_name}
        for name in ("fixed", "units", "words")
    }
    for name in ("key", "dates", "decimals", "time_zone", "clears"):
        if name in kept:
            mine[name] = kept[name]
    return Mapping(columns=columns, **mine)
