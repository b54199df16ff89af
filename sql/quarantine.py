"""What was put aside: found by its reason or its words, and one entry read with its bytes."""

from dataclasses import dataclass
from typing import Any

import psycopg

from sql.queries import fetch_rows, queries


@dataclass(frozen=True)
class Matching:
    """Which entries: empty texts match all; `depot_ids` is a person's reach, None the whole fleet."""

    search: str
    reason: str
    depot_ids: list[int] | None


def list_page(
    connection: psycopg.Connection, matching: Matching, after: int | None, limit: int
) -> list[dict[str, Any]]:
    """The entries before the one with this id, the latest first, without their bytes."""
    return fetch_rows(connection, "list_quarantine", **vars(matching), after=after, limit=limit)


def count(connection: psycopg.Connection, matching: Matching) -> tuple[int, int]:
    """How many entries match, and how many bytes they were together."""
    entries, size_bytes = queries.count_quarantine(connection, **vars(matching))
    return entries, size_bytes


def list_reasons(connection: psycopg.Connection) -> list[str]:
    """Every reason that there is."""
    return [reason for (reason,) in queries.list_quarantine_reasons(connection)]


def find(connection: psycopg.Connection, id: int) -> dict[str, Any] | None:
    """One entry with its bytes."""
    return next(iter(fetch_rows(connection, "get_quarantined", id=id)), None)
