"""Exports that nobody waits for: the large ones and the scheduled ones, made by `motorpool exchange`.

It may be killed at any moment: what it was at is begun anew by the next one, and nothing half done is kept.
"""

import shutil
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import structlog
from flask import Flask
from flask_babel import gettext as _
from werkzeug.exceptions import Forbidden, HTTPException
from xlsxwriter.exceptions import XlsxWriterException

from sql import exports
from sql.audit import Row
from sql.queries import fetch_rows, queries
from sql.users import find_user, list_reach
from web.background import speak_for
from web.exports.desk import find_desk
from web.exports.making import FOLDER, open_export
from web.exports.timetable import find_next
from web.exports.wanted import Wanted
from web.rights import N_

MOST_ATTEMPTS = 3
LEFT_OVER_S = 24 * 3600
ABANDONED = N_("It was begun several times and never finished.")
NOBODY_THERE = N_("Whoever asked for it may not sign in any more.")
FAILED = N_("Something went wrong here. It has been logged.")

log = structlog.get_logger()


class Stopped(Exception):
    """Whoever asked for an export does not want it any more."""


def work_off_exports(app: Flask, connection: psycopg.Connection) -> bool:
    """Forget what is old, put on the list what is due, and make the first export that waits; False for none.

    The connection commits by itself and is this process's own.
    """
    queries.forget_export_files(connection)
    clear_leftovers()
    add_due(connection, datetime.now(UTC))
    with exports.claim_run(connection) as run:
        if run is None:
            return False
        work_off(app, connection, run)
        return True


def clear_leftovers() -> None:
    """Remove what exports that were killed a day ago have left among the temporary files."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > LEFT_OVER_S:
                shutil.rmtree(folder, ignore_errors=True)


def add_due(connection: psycopg.Connection, now: datetime) -> None:
    """An export of each template whose time has come, once however long nobody looked."""
    for template in fetch_rows(connection, "list_due_export_templates", now=now):
        when = {name: template[name] for name in ("repeats", "on_day", "at_hour", "time_zone")}
        following = find_next(**when, after=now)
        place = {"id": template["id"], "was": template["next_run_at"], "next_run_at": following}
        with connection.transaction():
            if queries.postpone_export_template(connection, **place):
                of = template["user_id"], template["wanted"]
                exports.add_run(connection, "schedule", *of, None, template["id"])


def work_off(app: Flask, connection: psycopg.Connection, run: Row) -> None:
    """Make an export, and keep its file or why there is none."""
    id, problem = run["id"], ""
    queries.remove_export_pieces(connection, run_id=id)
    try:
        user = find_user(connection, run["user_id"]) if run["user_id"] else None
        if run["attempts"] > MOST_ATTEMPTS:
            problem = ABANDONED
        elif user is None or user.disabled:
            problem = NOBODY_THERE
        else:
            wanted = Wanted.load(run["wanted"])
            with speak_for(app, user, wanted.language, wanted.time_zone):
                queries.set_export_reach(connection, id=id, depot_ids=list_reach(connection, user))
                problem = make(connection, id, wanted)
    except Stopped:
        queries.remove_export_pieces(connection, run_id=id)
        return
    except (psycopg.DataError, psycopg.errors.QueryCanceled, OSError, XlsxWriterException, ValueError):
        log.exception("an export failed", run=id)
        problem = FAILED
    if problem:
        exports.end_run(connection, id, problem=problem)
    log.info("an export has been made", run=id, problem=problem)


def make(connection: psycopg.Connection, id: int, wanted: Wanted) -> str:
    """The file of an export, kept; what is wrong with it, where something is. Raises Stopped."""

    def report(rows: int) -> None:
        if not queries.report_export_run(connection, id=id, rows=rows):
            raise Stopped

    try:
        exportable = find_desk().exportables.get(wanted.kind)
        if exportable is None or not exportable.is_allowed:
            raise Forbidden(_("You may not export this any more."))
        with (
            tempfile.TemporaryDirectory(prefix=FOLDER) as folder,
            open_export(find_desk().url, exportable, wanted, report=report) as export,
        ):
            path = Path(folder, "file")
            export.write(path)
            size = path.stat().st_size
            if size > exports.LARGEST_FILE:
                return str(_("The file is too large to be kept: ask for less."))
            exports.keep_file(connection, id, path)
            if not exports.end_run(connection, id, export.rows, size, "", export.file_name, is_kept=True):
                raise Stopped
    except HTTPException as error:
        return error.description or FAILED
    return ""
