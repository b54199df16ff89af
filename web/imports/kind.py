"""What a kind of import is: what its templates, its mapping, its checks and its keeping follow from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import psycopg
from marshmallow import fields

from sql.audit import Row
from sql.users import User
from web.forms import Field
from web.measures import Measure
from web.records.kind import is_shown
from web.records.references import Reference
from web.tables.table import Cell
from web.values import Day, Moment, Number, Whole, Yes

NEW, CHANGED, SAME, REJECTED = "new", "changed", "same", "rejected"
Reasons = list[tuple[str, str]]


@dataclass(frozen=True)
class Column:
    """What a column of a file may be: a field, and what tells it.

    `aliases` are other headers that it goes by, in any language; `pattern` is what its texts look like where
    they look like nothing else. `units` are the units that its numbers may be in, by what one of it is in
    ours; the first is meant where nobody says, unless it `asks_unit`. `example` stands in the template. Where
    a column `varies` from row to row, it is of no use to remember what its texts mean.
    """

    field: Field
    aliases: tuple[str, ...] = ()
    pattern: str = ""
    needed: bool = False
    units: tuple[tuple[str, float], ...] = ()
    example: Cell = ""
    varies: bool = False
    asks_unit: bool = False

    @property
    def name(self) -> str:
        """The name of its field."""
        return self.field.name

    @property
    def type(self) -> str:
        """How its texts are read: choice, reference, day, moment, measure, whole, number, yes or text."""
        if self.field.choices:
            return "choice"
        value = self.field.value
        types: tuple[tuple[str, type[fields.Field[Any]]], ...] = (
            ("reference", Reference),
            ("day", Day),
            ("moment", Moment),
            ("measure", Measure),
            ("whole", Whole),
            ("number", Number),
            ("yes", Yes),
        )
        return next((name for name, kind in types if isinstance(value, kind)), "text")


def make_column(field: Field, aliases: str = "", **more: Any) -> Column:
    """The column of a field, its aliases with commas between; of an amount with the units of people."""
    units: tuple[tuple[str, float], ...] = ()
    if isinstance(field.value, Measure):
        units = tuple(dict.fromkeys((field.value.metric, field.value.imperial)))
    known = tuple(filter(None, aliases.split(", ")))
    return Column(field, known, **{"units": units, **more})


def make_columns(fields: Iterable[Field], declared: Mapping[str, Mapping[str, Any]]) -> tuple[Column, ...]:
    """The columns of some fields, by what is declared of each."""
    by_name = {field.name: field for field in fields}
    return tuple(make_column(by_name[name], **more) for name, more in declared.items())


class Candidate(NamedTuple):
    """A row whose texts could all be read: the values by the names of the columns that it has a value for."""

    line: int
    values: Row
    cells: Sequence[Cell]


@dataclass(slots=True)
class Finding:
    """What becomes of a row: its verdict, and of a new or changed record each field as (before, after)."""

    line: int
    verdict: str
    name: str = ""
    record_id: int | None = None
    version: int | None = None
    changes: dict[str, tuple[Any, Any]] | None = None
    reasons: Reasons | None = None
    cells: Sequence[Cell] | None = None


@dataclass(slots=True)
class Found:
    """What becomes of some rows: how many of each verdict, and those worth telling one by one."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((NEW, CHANGED, SAME, REJECTED), 0))
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """One row; what stays the same is only counted."""
        self.counts[finding.verdict] += 1
        if finding.verdict != SAME:
            self.findings.append(finding)


@dataclass(frozen=True)
class Task:
    """One import at work: who it is for, how far they reach, and whether all is rolled back in the end.

    On `beside`, what is written counts at once, whatever becomes of the import.
    """

    import_id: int
    user: User
    user_id: int | None
    reach: list[int] | None
    keys: tuple[str, ...]
    beside: psycopg.Connection
    is_dry: bool = False


class Obstacle(NamedTuple):
    """Why an import cannot be taken back: what is in the way, the reason, and the record where it is one."""

    name: str
    sentence: str
    record_id: int | None = None


class Store(Protocol):
    """How the rows of one import are kept, in the one transaction of its connection."""

    def take(self, candidates: Sequence[Candidate]) -> Found:
        """Keep these rows, as far as they can be kept. A dry one may write: all of it is rolled back."""
        ...

    def finish(self) -> Found:
        """All rows have been taken; what can only be told now."""
        ...

    def undo(self) -> list[Obstacle]:
        """Take back what this import did; nothing is taken back where something stands in the way."""
        ...


@dataclass(frozen=True)
class ImportKind:
    """One kind. `right` is what one needs to import it; `open` makes the store of an import.

    Of the columns that are `declared`, a person fills in those of fields that they may see. `keys` are the
    columns that tell which record a row is: the first of them that the row fills in.

    Of the columns `one_of` a row needs one, besides those that say so themselves. `batch` rows are taken
    at once. `formats` are those of web.tables that it can be read from. `about` is a sentence for whoever
    picks a kind, `sample` the name of a file in web/imports/samples.
    """

    name: str
    title: Any
    right: str
    declared: tuple[Column, ...]
    keys: tuple[str, ...]
    open: Callable[[psycopg.Connection, Task], Store]
    one_of: tuple[str, ...] = ()
    batch: int = 1000
    formats: tuple[str, ...] = ("delimited", "workbook")
    sample: str = ""
    about: Any = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those that the person who asks may see."""
        return tuple(one for one in self.declared if not one.field.right or is_shown(one.field))

    @property
    def by_name(self) -> dict[str, Column]:
        """These by their names."""
        return {column.name: column for column in self.columns}
