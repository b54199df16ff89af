"""What was found of a file, row by row: new, changed field by field, and rejected with its reasons."""

from collections.abc import Mapping as Asked
from dataclasses import dataclass
from typing import Any

import psycopg
from flask import current_app, url_for
from flask_babel import lazy_gettext as _l

from sql import imports
from sql.audit import Row
from web.imports import beginning
from web.imports.kind import CHANGED, NEW, REJECTED, SAME, ImportKind
from web.imports.kinds import KINDS
from web.imports.mapping_form import shorten
from web.records import references
from web.system.place import read_id
from web.tables.headers import letter
from web.tables.table import Unreadable

PAGE = 50
LONGEST_SHOWN = 200
TITLES = {
    REJECTED: _l("Rejected"),
    CHANGED: _l("Changed"),
    NEW: _l("New"),
    SAME: _l("Unchanged"),
}


@dataclass(frozen=True)
class CellShown:
    """A cell of a rejected row: its header, what it has, and what is wrong with it."""

    header: str
    text: str
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """One part of what was found; `counts` are of all of it."""

    kind: ImportKind
    counts: dict[str, int]
    verdict: str
    rows: list[Row]
    shown: int
    more: str | None
    titles = TITLES

    @property
    def wanted(self) -> int:
        """How many rows would be imported."""
        return self.counts[NEW] + self.counts[CHANGED]


def read_report(connection: psycopg.Connection, row: Row, asked: Asked[str, str]) -> Report:
    """What a request asks to see of it."""
    kind = KINDS[row["kind"]]
    counts = {name: row[f"rows_{name}"] for name in TITLES}
    first = next((name for name in (REJECTED, CHANGED, NEW) if counts[name]), NEW)
    verdict = asked.get("verdict", "")
    verdict = verdict if verdict in (REJECTED, CHANGED, NEW) else first
    after = read_id(asked, "after") or 0
    rows = imports.list_rows(connection, row["id"], verdict, after, PAGE + 1)
    has_more, rows = len(rows) > PAGE, rows[:PAGE]
    begun = read_id(asked, "shown") or 0
    shown = begun + len(rows)
    if verdict == REJECTED:
        headers = list_headers(connection, row)
        for one in rows:
            one["shown_cells"], one["other_reasons"] = _show_cells(kind, row, one, headers)
    else:
        _learn_names(kind, rows)
    more = None
    if has_more:
        asked_next = {"verdict": verdict, "after": rows[-1]["line"], "shown": shown}
        more = url_for("imports.show", id=row["id"], **asked_next)
    return Report(kind, counts, verdict, rows, shown, more)


def list_headers(connection: psycopg.Connection, row: Row) -> list[str]:
    """The headers of an import's file; none where it is kept no longer or cannot be read."""
    if not row["has_file"] or not row["reading"]:
        return []
    try:
        return beginning.load(connection, row["id"]).sample.headers
    except Unreadable:
        return []


def name_header(headers: list[str], place: int) -> str:
    """A column's header, or its letter."""
    return headers[place] if place < len(headers) else letter(place)


def _show_cells(
    kind: ImportKind, row: Row, one: Row, headers: list[str]
) -> tuple[list[CellShown], list[tuple[Any, str]]]:
    """The cells of a rejected row with the reason at its cell, and the reasons that belong to none."""
    places = row["mapping"].get("columns") or {}
    at_place: dict[int, str] = {}
    other: list[tuple[Any, str]] = []
    for name, sentence in one["reasons"]:
        if (place := places.get(name)) is not None and place not in at_place:
            at_place[place] = sentence
        else:
            column = kind.by_name.get(name)
            other.append((column.field.label if column else name, sentence))
    cells = [
        CellShown(
            name_header(headers, place),
            "" if cell is None else shorten(cell, LONGEST_SHOWN),
            at_place.pop(place, ""),
        )
        for place, cell in enumerate(one["cells"] or [])
        if place in at_place or (cell is not None and cell != "")
    ]
    cells += [CellShown(name_header(headers, place), "", reason) for place, reason in at_place.items()]
    return cells, other


def _learn_names(kind: ImportKind, rows: list[Row]) -> None:
    """What changes refer to, in one query for each field."""
    for column in kind.columns:
        pairs = [one["changes"][column.name] for one in rows if column.name in (one["changes"] or {})]
        if column.field.of and pairs:
            known = [{column.name: id} for pair in pairs for id in pair]
            references.learn_names([column.field], known)


def find_address(kind: str, record_id: int | None) -> str | None:
    """The page of a record, where records of this kind have one."""
    endpoint = f"{kind}.show"
    if record_id is None or endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint, id=record_id)
