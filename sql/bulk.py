"""The same change to many records at once, in one transaction, each with its line in audit_log.

Whoever picked them saw a version of each. One that has changed since is left alone and named.
"""

from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from sql.audit import Row
from sql.queries import queries
from sql.records import RecordError, Records

Version = tuple[int, int]
PATIENCE_S = 60


@dataclass
class Outcome:
    """How many records changed, and the others by the reason's name: changed, gone or same."""

    changed: list[int] = field(default_factory=list)
    others: dict[str, list[Row]] = field(default_factory=dict)

    def leave(self, reason: str, row: Row) -> None:
        """This one has not been changed."""
        self.others.setdefault(reason, []).append(row)


def read_mark(connection: psycopg.Connection) -> int:
    """Where audit_log stands: what is changed from now on comes after it."""
    return int(queries.find_audit_mark(connection))


def list_picked(records: Records, matching: Row, ids: list[int] | None) -> list[Row]:
    """The records of these ids that may be changed, or all that match; as the list shows them."""
    picked = sql.SQL("SELECT * FROM ({}) AS listed WHERE %(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s)")
    with records.connection.cursor(row_factory=dict_row) as cursor:
        asked = {**matching, "ids": ids, "depot_ids": records.reach}
        return cursor.execute(picked.format(records.listed()), asked, prepare=False).fetchall()


def list_changed_since(records: Records, mark: int) -> set[int]:
    """The ids of the records of this table that were changed after a mark."""
    found = queries.list_changed_since(records.connection, table=records.table, mark=mark)
    return {id for (id,) in found}


def change_many(records: Records, versions: dict[int, int], column: str, value: Any) -> list[int]:
    """Set one column of the records that are still of these versions; the ids that it was done for.

    The column's name comes from the declaration of the kind; `archived_at` archives. Raises RecordError.
    """
    if column == "depot_id" and records.reach is not None and value not in records.reach:
        raise RecordError(column, "beyond_reach")
    change = sql.SQL(
        """
        WITH picked AS (
            SELECT * FROM unnest(%(ids)s::bigint[], %(versions)s::integer[]) AS picked (id, version)
        ), before AS (
            SELECT kept.* FROM {table} AS kept JOIN picked USING (id, version) ORDER BY id FOR UPDATE OF kept
        ), after AS (
            UPDATE {table} AS kept SET {column} = {value}, version = kept.version + 1
            FROM before WHERE kept.id = before.id RETURNING kept.*
        )
        SELECT before.id, record_change(%(user_id)s, %(request_id)s, %(action)s, %(table)s, before.id,
                                        to_jsonb(before), to_jsonb(after))
        FROM before JOIN after USING (id)
        """
    ).format(
        table=sql.Identifier(records.table),
        column=sql.Identifier(column),
        value=sql.SQL("now()" if column == "archived_at" else "%(value)s"),
    )
    with records.connection.transaction():
        records.connection.execute(f"SET LOCAL statement_timeout = '{PATIENCE_S}s'")
        rows = records.connection.execute(
            change,
            {
                "ids": list(versions),
                "versions": list(versions.values()),
                "value": value,
                "user_id": records.author.user_id,
                "request_id": records.author.request_id,
                "action": "archive" if column == "archived_at" else "change",
                "table": records.table,
            },
        ).fetchall()
    return [id for id, _ in rows]
