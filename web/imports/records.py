"""Records of a declared kind as an import keeps them: found by their key, compared, added or changed at once.

Rows are written a thousand at a time. Where the database refuses one of these, they are taken back and
written in halves, until the bad one stands alone and is rejected with the same words as in the form.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from flask import g
from flask_babel import gettext as _

from sql.audit import Author, Row
from sql.imported_records import ImportedRecords
from sql.records import REASONS, RecordError, RecordMissing, Records
from web.imports.kind import CHANGED, NEW, REJECTED, SAME, Candidate, Finding, Found, Obstacle, Reasons, Task
from web.records import pages
from web.records.kind import Kind


class Refused(Exception):
    """One of the rows that were written together must not be: which one is found by writing fewer."""

    def __init__(self, error: RecordError) -> None:
        super().__init__(str(error))
        self.error = error


WRONG: tuple[type[Exception], ...] = (Refused, *REASONS)


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
        self._lines: dict[Any, int] = {}  # where a record was met first, by key or id

    def take(self, candidates: Sequence[Candidate]) -> Found:
        """What each row is, and the new and changed ones written."""
        found = Found()
        wanted: list[tuple[Finding, Row]] = []
        for candidate, before in self._find(candidates):
            finding, row = self._judge(candidate, before)
            if finding.verdict in (NEW, CHANGED):
                wanted.append((finding, row))
            else:
                found.add(finding)
        for finding in self._write(wanted):
            found.add(finding)
        found.findings.sort(key=lambda finding: finding.line)
        return found

    def finish(self) -> Found:
        """Nothing is left to tell."""
        return Found()

    def undo(self) -> list[Obstacle]:
        """Every record as it was before, or why not."""
        in_the_way = self._many.list_obstacles(self._task.import_id, self._own_parts)
        if not in_the_way:
            self._many.take_back(self._task.import_id)
        return [self._explain_obstacle(id, why) for id, why in in_the_way]

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
            return [(name, _("%(value)s is archived: restore it first.", value=value))]
        if current and not self._is_within_reach(current[0]["id"]):
            return [(name, _("This must be one that you look after."))]
        return []

    def _is_within_reach(self, id: int) -> bool:
        if self._task.reach is None:
            return True
        try:
            self._records.get(id)
        except RecordMissing:
            return False
        return True

    def _make(self, candidate: Candidate, verdict: str, changes: dict[str, tuple[Any, Any]]) -> Finding:
        name = str(candidate.values.get(self._columns[0]) or "")
        return Finding(candidate.line, verdict, name, changes=changes, cells=candidate.cells)

    def _reject(self, candidate: Candidate, reasons: Reasons) -> Finding:
        name = str(candidate.values.get(self._columns[0]) or "")
        return Finding(candidate.line, REJECTED, name, reasons=reasons, cells=candidate.cells)

    def _write(self, wanted: list[tuple[Finding, Row]]) -> list[Finding]:
        """Write these, the changed before the new; what is refused comes back as rejected."""
        changed = [one for one in wanted if one[0].verdict == CHANGED]
        return self._write_all(changed, self._change) + self._write_all(
            [one for one in wanted if one[0].verdict == NEW], self._add
        )

    def _write_all(self, wanted: list[tuple[Finding, Row]], write: Any) -> list[Finding]:
        if not wanted:
            return []
        try:
            with self._connection.transaction():
                write(wanted)
        except WRONG as error:
            if len(wanted) == 1:
                return [self._refuse(*wanted[0], error)]
            middle = len(wanted) // 2
            return self._write_all(wanted[:middle], write) + self._write_all(wanted[middle:], write)
        return [finding for finding, _row in wanted]

    def _add(self, wanted: list[tuple[Finding, Row]]) -> None:
        ids = self._many.add([row for _finding, row in wanted])
        for (finding, _row), id in zip(wanted, ids, strict=True):
            finding.record_id = id
        self._check_reach(ids)

    def _change(self, wanted: list[tuple[Finding, Row]]) -> None:
        self._many.change([row for _finding, row in wanted])
        self._check_reach([row["id"] for _finding, row in wanted])

    def _check_reach(self, ids: Sequence[int]) -> None:
        """Nobody makes a record that they could not see then. Raises Refused."""
        if not all(map(self._is_within_reach, ids)):
            field = next((name for name in ("depot_id", "vehicle_id") if name in self._columns), "")
            raise Refused(RecordError(field, "beyond_reach"))

    def _refuse(self, finding: Finding, row: Row, error: Exception) -> Finding:
        """The row as rejected, for the reason that the database or we had."""
        values = {**dict.fromkeys(self._columns), **row}
        told = error.error if isinstance(error, Refused) else None
        if isinstance(error, psycopg.Error):
            told = self._records.explain(error, values)
        assert told
        said = pages.say(self._kind, self._connection, told, values)
        return Finding(
            finding.line,
            REJECTED,
            finding.name,
            reasons=[(told.field, str(said))],
            cells=finding.cells,
        )

    def _explain_obstacle(self, id: int, why: str) -> Obstacle:
        try:
            name = str(self._kind.name_of(self._records.get(id)))
        except RecordMissing:
            name = str(id)
        sentences = {
            "changed": _("It has been changed since."),
            "gone": _("It is not there any more."),
        }
        return Obstacle(
            name,
            sentences.get(why, _("It has been used since (%(table)s).", table=why.replace("_", " "))),
            id,
        )


def _is_archived(row: Row) -> bool:
    return bool(row.get("archived_at") or row.get("disabled_at"))
