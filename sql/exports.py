"""Exports as the database knows them: who took what, the files that are kept, and the templates of more.

An export that nobody waits for is made by whichever process gets its lock (an advisory lock, which a process
that dies lets go of); then another begins it anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from sql.audit import Row
from sql.pieces import cut
from sql.queries import fetch_rows, queries

KEPT = timedelta(days=14)
LARGEST_FILE = 2 * 1024**3


def add_run(
    connection: psycopg.Connection,
    way: str,
    user_id: int | None,
    wanted: dict[str, Any],
    reach: list[int] | None,
    template_id: int | None = None,
) -> int:
    """Write that somebody takes this out, or waits for it; the id of the run."""
    id: int = queries.add_export_run(
        connection,
        way=way,
        user_id=user_id,
        kind=wanted["kind"],
        wanted=Jsonb(wanted),
        depot_ids=reach,
        template_id=template_id,
    )
    return id


def end_run(
    connection: psycopg.Connection,
    id: int,
    rows: int = 0,
    size: int = 0,
    problem: str = "",
    file_name: str = "",
    is_kept: bool = False,
) -> bool:
    """Write how an export ended; whether it still went on."""
    kept_until = datetime.now(UTC) + KEPT if is_kept else None
    told = {"rows": rows, "bytes": size, "problem": problem, "file_name": file_name}
    return bool(queries.end_export_run(connection, id=id, kept_until=kept_until, **told))


def list_runs(
    connection: psycopg.Connection, user_id: int | None, after: int | None, most: int
) -> tuple[list[Row], int]:
    """The exports of a person, or of everybody, before this one, the newest first; and how many in all."""
    rows = fetch_rows(connection, "list_export_runs", user_id=user_id, after=after, most=most)
    return rows, int(queries.count_export_runs(connection, user_id=user_id))


def list_templates(connection: psycopg.Connection, user_id: int, kind: str = "") -> list[Row]:
    """The templates that a person may use, their own and shared ones, by name; all, or those of a kind."""
    return fetch_rows(connection, "list_export_templates", user_id=user_id, kind=kind)


def find_template(connection: psycopg.Connection, id: int, user_id: int) -> Row | None:
    """A template that this person may use."""
    rows = fetch_rows(connection, "get_export_template", id=id, user_id=user_id)
    return rows[0] if rows else None


def find_run(connection: psycopg.Connection, id: int, user_id: int) -> Row | None:
    """An export of this person."""
    rows = fetch_rows(connection, "get_export_run", id=id, user_id=user_id)
    return rows[0] if rows else None


@contextmanager
def claim_run(connection: psycopg.Connection) -> Iterator[Row | None]:
    """The first export that waits and that nobody is at; it is this connection's until the block ends."""
    for (id,) in queries.list_waiting_export_runs(connection):
        if not queries.try_export_lock(connection, id=id):
            continue
        try:
            if rows := fetch_rows(connection, "begin_export_run", id=id):
                yield rows[0]
                return
        finally:
            queries.release_export_lock(connection, id=id)
    yield None


def keep_file(connection: psycopg.Connection, run_id: int, path: Path) -> None:
    """Keep a file in pieces, in place of what an earlier attempt left."""
    queries.remove_export_pieces(connection, run_id=run_id)
    with path.open("rb") as file:
        for number, piece in enumerate(cut(file)):
            queries.add_export_piece(connection, run_id=run_id, number=number, content=piece)


def remove_file(connection: psycopg.Connection, run_id: int, user_id: int, problem: str) -> bool:
    """Forget the file of a person's export, or stop what is not done and say why; whether there was one."""
    asked = {"id": run_id, "user_id": user_id}
    found = queries.release_export_file(connection, **asked)
    found += queries.cancel_export_run(connection, **asked, problem=problem)
    if found:
        queries.remove_export_pieces(connection, run_id=run_id)
    return bool(found)
