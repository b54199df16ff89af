"""The books of ingestion for the System pages: by minute, by source, by day, and by device on one day."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from sql.queries import fetch_rows, queries

Row = dict[str, Any]


@dataclass(frozen=True)
class Matching:
    """Which devices of which day: an empty search matches all; `depot_ids` None reaches all depots."""

    day: date
    search: str
    depot_ids: list[int] | None


def list_minutes(connection: psycopg.Connection, since: datetime) -> list[Row]:
    """What became of the records of each minute in which any came."""
    return fetch_rows(connection, "list_ledger_minutes", since=since)


def list_sources(connection: psycopg.Connection, since: datetime) -> list[Row]:
    """What came in by each source."""
    return fetch_rows(connection, "list_ledger_sources", since=since)


def list_days(connection: psycopg.Connection, most: int) -> list[Row]:
    """The latest days, with their losses where they are recorded."""
    return fetch_rows(connection, "list_ledger_days", most=most)


def is_recorded(connection: psycopg.Connection, day: date) -> bool:
    """Whether the ledgers of this day have been recorded."""
    return bool(queries.is_day_recorded(connection, day=day))


def list_recorded(
    connection: psycopg.Connection, matching: Matching, after: tuple[int, int] | None, limit: int
) -> list[Row]:
    """Recorded ledgers, the greatest losses first, after the one with these missing fixes and this device."""
    missing, id = after or (None, None)
    return fetch_rows(
        connection, "list_recorded_days", **vars(matching), after_missing=missing, after_id=id, limit=limit
    )


def list_measured(
    connection: psycopg.Connection, matching: Matching, after_id: int | None, limit: int
) -> list[Row]:
    """Ledgers measured now, in the order of the devices, after this one; some milliseconds for each."""
    return fetch_rows(connection, "measure_days", **vars(matching), after_id=after_id, limit=limit)


def count(connection: psycopg.Connection, matching: Matching, recorded: bool) -> int:
    """How many ledgers match."""
    query = queries.count_recorded_days if recorded else queries.count_measured_days
    total: int = query(connection, **vars(matching))
    return total


def measure_device(connection: psycopg.Connection, matching: Matching, id: int) -> Row | None:
    """One device's ledger, measured now; None where there is no such device within reach."""
    asked = {"id": id, "day": matching.day, "depot_ids": matching.depot_ids}
    return next(iter(fetch_rows(connection, "measure_one_day", **asked)), None)


def list_gaps(connection: psycopg.Connection, id: int, day: date, most: int) -> list[Row]:
    """The gaps of one device on one day, in order."""
    return fetch_rows(connection, "list_gaps", id=id, day=day, most=most)
