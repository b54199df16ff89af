"""The beginning of an import: the file is kept; how it is read and what it means is guessed, then said."""

from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any, BinaryIO

import psycopg
from flask_babel import gettext as _
from psycopg.types.json import Jsonb

from sql import imports
from sql.audit import Row
from sql.queries import queries
from web import clock
from web.imports.kind import ImportKind
from web.imports.kinds import KINDS
from web.imports.mapping import Mapping, Sample, guess, list_questions, read_mapping, settle
from web.imports.own_columns import leave_out_own
from web.imports.remembered import recall
from web.tables import detection
from web.tables.opening import open_table
from web.tables.table import Reading, Unreadable

TABULAR = ("delimited", "workbook")
SAMPLE_LINES = 1000


@dataclass(frozen=True)
class Draft:
    """An import before it is checked: how its file is read, what it means, and what is still to be said."""

    row: Row
    kind: ImportKind
    reading: Reading
    mapping: Mapping
    sample: Sample

    @property
    def questions(self) -> dict[str, str]:
        """What has to be said before the rows can be checked, by name."""
        return list_questions(self.kind, self.mapping, self.sample)


def begin(
    connection: psycopg.Connection, kind: ImportKind, user_id: int | None, file_name: str, stream: BinaryIO
) -> Draft:
    """Keep a file and guess what it means. Raises Unreadable, and nothing is kept."""
    row = imports.begin(connection, kind.name, user_id, file_name, stream)
    if not row["file_bytes"]:
        raise Unreadable(_("The file is empty."))
    with imports.open_file(connection, row) as file:
        reading = detection.detect(file, file_name)
    if reading.format not in kind.formats:
        said = _("%(kind)s cannot be read from a file of this format.", kind=kind.title)
        raise Unreadable(said)
    return _guess(connection, row, kind, reading)


def change_reading(connection: psycopg.Connection, id: int, reading: Reading) -> Draft:
    """Read the file another way, and guess anew what it means. Raises Unreadable, NotReady."""
    row = imports.get(connection, id)
    return _guess(connection, row, KINDS[row["kind"]], reading)


def change_mapping(connection: psycopg.Connection, id: int, said: dict[str, Any]) -> Draft:
    """Understand the file as is said: a Mapping as JSON, or some of it. Raises Unreadable, NotReady."""
    draft = load(connection, id)
    kept = {**draft.mapping.as_json(), **said}
    mapping = settle(draft.kind, read_mapping(draft.kind, kept, draft.sample.headers), draft.sample)
    _describe(connection, replace(draft, mapping=mapping))
    return load(connection, id)


def load(connection: psycopg.Connection, id: int) -> Draft:
    """An import as it stands, with the first lines of its file. Raises ImportMissing, Unreadable."""
    row = imports.get(connection, id)
    kind, reading = KINDS[row["kind"]], Reading(**row["reading"])
    sample = _take_sample(connection, row, reading)
    return Draft(row, kind, reading, read_mapping(kind, row["mapping"], sample.headers), sample)


def remember(connection: psycopg.Connection, row: Row) -> None:
    """Begin with this mapping when a file with the same headers comes again."""
    with connection.transaction():
        queries.keep_import_source(
            connection,
            kind=row["kind"],
            source=row["source"],
            mapping=Jsonb(row["mapping"]),
        )


def _guess(connection: psycopg.Connection, row: Row, kind: ImportKind, reading: Reading) -> Draft:
    sample = _take_sample(connection, row, reading)
    kept = queries.find_import_source(connection, kind=kind.name, source=sample.source)
    mapping = (
        read_mapping(kind, kept, sample.headers) if kept else guess(kind, sample, time_zone=str(clock.zone()))
    )
    if reading.format not in TABULAR:  # what the units are is a part of the format
        mapping = replace(mapping, units={one.name: one.units[0][0] for one in kind.columns if one.units})
    draft = Draft(row, kind, reading, mapping, sample)
    _describe(connection, draft)
    return load(connection, row["id"])


def _describe(connection: psycopg.Connection, draft: Draft) -> None:
    imports.describe(
        connection, draft.row["id"], asdict(draft.reading), draft.mapping.as_json(), draft.sample.source
    )


def list_sheets(connection: psycopg.Connection, draft: Draft) -> list[str]:
    """The sheets of a workbook; none where it is no workbook. Raises Unreadable."""
    if draft.reading.format != "workbook":
        return []

    def read() -> list[str]:
        with imports.open_file(connection, draft.row) as file:
            return detection.list_sheets(file, draft.reading)

    return recall((draft.row["file_sha256"], draft.reading.inside), read, len)


def _take_sample(connection: psycopg.Connection, row: Row, reading: Reading) -> Sample:
    key = (row["file_sha256"], reading)
    return recall(key, lambda: _read_sample(connection, row, reading), Sample.measure)


def _read_sample(connection: psycopg.Connection, row: Row, reading: Reading) -> Sample:
    with imports.open_file(connection, row) as file, open_table(file, reading) as opened:
        table = leave_out_own(opened)
        return Sample(table.headers, list(islice(table, SAMPLE_LINES)))
