"""The history of the schema: applying the numbered steps of `migrations/`, and taking the last one back.

Each `NNNN_what_changes.sql` has a `.rollback.sql` beside it; `schema.sql` is today's truth for the reader.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from yoyo import get_backend, read_migrations
from yoyo.backends import DatabaseBackend

from sql.queries import queries

FOLDER = Path(__file__).parent / "migrations"
logging.getLogger("yoyo").setLevel(logging.WARNING)  # it tells of every statement


@dataclass(frozen=True, slots=True)
class History:
    """The names of the steps that this database has taken, and of those that it still lacks."""

    applied: list[str]
    pending: list[str]


def _backend(url: str) -> DatabaseBackend:
    return get_backend(urlsplit(url)._replace(scheme="postgresql+psycopg").geturl())


def read_history(url: str) -> History:
    """Say where the database stands."""
    with _backend(url) as backend:
        steps = read_migrations(str(FOLDER))
        return History(
            [step.id for step in backend.to_rollback(steps)][::-1],
            [step.id for step in backend.to_apply(steps)],
        )


def find_pending(connection: psycopg.Connection) -> list[str]:
    """The steps that this migrated database still lacks; unlike `read_history` it only reads."""
    applied = {name for (name,) in queries.list_applied_steps(connection)}
    steps = (path.stem for path in FOLDER.glob("*.sql") if not path.name.endswith(".rollback.sql"))
    return sorted(set(steps) - applied)


def migrate(url: str) -> list[str]:
    """Apply what is pending, one process at a time, and name it."""
    with _backend(url) as backend, backend.lock(timeout=60):
        pending = backend.to_apply(read_migrations(str(FOLDER)))
        names = [step.id for step in pending]
        backend.apply_migrations(pending)
        return names


def roll_back(url: str) -> str | None:
    """Take back the newest step and name it; None where there is none."""
    with _backend(url) as backend, backend.lock(timeout=60):
        newest = backend.to_rollback(read_migrations(str(FOLDER)))[:1]
        backend.rollback_migrations(newest)
        return newest[0].id if newest else None
