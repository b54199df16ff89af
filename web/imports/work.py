"""Working on an import: every row is read and taken by its kind's store, in one transaction.

Checking does just what committing does and rolls it back, so that what is shown is what will be. Committing
goes through only where it finds the same as the check did; else the file is checked again, and a person looks
again. Whoever works holds the import's lock: when they are killed, nothing of it has happened, and the next
one begins again.
"""

import hashlib
import time
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import psycopg
import structlog
from flask import Flask, g
from flask_babel import gettext as _

from sql import imports
from sql.audit import Row
from sql.imported_records import name_request
from sql.pool import connect
from sql.queries import queries
from sql.users import find_user, list_reach
from web.background import NOBODY, speak_for
from web.imports import beginning
from web.imports.cells import Reader
from web.imports.kind import CHANGED, NEW, REJECTED, SAME, Candidate, Finding, Found, ImportKind, Store, Task
from web.imports.kinds import KINDS
from web.imports.own_columns import leave_out_own
from web.rights import may
from web.tables.opening import open_table
from web.tables.table import Table, Unreadable

TELL_EVERY_S = 0.5
Results = list[Candidate | Finding]
log = structlog.get_logger()


class Stopped(Exception):
    """Somebody asked for it."""


class FoundOtherwise(Exception):
    """What is stored has changed since the rows were checked."""


@dataclass
class Tally:
    """What was found of a file so far; the digest tells two findings apart."""

    rows: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((NEW, CHANGED, SAME, REJECTED), 0))
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, found: Found) -> None:
        """What some rows are."""
        for verdict, count in found.counts.items():
            self.counts[verdict] += count
        for one in found.findings:
            told = (one.line, one.verdict, one.version, one.verdict == CHANGED and one.record_id)
            self.digest.update(repr(told).encode())

    def as_columns(self) -> dict[str, Any]:
        """As import_history has it."""
        counts = {f"rows_{verdict}": count for verdict, count in self.counts.items()}
        return {"rows_read": self.rows, **counts, "digest": self.digest.hexdigest()}


def work_on(app: Flask, url: str, id: int) -> bool:
    """Check, commit or undo an import that waits for it; whether it was free to be worked on.

    It is free again when this returns: a lock that ends with its connection is held for a moment longer.
    """
    with connect(url, "exchange", autocommit=True) as control:
        if not queries.claim_import(control, id=id):
            return False
        try:
            _work(app, url, control, imports.get(control, id))
        finally:
            if not control.broken:
                queries.release_import(control, id=id)
    return True


def _work(app: Flask, url: str, control: psycopg.Connection, row: Row) -> None:
    """Do what it waits for, if it still does."""
    work = {"checking": check, "committing": commit, "undoing": undo}.get(row["state"])
    if work is None:
        return
    with enter(app, control, row), connect(url, "exchange") as connection:
        back = {"checking": "failed", "committing": "checked", "undoing": "done"}[row["state"]]
        try:
            work(control, connection, row)
        except psycopg.OperationalError:
            raise
        except Unreadable as error:
            imports.settle(control, row["id"], back, problem=str(error))
        except Exception:
            log.exception("import failed", import_id=row["id"])
            said = _("Something went wrong on our side; it is logged.")
            imports.settle(control, row["id"], back, problem=said)


@contextmanager
def enter(app: Flask, connection: psycopg.Connection, row: Row) -> Iterator[None]:
    """The request of whoever began the import, or takes it back."""
    is_undone = row["state"] == "undoing"
    user_id = row["undone_by"] if is_undone else row["user_id"]
    user = (user_id and find_user(connection, user_id)) or NOBODY
    request_id = ("undo-" if is_undone else "") + name_request(row["id"])
    with speak_for(app, user, request_id=request_id):
        yield


def check(control: psycopg.Connection, connection: psycopg.Connection, row: Row) -> None:
    """Find out what committing would do."""
    tally = Tally()
    queries.forget_import_rows(control, import_id=row["id"])
    try:
        with connection.transaction(force_rollback=True):
            _take_all(control, connection, row, tally, is_dry=True)
    except Unreadable as error:
        imports.settle(control, row["id"], "failed", problem=str(error), **tally.as_columns())
    except Stopped:
        imports.settle(control, row["id"], "cancelled", **tally.as_columns())
    else:
        imports.settle(control, row["id"], "checked", **tally.as_columns())


