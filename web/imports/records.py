"""Records of a declared kind as an import keeps them: found by their key, compared, and written."""

from collections.abc import Sequence
from typing import Any

import psycopg
from flask import g
from flask_babel import gettext as _

from sql.audit import Author, Row
from sql.imported_records import ImportedRecords
from sql.records import RecordMissing, Records
from web.imports.kind import CHANGED, NEW, REJECTED, SAME, Candidate, Finding, Found, Obstacle, Reasons, Task
from web.imports.writing import RecordWriter, Wanted
from web.records.kind import Kind


class RecordStore:
    """The records of one kind, for one import. `own_parts` is as ImportedRecords.list_obstacles has it."""

    def __init__(
        self, connection: psycopg.Connection, task: Task, kind: Kind, own_parts: Sequence[str] = ()
    ) -> None:
        self._connection, self._task, self._kind, self._own_parts = connection, task, kind, own_parts
        author = Author(task.user_id, g.request_id)
        self._columns = [field.name for field in kind.fields]
        self._records = Records(connection, kind.table, kind.noun, author, task.reach)
        self._many = ImportedRecords(connection, kind.table, self._columns, author)
        self._writer = RecordWriter(connection, kind, self._records, self._many, task.reach)
        self._needed = [
            field.name for field in kind.fields if field.needed and not self._many.fills(field.name)
        ]
        self._lines: dict[Any, int] = {}  # where a record was met first, by key or id

    def take(self, candidates: Sequence[Candidate]) -> Found:
        """What each row is, and the new and changed ones written."""
        found = Found()
        wanted: Wanted = []
        for candidate, before in self._find(candidates):
            finding, row = self._judge(candidate, before)
            if finding.verdict in (NEW, CHANGED):
                wanted.append((finding, row))
            else:
                found.add(finding)
        for finding in self._writer.write(wanted):
            found.add(finding)
        found.findings.sort(key=lambda finding: finding.line)
        return found

    def finish(self) -> Found:
        """Nothing is left to tell."""
        return Found()

    def undo(self) -> list[Obstacle]:
        """Every record as it was before, or why not."""
        in_the_way = self._many.list_obstacles(self._task.import_id, self._own_parts)
        touched = (
            [] if in_the_way or self._task.reach is None else self._many.list_touched(self._task.import_id)
        )
        in_the_way += [(id, "beyond") for id in touched if not self._writer.is_within_reach(id)]
        if in_the_way:
            return [self._explain_obstacle(id, why) for id, why in in_the_way]
        try:
            with self._connection.transaction():
                self._many.take_back(self._task.import_id)
        except psycopg.errors.UniqueViolation as error:
            field = self._records.explain(error, dict.fromkeys(self._columns)).field
            ids = self._many.list_takers(self._task.import_id, field)
            return [self._explain_obstacle(id, "taken") for id in ids or [0]]
        return []

    def _find(self, candidates: Sequence[Candidate]) -> list[tuple[Candidate, list[Row]]]:
        """Each row with the records of its key."""
        by_key: dict[str, list[Any]] = {}
        keys = [self._choose_key(candidate) for candidate in candidates]
        for name, value in filter(None, keys):
            by_key.setdefault(name, []).append(value)
        kept: dict[tuple[str, Any], list[Row]] = {}
        for name, values in by_key.items():
            for row in self._many.find(name, values):
                kept.setdefault((name, row[name]), []).append(row)
        return [
            (candidate, kept.get(key, []) if key else [])
            for candidate, key in zip(candidates, keys, strict=True)
        ]

    def _choose_key(self, candidate: Candidate) -> tuple[str, Any] | None:
        """The first key that this row fills in, and how."""
        return next(
            ((name, value) for name in self._task.keys if (value := candidate.values.get(name))), None
        )

    def _judge(self, candidate: Candidate, records: list[Row]) -> tuple[Finding, Row]:
        """What a row is, and the record as it will be."""
        key = self._choose_key(candidate)
        records = self._narrow(candidate, key, records)
        current = [row for row in records if not _is_archived(row)]
        if reasons := self._find_reasons(candidate, key, records, current):
            return self._reject(candidate, reasons), {}
        self._lines[key] = candidate.line
        if not current:
            changes = {name: (None, value) for name, value in candidate.values.items()}
            return self._make(candidate, NEW, changes), candidate.values
        before = current[0]
        self._lines[before["id"]] = candidate.line
        after = {**before, **candidate.values}
        changed = [name for name, value in candidate.values.items() if before[name] != value]
        finding = self._make(
            candidate,
            CHANGED if changed else SAME,
            {name: (before[name], candidate.values[name]) for name in changed},
        )
        finding.record_id, finding.version = before["id"], before["version"]
        return finding, {name: after[name] for name in (*self._columns, "id", "version")}

    def _narrow(self, candidate: Candidate, key: tuple[str, Any] | None, records: list[Row]) -> list[Row]:
        """Where several may have the same key, those within reach, and of these what the other keys fit."""
        if key is None or self._many.is_unique(key[0]):
            return records
        near = [row for row in records if self._writer.is_within_reach(row["id"])]
        told = {name: value for name in self._task.keys if (value := candidate.values.get(name))}
        fitting = [row for row in near if all(row[name] == value for name, value in told.items())]
        return fitting if len(near) > 1 and fitting else near

    def _find_reasons(
        self, candidate: Candidate, key: tuple[str, Any] | None, records: list[Row], current: list[Row]
    ) -> Reasons:
        if key is None:
            return [(self._task.keys[0], _("This is needed."))]
        name, value = key
        line = self._lines.get(key) or (current and self._lines.get(current[0]["id"]))
        if line:
            return [(name, _("Line %(line)s is about the same: %(value)s.", line=line, value=value))]
        if len(current) > 1:
            return [
                (name, _("Several are called %(value)s: tell them apart by another column.", value=value))
            ]
        if records and not current:
            told = {"value": value, "archived": self._kind.words.archived}
            return [(name, _("%(value)s is %(archived)s: bring it back first.", **told))]
        if not current:
            return [(name, _("This is needed.")) for name in self._needed if not candidate.values.get(name)]
        if current and not self._writer.is_within_reach(current[0]["id"]):
            return [(name, _("This must be one that you look after."))]
        return []

    def _make(self, candidate: Candidate, verdict: str, changes: dict[str, tuple[Any, Any]]) -> Finding:
        name = str(candidate.values.get(self._columns[0]) or "")
        return Finding(candidate.line, verdict, name, changes=changes, cells=candidate.cells)

    def _reject(self, candidate: Candidate, reasons: Reasons) -> Finding:
        name = str(candidate.values.get(self._columns[0]) or "")
        return Finding(candidate.line, REJECTED, name, reasons=reasons, cells=candidate.cells)

    def _explain_obstacle(self, id: int, why: str) -> Obstacle:
        try:
            name = str(self._kind.name_of(self._records.get(id)))
        except RecordMissing:
            name = str(id or "")
        sentences = {
            "changed": _("It has been changed since."),
            "gone": _("It is not there any more."),
            "beyond": _("This must be one that you look after."),
            "taken": _("Another record has by now what it had before."),
        }
        return Obstacle(
            name,
            sentences.get(why, _("It has been used since (%(table)s).", table=why.replace("_", " "))),
            id or None,
        )


def _is_archived(row: Row) -> bool:
    return bool(row.get("archived_at") or row.get("disabled_at"))
