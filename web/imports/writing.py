"""Writing the records of an import, a thousand at a time.

Where the database refuses one of these, they are taken back and written in halves, until the bad one stands
alone and is rejected with the same words as in the form. Where two records are to change places, or a whole
fleet gets new numbers, neither can have what the other has not let go of: these are written at once.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import psycopg

from sql.audit import Row
from sql.imported_records import ImportedRecords
from sql.records import REASONS, RecordError, RecordMissing, Records
from web.imports.kind import CHANGED, NEW, REJECTED, Finding
from web.records import pages
from web.records.kind import Kind


class Refused(Exception):
    """One of the rows that were written together must not be: which one is found by writing fewer."""

    def __init__(self, error: RecordError) -> None:
        super().__init__(str(error))
        self.error = error


class Refusal(NamedTuple):
    """A record that could not be written, and why."""

    finding: Finding
    row: Row
    error: RecordError


WRONG: tuple[type[Exception], ...] = (Refused, *REASONS)
Wanted = list[tuple[Finding, Row]]


class RecordWriter:
    """Writes the records of one kind; nobody makes one that they could not see then."""

    def __init__(
        self,
        connection: psycopg.Connection,
        kind: Kind,
        records: Records,
        many: ImportedRecords,
        reach: list[int] | None,
    ) -> None:
        self._connection, self._kind, self._records, self._many = connection, kind, records, many
        self._columns, self._reach = [field.name for field in kind.fields], reach

    def write(self, wanted: Wanted) -> list[Finding]:
        """Write these, the changed before the new; what is refused comes back as rejected."""
        changed = [one for one in wanted if one[0].verdict == CHANGED]
        refused = self._try_again(self._write_all(changed, self._change))
        refused += self._write_all([one for one in wanted if one[0].verdict == NEW], self._add)
        lines = {one.finding.line for one in refused}
        return [one for one, _row in wanted if one.line not in lines] + list(map(self._refuse, refused))

    def _write_all(self, wanted: Wanted, write: Callable[[Wanted], None]) -> list[Refusal]:
        """Write these at once, or else in halves; what is refused alone."""
        if not wanted:
            return []
        try:
            with self._connection.transaction():
                write(wanted)
        except WRONG as error:
            if len(wanted) == 1:
                return [Refusal(*wanted[0], self._explain(wanted[0][1], error))]
            middle = len(wanted) // 2
            return self._write_all(wanted[:middle], write) + self._write_all(wanted[middle:], write)
        return []

    def _try_again(self, refused: list[Refusal]) -> list[Refusal]:
        """Write at once those that only wait for one another, or waited; what is refused for good."""
        waiting = {one.row["id"]: one for one in refused if one.error.reason == "taken"}
        holders = {id: self._find_holders(one) for id, one in waiting.items()}
        while stuck := [id for id in waiting if holders[id] and not holders[id] & waiting.keys()]:
            for id in stuck:
                del waiting[id]
        again = [(one.finding, one.row) for one in waiting.values()]
        kept = [one for one in refused if one.row["id"] not in waiting]
        return kept + self._write_all(again, self._change)

    def _find_holders(self, refusal: Refusal) -> set[int]:
        """Which other records have what this one is to get."""
        name, row = refusal.error.field, refusal.row
        found = self._many.find(name, [row[name]]) if name in self._columns else []
        return {one["id"] for one in found} - {row["id"]}

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
        if not all(map(self.is_within_reach, ids)):
            field = next((name for name in ("depot_id", "vehicle_id") if name in self._columns), "")
            raise Refused(RecordError(field, "beyond_reach"))

    def _explain(self, row: Row, error: Exception) -> RecordError:
        """The reason that the database or we had."""
        if isinstance(error, Refused):
            return error.error
        assert isinstance(error, psycopg.Error)
        return self._records.explain(error, {**dict.fromkeys(self._columns), **row})

    def _refuse(self, refusal: Refusal) -> Finding:
        """The row as rejected."""
        finding, row, error = refusal
        values = {**dict.fromkeys(self._columns), **row}
        said = str(pages.say(self._kind, self._connection, error, values))
        return Finding(
            finding.line, REJECTED, finding.name, reasons=[(error.field, said)], cells=finding.cells
        )

    def is_within_reach(self, id: int) -> bool:
        """Whether the person who imports may see a record."""
        if self._reach is None:
            return True
        try:
            self._records.get(id)
        except RecordMissing:
            return False
        return True
