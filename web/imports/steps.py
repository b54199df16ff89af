"""What a person asks of an import: to check it, import it, take it back, or stop.

A small file is worked on at once, so that nobody waits for the job that looks for work: by the same function,
in a thread of its own, for which the request has some patience. Whoever holds the import's lock works on it,
so it does no harm where the job is there first.
"""

from threading import Thread

import structlog
from flask import Flask, current_app, g
from psycopg import OperationalError

from sql import imports
from sql.audit import Row
from sql.imports import NotReady
from sql.queries import queries
from web import database
from web.imports import access
from web.imports.work import work_on

SMALL_BYTES = 256 * 1024
PATIENCE_S = 5.0
WORKING = ("checking", "committing", "undoing")
log = structlog.get_logger()


def ask(id: int, state: str) -> None:
    """Let it be checked, committed or undone. Raises ImportMissing, Forbidden, NotReady."""
    find = access.find if state == "undoing" else access.find_own
    with database.connection() as connection:
        row = find(connection, id)
        imports.ask(connection, id, state, g.user.id)
    if is_small(row):
        work_now(id)


def stop(id: int) -> None:
    """Ask whoever works on it to stop. Raises ImportMissing, Forbidden, NotReady."""
    with database.connection() as connection:
        row = access.find(connection, id)
        if queries.stop_import(connection, id=id) == 0:
            raise NotReady(row["state"])


def cancel(id: int) -> None:
    """Let go of an import that has not been imported. Raises ImportMissing, Forbidden, NotReady."""
    with database.connection() as connection:
        row = access.find(connection, id)
        if queries.cancel_import(connection, id=id) == 0:
            raise NotReady(row["state"])


def is_small(row: Row) -> bool:
    """Whether it is done before anybody would wait for it; what is zipped may be of any size."""
    return row["file_bytes"] <= SMALL_BYTES and not row["reading"].get("inside")


def work_now(id: int) -> None:
    """Work on it here; the request waits for a few seconds, and the work goes on without it."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    thread = Thread(
        target=_work, args=(app, app.config["DATABASE_URL"], id), name=f"import {id}", daemon=True
    )
    thread.start()
    thread.join(PATIENCE_S)


def _work(app: Flask, url: str, id: int) -> None:
    try:
        work_on(app, url, id)
    except OperationalError as error:
        log.warning("import left to the job", import_id=id, problem=str(error))
