"""Keeping records: adding, changing and archiving one, each with its line in audit_log, and listing many.

A table `depots` has the queries list_depots, get_depot, add_depot, change_depot, archive_depot and
restore_depot; they are found by name. A change names the version that it was made from: when another was
faster, nothing is written.
"""

from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from sql import audit
from sql.audit import Author, Row
from sql.queries import fetch_rows, queries

# Why the database refuses a record; of a check, the rest of its name is the reason.
REASONS: dict[type[psycopg.Error], str] = {
    psycopg.errors.UniqueViolation: "taken",
    psycopg.errors.ForeignKeyViolation: "unknown",
    psycopg.errors.CheckViolation: "",
}


class RecordError(Exception):
    """A record cannot be kept like this: the field, and the reason's name."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class RecordMissing(Exception):
    """There is no record of this id within reach."""


class Conflict(Exception):
    """Somebody changed the record in between; `current` is what they made of it."""

    def __init__(self, current: Row) -> None:
        super().__init__("the record has changed")
        self.current = current


class Records:
    """The records of one table, as one author keeps them and as far as their reach goes."""

    def __init__(
        self,
        connection: psycopg.Connection,
        table: str,
        noun: str,
        author: Author,
        reach: list[int] | None,
    ) -> None:
        self.connection, self.table, self.noun, self.author, self.reach = (
            connection,
            table,
            noun,
            author,
            reach,
        )

    def get(self, id: int) -> Row:
        """One record. Raises RecordMissing."""
        rows = fetch_rows(self.connection, f"get_{self.noun}", id=id, depot_ids=self.reach)
        if not rows:
            raise RecordMissing(f"There is no {self.noun} {id}.")
        return rows[0]

    def add(self, values: Row) -> Row:
        """A new record. Raises RecordError."""
        return self._write("add", None, values)

    def change(self, id: int, version: int, values: Row) -> Row:
        """The record with these fields changed. Raises RecordError, RecordMissing, Conflict."""
        before = self.get(id)
        values = {**before, **values}
        if before["version"] == version and values == before:
            return before
        return self._write("change", before, {**values, "version": version})

    def archive(self, id: int, version: int) -> Row:
        """Put a record out of the way. Raises RecordMissing, Conflict."""
        return self._write("archive", self.get(id), {"id": id, "version": version})

    def restore(self, id: int, version: int) -> Row:
        """Bring an archived record back. Raises RecordMissing, Conflict."""
        return self._write("restore", self.get(id), {"id": id, "version": version})

    def _write(self, action: str, before: Row | None, values: Row) -> Row:
        try:
            with self.connection.transaction():
                sent = {
                    name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()
                }
                rows = fetch_rows(self.connection, f"{action}_{self.noun}", **sent)
                if not rows:
                    raise Conflict(self.get(values["id"]))
                self._check_reach(rows[0])
                audit.record_change(self.connection, self.author, action, self.table, before, rows[0])
        except tuple(REASONS) as error:
            raise self.explain(error, {**(before or {}), **values}) from error
        return rows[0]

    def _check_reach(self, row: Row) -> None:
        """Nobody makes a record that they could not see then. Raises RecordError."""
        field = next((field for field in ("depot_id", "vehicle_id") if field in row), None)
        if self.reach is not None and field:
            try:
                self.get(row["id"])
            except RecordMissing as error:
                raise RecordError(field, "beyond_reach") from error

    def explain(self, error: psycopg.Error, values: Row) -> RecordError:
        """The field that a constraint such as depots_name_key begins with; the rest is the reason."""
        reason = REASONS[type(error)]
        name = (error.diag.constraint_name or "").removeprefix(f"{self.table}_")
        field = next((field for field in values if name.startswith(f"{field}_")), name)
        return RecordError(field, reason or name.removeprefix(f"{field}_"))

    def list_page(
        self, sort: str, is_descending: bool, after: tuple[Any, int] | None, limit: int, **matching: Any
    ) -> list[Row]:
        """The next records that match, in the order of a column, after the one with this value and id.

        The column must not be null; its name comes from the declaration of the kind, never from a request.
        """
        column, listed = psycopg.sql.Identifier(sort), self.listed()
        direction = psycopg.sql.SQL("DESC" if is_descending else "ASC")
        beyond = psycopg.sql.SQL("<" if is_descending else ">")
        start: psycopg.sql.Composable = psycopg.sql.SQL("TRUE")
        if after is not None:
            start = psycopg.sql.SQL("({}, id) {} (%(after_value)s, %(after_id)s)").format(column, beyond)
        # First which ones, then all of these few: rows are wide, and sorting would carry every one of them.
        order = psycopg.sql.SQL("ORDER BY {} {}, id {}").format(column, direction, direction)
        statement = psycopg.sql.SQL(
            "/* {name} */ SELECT * FROM ({listed}) AS listed WHERE id = ANY(ARRAY("
            "SELECT id FROM ({listed}) AS listed WHERE {start} {order} LIMIT %(limit)s)) {order}"
        ).format(name=self._name("list"), listed=listed, start=start, order=order)
        value, id = after or (None, None)
        asked = {"depot_ids": self.reach, "after_value": value, "after_id": id, "limit": limit}
        try:
            with self.connection.cursor(row_factory=dict_row) as cursor:
                # Planned anew each time: what is searched and filtered decides which index serves.
                return cursor.execute(statement, {**matching, **asked}, prepare=False).fetchall()
        except psycopg.DataError as error:
            raise RecordError("after", "unknown") from error

    def ask_for_all(
        self, sort: str, is_descending: bool, **matching: Any
    ) -> tuple[psycopg.sql.Composed, Row]:
        """The statement of all records that match, in the order of a column, and what to ask it."""
        direction = psycopg.sql.SQL("DESC" if is_descending else "ASC")
        statement = psycopg.sql.SQL(
            "/* {name} */ SELECT * FROM ({listed}) AS listed ORDER BY {column} {direction}, id {direction}"
        ).format(
            name=self._name("export"),
            listed=self.listed(),
            column=psycopg.sql.Identifier(sort),
            direction=direction,
        )
        return statement, {**matching, "depot_ids": self.reach}

    def count(self, **matching: Any) -> int:
        """How many records match."""
        statement = psycopg.sql.SQL("/* {} */ SELECT count(*) FROM ({}) AS listed").format(
            self._name("count"), self.listed()
        )
        asked = {**matching, "depot_ids": self.reach}
        row = self.connection.execute(statement, asked, prepare=False).fetchone()
        assert row
        return int(row[0])

    def _name(self, verb: str) -> psycopg.sql.Composable:
        """What the log calls this statement when it is slow."""
        return psycopg.sql.Identifier(f"{verb}_{self.table}")

    def listed(self) -> psycopg.sql.Composable:
        """The query of the whole list, to select from."""
        return psycopg.sql.SQL(getattr(queries, f"list_{self.table}").sql.rstrip().rstrip(";"))
