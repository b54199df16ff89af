"""How long positions are kept, and who deletes them, in both editions of TimescaleDB.

The Community edition keeps the age as a policy of its own and also packs old chunks into its columnstore. The
Apache edition refuses every policy ("not supported under the current license"), so the job drops the chunks.
Either way only whole chunks (days) go whose newest possible row is past the age, and only from `positions`.
"""

from datetime import datetime, timedelta
from typing import Literal, TypedDict

import psycopg

from sql.queries import queries

Edition = Literal["apache", "community"]

# A week of rows stays as it is, for that is what people look at and what late positions still come into.
COLUMNSTORE_AFTER_DAYS = 7


class Policies(TypedDict):
    """What `apply_policies` leaves in force; `changes` says in words what it had to do."""

    edition: Edition
    retention_days: int
    enforced_by: Literal["database", "jobs", "nobody"]
    columnstore_after_days: int | None
    changes: list[str]


class Chunk(TypedDict):
    """One chunk of positions: all fixes from `start` (included) to `end`, in ISO 8601."""

    chunk: str
    start: str
    end: str
    rows: int


class Preview(TypedDict):
    """What dropping positions older than `retention_days` would take now."""

    retention_days: int
    rows: int
    chunks: list[Chunk]


def get_edition(connection: psycopg.Connection) -> Edition:
    """Which edition of TimescaleDB this database runs."""
    return "apache" if queries.get_license(connection) == "apache" else "community"


def apply_policies(connection: psycopg.Connection, retention_days: int) -> Policies:
    """Make the database's policies say what the settings say; 0 days means that everything is kept."""
    edition = get_edition(connection)
    changes: list[str] = []
    if edition == "community":
        with connection.transaction():
            _apply_retention(connection, retention_days, changes)
            _apply_compression(connection, changes)
    by_whom: Literal["database", "jobs"] = "database" if edition == "community" else "jobs"
    return Policies(
        edition=edition,
        retention_days=retention_days,
        enforced_by=by_whom if retention_days else "nobody",
        columnstore_after_days=COLUMNSTORE_AFTER_DAYS if edition == "community" else None,
        changes=changes,
    )


def _apply_retention(connection: psycopg.Connection, wanted: int, changes: list[str]) -> None:
    job_id, days = _find_policy(connection, "policy_retention")
    if days == wanted:
        return
    if not wanted:
        queries.remove_retention_policy(connection)
        changes.append(f"positions older than {days:g} days are no longer dropped")
    elif job_id is None:
        queries.add_retention_policy(connection, days=wanted)
        changes.append(f"positions older than {wanted} days are dropped")
    else:
        queries.change_retention_policy(connection, job_id=job_id, days=wanted)
        changes.append(f"positions older than {wanted} days are dropped, no longer those older than {days:g}")


def _apply_compression(connection: psycopg.Connection, changes: list[str]) -> None:
    job_id, _age = _find_policy(connection, "policy_compression")
    if job_id is None:
        queries.enable_compression(connection)
        queries.add_compression_policy(connection, days=COLUMNSTORE_AFTER_DAYS)
        changes.append(f"chunks older than {COLUMNSTORE_AFTER_DAYS} days are moved to the columnstore")


def _find_policy(connection: psycopg.Connection, kind: str) -> tuple[int | None, float]:
    """The policy of this kind and its age in days; no policy has the age 0."""
    for job_id, own_kind, days in queries.list_policies(connection):
        if own_kind == kind:
            return job_id, float(days)
    return None, 0.0


def preview(connection: psycopg.Connection, days: int) -> Preview:
    """Say which chunks `drop_expired` would drop now; counts every row of them, so it may take a while."""
    rows = queries.list_chunks_before(connection, days=days) if days else ()
    chunks = [
        Chunk(chunk=name, start=start.isoformat(), end=end.isoformat(), rows=count)
        for name, start, end, count in rows
    ]
    return Preview(retention_days=days, rows=sum(chunk["rows"] for chunk in chunks), chunks=chunks)


def drop_expired(connection: psycopg.Connection, days: int) -> list[str]:
    """Drop the chunks that hold only positions older than `days` and name them; 0 days drops nothing.

    Raises psycopg.errors.LockNotAvailable, with nothing dropped, where somebody reads them for long.
    """
    if not days:
        return []
    with connection.transaction():
        queries.limit_lock_wait(connection)
        return [name for (name,) in queries.drop_chunks_before(connection, days=days)]


def find_start(retention_days: int, now: datetime) -> datetime | None:
    """From when on positions are kept: what is older is dropped in the next nights. None: all is kept."""
    return now - timedelta(days=retention_days) if retention_days else None


def describe_policies(policies: Policies) -> str:
    """What is in force, for a person."""
    days = policies["retention_days"]
    by_whom = {
        "nobody": "positions are kept for ever (GPS_HISTORY_RETENTION_DAYS is 0)",
        "database": f"the database drops positions older than {days} days every day",
        "jobs": f"motorpool jobs drops positions older than {days} days every night",
    }
    return "\n".join([*policies["changes"], by_whom[policies["enforced_by"]]])


def describe_preview(would_go: Preview) -> str:
    """What would be dropped, a line for each chunk, for a person."""
    chunks = [
        f"{chunk['start']} to {chunk['end']}  {chunk['rows']} positions" for chunk in would_go["chunks"]
    ]
    return "\n".join([*chunks, f"{would_go['rows']} positions in {len(chunks)} chunks would be dropped now"])