def commit(control: psycopg.Connection, connection: psycopg.Connection, row: Row) -> None:
    """Do it, all or nothing."""
    tally = Tally()
    try:
        with connection.transaction():
            _take_all(control, connection, row, tally, is_dry=False)
            if tally.as_columns()["digest"] != row["digest"]:
                raise FoundOtherwise
            imports.settle(connection, row["id"], "done", **tally.as_columns())
    except Stopped:
        imports.settle(control, row["id"], "checked")
    except FoundOtherwise:
        check(control, connection, row)
        said = _("What is stored has changed since you looked: look again at what will happen.")
        imports.settle(control, row["id"], "checked", problem=said)
    else:
        beginning.remember(control, row)


def undo(control: psycopg.Connection, connection: psycopg.Connection, row: Row) -> None:
    """Take it back, all or nothing."""
    kind = KINDS[row["kind"]]
    with connection.transaction():
        obstacles = kind.open(connection, _make_task(control, connection, kind, row, is_dry=False)).undo()
        if not obstacles:
            imports.settle(connection, row["id"], "undone")
    if obstacles:
        said = _("It has not been taken back: something of it has been changed or used since.")
        imports.settle(control, row["id"], "done", problem=said, obstacles=[list(one) for one in obstacles])


def _make_task(
    control: psycopg.Connection, connection: psycopg.Connection, kind: ImportKind, row: Row, is_dry: bool
) -> Task:
    if not may(g.user.role, kind.right) or g.user.disabled:
        raise Unreadable(_("Whoever began this may not import it any more."))
    first = row["mapping"].get("key")
    keys = tuple(sorted(kind.keys, key=lambda name: name != first))
    reach = list_reach(connection, g.user)
    return Task(row["id"], g.user, g.user.id or None, reach, keys, control, is_dry)


def _take_all(
    control: psycopg.Connection, connection: psycopg.Connection, row: Row, tally: Tally, is_dry: bool
) -> None:
    """Read and take every row. Raises Unreadable, Stopped."""
    draft = beginning.load(control, row["id"])
    task = _make_task(control, connection, draft.kind, row, is_dry)
    store = draft.kind.open(connection, task)
    reader = Reader(connection, draft.kind, draft.mapping, task.reach)
    told_at = 0.0
    with ExitStack() as stack:
        file = stack.enter_context(imports.open_file(control, row))
        table = leave_out_own(stack.enter_context(open_table(file, draft.reading)))
        batches = _read_in_batches(reader, table, draft.kind.batch)
        for results, found in stack.enter_context(closing(_take_beside(store, batches))):
            for one in results:
                if isinstance(one, Finding):
                    found.add(one)
            tally.rows += len(results)
            tally.add(found)
            if is_dry:
                _keep(control, row["id"], found)
            if time.monotonic() - told_at > TELL_EVERY_S:
                told_at = time.monotonic()
                share = min(table.share, 1.0)
                rows = tally.rows if is_dry else row["rows_read"]
                if queries.tell_progress(control, id=row["id"], share_done=share, rows_read=rows):
                    raise Stopped
    tally.add(store.finish())


def _read_in_batches(reader: Reader, table: Table, size: int) -> Iterator[Results]:
    lines = iter(table)
    while batch := [reader.read(line) for line in islice(lines, size)]:
        yield batch


def _take_beside(store: Store, batches: Iterator[Results]) -> Generator[tuple[Results, Found]]:
    """Each batch with what becomes of it: while the store takes one, the next is read."""
    with ThreadPoolExecutor(1, "store") as beside:
        taken: deque[tuple[Results, Future[Found]]] = deque()
        for results in batches:
            candidates = [one for one in results if isinstance(one, Candidate)]
            context = copy_context()  # for in it are the person, and the language to speak
            taken.append((results, beside.submit(context.run, store.take, candidates)))
            if len(taken) > 1:
                done, future = taken.popleft()
                yield done, future.result()
        for done, future in taken:
            yield done, future.result()


def _keep(control: psycopg.Connection, import_id: int, found: Found) -> None:
    """What a person looks at before it counts; the cells only of what they get back as a file."""
    imports.keep_rows(
        control,
        import_id,
        (
            {
                "line": one.line,
                "verdict": one.verdict,
                "name": one.name[:200],
                "record_id": one.record_id if one.verdict == CHANGED else None,
                "changes": one.changes,
                "reasons": one.reasons,
                "cells": list(one.cells or []) if one.verdict == REJECTED else None,
            }
            for one in found.findings
        ),
    )
