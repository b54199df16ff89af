"""Who changed which record how: every edit writes here, in its own transaction, and nothing else does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import psycopg
from psycopg.types.json import Jsonb

from sql.queries import fetch_rows, queries

Row = dict[str, Any]


@dataclass(frozen=True)
class Author:
    """Who makes a change, and in which request; nobody where a command does."""

    user_id: int | None = None
    request_id: str | None = None


def record_change(
    connection: psycopg.Connection,
    author: Author,
    action: str,
    table: str,
    before: Row | None,
    after: Row | None,
) -> None:
    """Write one change: add, change, archive, restore or remove; rows as the table has them."""
    queries.record_change(
        connection,
        user_id=author.user_id,
        request_id=author.request_id,
        action=action,
        table=table,
        record_id=(after or before or {})["id"],
        before=wrap(before),
        after=wrap(after),
    )


def list_changes(
    connection: psycopg.Connection,
    table: str,
    record_id: int,
    most: int = 50,
    parts: Iterable[tuple[str, int]] = (),
) -> list[Row]:
    """What happened to a record and its parts, given by table and id, the latest first.

    `changed` has the fields as (name, before, after).
    """
    told = [(table, record_id), *parts]
    tables, record_ids = [table for table, _ in told], [id for _, id in told]
    rows = fetch_rows(connection, "list_changes", tables=tables, record_ids=record_ids, most=most)
    return _add_changed(rows)


@dataclass(frozen=True)
class Matching:
    """Which changes: empty texts and None match all; `user_id` 0 is nobody, a command."""

    user_id: int | None = None
    table: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


def list_page(connection: psycopg.Connection, matching: Matching, after: int | None, limit: int) -> list[Row]:
    """The changes of all records before the one with this id, the latest first; `changed` as above."""
    return _add_changed(fetch_rows(connection, "list_audit", **vars(matching), after=after, limit=limit))


def count(connection: psycopg.Connection, matching: Matching) -> int:
    """How many changes match."""
    total: int = queries.count_audit(connection, **vars(matching))
    return total


def list_tables(connection: psycopg.Connection) -> list[str]:
    """Every table with a change in the log."""
    return [name for (name,) in queries.list_audit_tables(connection)]


def list_authors(connection: psycopg.Connection) -> list[tuple[int, str]]:
    """Everybody who has changed a record, by id and name."""
    return [(id, who) for id, who in queries.list_authors(connection)]


def _add_changed(rows: list[Row]) -> list[Row]:
    for row in rows:
        row["changed"] = _compare(row["before"] or {}, row["after"] or {})
    return rows


def _compare(before: Row, after: Row) -> list[tuple[str, Any, Any]]:
    names = [name for name in after if name not in ("id", "version", "created_at")]
    return [(n, before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)]


def wrap(row: Any) -> Jsonb | None:
    """Anything as jsonb, with days and times as text; nothing is NULL."""
    return None if row is None else Jsonb(row, dumps=lambda value: orjson.dumps(value, default=str))
