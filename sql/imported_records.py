"""Many records added or changed by an import at once, each with its line in audit_log, and taken back.

What an import did is what audit_log says of its request: taking it back puts every record as it was before,
unless somebody has changed one since, or something refers by now to one that the import added. Names of
tables and columns come from the declarations of kinds and from the catalog, never from a file.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from sql.audit import Author, Row, wrap
from sql.queries import fetch_rows, queries

MOST_OBSTACLES = 100


def name_request(import_id: int) -> str:
    """What audit_log calls the request that an import's changes were made in."""
    return f"import-{import_id}"


class ImportedRecords:
    """The records of one table as an import writes them; `columns` are those that it may write."""

    def __init__(
        self, connection: psycopg.Connection, table: str, columns: Sequence[str], author: Author
    ) -> None:
        self._connection, self.table, self._author = connection, table, author
        self._columns = tuple(columns)
        self._defaults = dict(queries.list_defaults(connection, table=table))
        self._unique = dict(queries.list_unique_columns(connection, table=table))
        self._names = {
            "table": sql.Identifier(table),
            "columns": sql.SQL(", ").join(map(sql.Identifier, self._columns)),
            "settings": sql.SQL(", ").join(map(_set, self._columns)),
            "filled": sql.SQL(", ").join(_fill_in(name, self._defaults.get(name)) for name in self._columns),
            "sequence": sql.Literal(queries.find_sequence(connection, table=table)),
        }

    def fills(self, column: str) -> bool:
        """Whether a new record has something in a column where nothing is given."""
        return column in self._defaults

    def is_unique(self, column: str) -> bool:
        """Whether no two records may have the same in a column."""
        return column in self._unique

    def find(self, column: str, keys: Sequence[Any]) -> list[Row]:
        """The records that have one of these values in a column, the archived ones included, to be changed.

        They stay as they are until the transaction ends.
        """
        statement = sql.SQL(
            "/* find_imported */ SELECT * FROM {table} WHERE {column} = ANY(%s) ORDER BY id FOR UPDATE"
        )
        with self._connection.cursor(row_factory=dict_row) as cursor:
            named = statement.format(column=sql.Identifier(column), **self._names)
            return cursor.execute(named, [list(keys)], prepare=False).fetchall()

    def add(self, rows: Sequence[Row]) -> list[int]:
        """New records, in this order; what is not given or None has its default. Raises psycopg.Error."""
        statement = """
            WITH given AS (
                SELECT nextval({sequence}) AS new_id, number, record.*
                FROM jsonb_array_elements(%(rows)s) WITH ORDINALITY AS one (item, number),
                     jsonb_populate_record(NULL::{table}, item) AS record
            ), added AS (
                INSERT INTO {table} (id, {columns}) OVERRIDING SYSTEM VALUE
                SELECT new_id, {filled} FROM given ORDER BY number RETURNING *
            )
            SELECT added.id, record_change(%(user_id)s, %(request_id)s, 'add', %(table)s, added.id, NULL,
                                           to_jsonb(added))
            FROM added JOIN given ON new_id = added.id ORDER BY number
            """
        return [id for id, _ in self._execute(statement, {"rows": wrap(list(rows))})] if rows else []

    def change(self, rows: Sequence[Row]) -> list[int]:
        """Records as given by id and version, with all columns; those that were still of that version.

        Raises psycopg.Error.
        """
        given = "SELECT record.* FROM jsonb_populate_recordset(NULL::{table}, %(rows)s) AS record"
        return self._replace(given, "id, version", {"rows": wrap(list(rows))}) if rows else []

    def list_obstacles(self, import_id: int, own_parts: Sequence[str] = ()) -> list[tuple[int, str]]:
        """Which records stand in the way of taking an import back, and why: `changed`, `gone` or a table.

        What was changed and put back again stands in nobody's way. A table refers to a record that the import
        added; `own_parts` are tables that hold what belongs to a record from its first moment. At most
        MOST_OBSTACLES.
        """
        asked = {"request_id": name_request(import_id), "table": self.table}
        statement = sql.SQL(
            """
            SELECT l.record_id, CASE WHEN kept.id IS NULL THEN 'gone' ELSE 'changed' END
            FROM audit_log l LEFT JOIN {table} kept ON kept.id = l.record_id
            WHERE l.request_id = %(request_id)s AND l.table_name = %(table)s
              AND kept.version IS DISTINCT FROM (l.after ->> 'version')::integer
              AND EXISTS (
                  SELECT FROM jsonb_each(l.after) AS left_by_it (name, value)
                  WHERE name <> 'version' AND (l.action = 'add' OR name = ANY(%(columns)s))
                    AND value IS DISTINCT FROM to_jsonb(kept) -> name)
            ORDER BY l.id LIMIT %(most)s
            """
        ).format(**self._names)
        limits = {"most": MOST_OBSTACLES, "columns": list(self._columns)}
        found = self._connection.execute(statement, {**asked, **limits}).fetchall()
        added = [id for (id,) in queries.list_added(self._connection, **asked)]
        for one in fetch_rows(self._connection, "list_references", table=self.table):
            if added and one["table_name"] not in own_parts:
                found += self._list_referring(one["table_name"], one["column_name"], added)
        return [(id, why) for id, why in found[:MOST_OBSTACLES]]

    def _list_referring(self, table: str, column: str, ids: list[int]) -> list[tuple[int, str]]:
        statement = sql.SQL(
            "SELECT DISTINCT {column}, %(table)s FROM {other} WHERE {column} = ANY(%(ids)s) "
            "ORDER BY 1 LIMIT %(most)s"
        ).format(column=sql.Identifier(column), other=sql.Identifier(table))
        asked = {"table": table, "ids": ids, "most": MOST_OBSTACLES}
        return self._connection.execute(statement, asked, prepare=False).fetchall()

    def list_touched(self, import_id: int) -> list[int]:
        """The records that an import added or changed."""
        asked = {"request_id": name_request(import_id), "table": self.table}
        return [id for (id,) in queries.list_touched(self._connection, **asked)]

    def take_back(self, import_id: int) -> int:
        """Put every record as it was before an import; how many. Only where nothing stands in the way.

        Raises psycopg.Error where somebody else has by now what only one may have.
        """
        former = """
            SELECT record.* FROM audit_log l, jsonb_populate_record(NULL::{table}, l.before) AS record
            WHERE l.request_id = %(origin)s AND l.table_name = %(table)s AND l.action = 'change'
            """
        remove = """
            WITH gone AS (
                DELETE FROM {table} AS kept USING audit_log l
                WHERE l.request_id = %(origin)s AND l.table_name = %(table)s AND l.action = 'add'
                  AND kept.id = l.record_id RETURNING kept.*
            )
            SELECT record_change(%(user_id)s, %(request_id)s, 'remove', %(table)s, gone.id,
                                 to_jsonb(gone), NULL)
            FROM gone
            """
        asked = {"origin": name_request(import_id)}
        removed = self._execute(remove, asked)
        return len(removed) + len(self._replace(former, "id", asked))

    def list_takers(self, import_id: int, column: str) -> list[int]:
        """Of the records that an import changed, those whose former value in a column another has by now."""
        statement = """
            SELECT DISTINCT former.id
            FROM audit_log l, jsonb_populate_record(NULL::{table}, l.before) AS former
            JOIN {table} AS other ON other.{column} = former.{column} AND other.id <> former.id
            WHERE l.request_id = %(origin)s AND l.table_name = %(table)s AND l.action = 'change'
              AND l.before -> %(column)s IS DISTINCT FROM l.after -> %(column)s
              AND NOT EXISTS (SELECT FROM audit_log own WHERE own.request_id = l.request_id
                              AND own.table_name = l.table_name AND own.record_id = other.id)
            ORDER BY 1 LIMIT %(most)s
            """
        if not self.is_unique(column):
            return []
        asked = {"origin": name_request(import_id), "column": column, "most": MOST_OBSTACLES}
        return [id for (id,) in self._execute(statement, asked, column=sql.Identifier(column))]

    def _replace(self, given: str, same: str, asked: Row) -> list[int]:
        """Put given records in the place of those that are the `same`; their ids. Raises psycopg.Error.

        Where one gets what only one may have from another of them, all of these let go of it first.
        """
        parts = {"given": sql.SQL(given).format(**self._names), "same": sql.SQL(same)}
        kept = "SELECT kept.* FROM {table} AS kept JOIN given USING ({same}) ORDER BY id FOR UPDATE OF kept"
        try:
            with self._connection.transaction():
                return self._put(kept, asked, **parts)
        except psycopg.errors.UniqueViolation:
            parts["before"] = sql.SQL(kept).format(**self._names, **parts)
            gather = "WITH given AS ({given}), before AS ({before}) SELECT jsonb_agg(before) FROM before"
            let_go = """
                WITH given AS ({given}) UPDATE {table} AS kept SET {freed} FROM given
                WHERE kept.id = given.id RETURNING kept.id
                """
            before = self._execute(gather, asked, **parts)[0][0]
            self._execute(let_go, asked, freed=self._free(), **parts)
            remembered = "SELECT * FROM jsonb_populate_recordset(NULL::{table}, %(before)s)"
            return self._put(remembered, {**asked, "before": wrap(before)}, **parts)

    def _put(self, kept: str, asked: Row, **parts: sql.Composable) -> list[int]:
        statement = """
            WITH given AS ({given}), before AS ({before}), after AS (
                UPDATE {table} AS kept SET {settings}, version = kept.version + 1
                FROM given JOIN before USING (id) WHERE kept.id = given.id RETURNING kept.*
            )
            SELECT before.id, record_change(%(user_id)s, %(request_id)s, 'change', %(table)s, before.id,
                                            to_jsonb(before), to_jsonb(after))
            FROM before JOIN after USING (id)
            """
        before = sql.SQL(kept).format(**self._names, **parts)
        return [id for id, _ in self._execute(statement, asked, **{**parts, "before": before})]

    def _free(self) -> sql.Composable:
        """Of each column in which no two may have the same, what no other has, where it is to change."""
        changed = sql.SQL("{0} = CASE WHEN kept.{0} IS DISTINCT FROM given.{0} THEN {1} ELSE kept.{0} END")
        return sql.SQL(", ").join(
            changed.format(sql.Identifier(name), sql.SQL(free))
            for name, free in self._unique.items()
            if name in self._columns
        )

    def _execute(self, statement: str, asked: Row, **parts: sql.Composable) -> list[Any]:
        signed = {"user_id": self._author.user_id, "request_id": self._author.request_id, "table": self.table}
        # The log knows a slow one by its name.
        named = sql.SQL(f"/* import_{self.table} */ {statement}").format(**self._names, **parts)
        return self._connection.execute(named, {**asked, **signed}, prepare=False).fetchall()


def _set(name: str) -> sql.Composable:
    """A column becomes what is given."""
    return sql.SQL("{0} = given.{0}").format(sql.Identifier(name))


def _fill_in(name: str, default: str | None) -> sql.Composable:
    """A column as given, or its default as the catalog writes it."""
    column = sql.Identifier(name)
    return sql.SQL("coalesce(given.{}, {})").format(column, sql.SQL(default)) if default else column
