"""Imports as the engine does them, without pages: a file, what is said of it, and what comes of it."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest
from flask import Flask, g

from config.settings import Settings
from sql import imports
from sql.audit import Row
from sql.users import User
from web.background import NOBODY
from web.imports import beginning
from web.imports.beginning import Draft
from web.imports.kinds import KINDS
from web.imports.work import work_on


class Importer:
    """Imports as one person, a command unless another is said."""

    def __init__(self, app: Flask, settings: Settings, connection: psycopg.Connection) -> None:
        self.app, self.url, self.connection = app, settings.need("database_url"), connection
        self.user: User = NOBODY

    def begin(self, kind: str, content: str | bytes, name: str = "fleet.csv", **said: Any) -> Draft:
        """The file as it is understood, with what is said of it."""
        data = content.encode() if isinstance(content, str) else content
        with self.app.test_request_context():
            g.user = self.user
            draft = beginning.begin(
                self.connection, KINDS[kind], self.user.id or None, name, io.BytesIO(data)
            )
            return beginning.change_mapping(self.connection, draft.row["id"], said) if said else draft

    def work(self, id: int, state: str) -> Row:
        """The import after it was checked, committed or undone."""
        imports.ask(self.connection, id, state, self.user.id or None)
        assert work_on(self.app, self.url, id)
        return imports.get(self.connection, id)

    def let_work(self, id: int) -> None:
        """What the job does for an import that waits."""
        assert work_on(self.app, self.url, id)

    def check(self, kind: str, content: str | bytes, **said: Any) -> Row:
        """What would come of a file."""
        draft = self.begin(kind, content, **said)
        with self.app.test_request_context():
            g.user = self.user
            assert draft.questions == {}
        return self.work(draft.row["id"], "checking")

    def run(self, kind: str, content: str | bytes, **said: Any) -> Row:
        """What came of a file."""
        return self.work(self.check(kind, content, **said)["id"], "committing")

    def undo(self, id: int) -> Row:
        """What became of taking an import back."""
        return self.work(id, "undoing")

    def list_rejected(self, id: int) -> dict[int, list[list[str]]]:
        """Why which lines were rejected."""
        return {row["line"]: row["reasons"] for row in imports.list_rows(self.connection, id, "rejected")}


class Kept:
    """Tables as they are, to compare; `but` are columns that may differ."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def __call__(self, *tables: str, but: Sequence[str] = ("version",)) -> dict[str, list[Row]]:
        return {table: self._read(table, but) for table in tables}

    def _read(self, table: str, but: Sequence[str]) -> list[Row]:
        rows = self._connection.execute(
            f"SELECT to_jsonb(kept) - %s::text[] FROM {table} AS kept ORDER BY 1", (list(but),)
        )
        return [row for (row,) in rows]


@pytest.fixture
def kept(connection: psycopg.Connection) -> Kept:
    """Tables as they are, without the version of a record, which every change counts up, there and back."""
    return Kept(connection)


def count(row: Row) -> tuple[int, int, int, int]:
    """How many rows are new, changed, the same and rejected."""
    return row["rows_new"], row["rows_changed"], row["rows_same"], row["rows_rejected"]


@pytest.fixture
def importer(app: Flask, settings: Settings, connection: psycopg.Connection) -> Importer:
    """Imports as a command."""
    return Importer(app, settings, connection)


@pytest.fixture
def verdicts() -> Callable[[Row], tuple[int, int, int, int]]:
    """How many rows are new, changed, the same and rejected."""
    return count
