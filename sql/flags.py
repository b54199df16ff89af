"""Feature flags: switches that any process reads and a person changes without a restart.

`Flags.is_enabled` is the one way to read them. It asks the database each few seconds at most, and while
that is away it answers what it last knew, so a flag never holds anything up. A flag belongs to code: it is
added by the migration that comes with the code that reads it, and both go together.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import structlog

from sql import audit
from sql.audit import Author
from sql.queries import fetch_rows

CACHED_S = 5.0

log = structlog.get_logger()
Flag = dict[str, Any]


class FlagError(Exception):
    """A flag cannot be switched like this; the message says why."""


class FlagChanged(Exception):
    """Somebody else switched the flag in between."""


class Flags:
    """What a process knows of the flags; `lend` gives a connection for as long as its block lasts."""

    def __init__(self, lend: Callable[[], AbstractContextManager[psycopg.Connection]]) -> None:
        self._lend = lend
        self._known: dict[str, Flag] = {}
        self._read_at = -CACHED_S
        self._lock = threading.Lock()

    def is_enabled(self, name: str, role: str | None = None) -> bool:
        """Whether a flag is on, for people of this role where one is named; an unknown one is off."""
        self._refresh()
        flag = self._known.get(name)
        if flag is None or not flag["enabled"]:
            return False
        return role is None or not flag["roles"] or role in flag["roles"]

    def _refresh(self) -> None:
        if time.monotonic() - self._read_at < CACHED_S:
            return
        if not self._lock.acquire(blocking=not self._known):
            return  # another thread is reading; what is known will do until it has
        try:
            with self._lend() as connection:
                self._known = {flag["name"]: flag for flag in list_flags(connection)}
        except Exception as error:  # whatever the reason, the last that was known is better than a fault
            log.warning("feature flags could not be read", reason=type(error).__name__)
        finally:
            self._read_at = time.monotonic()
            self._lock.release()


def list_flags(connection: psycopg.Connection) -> list[Flag]:
    """Every flag, by name."""
    return fetch_rows(connection, "list_flags")


def change_flag(
    connection: psycopg.Connection,
    author: Author,
    name: str,
    enabled: bool,
    roles: Sequence[str] | None = None,
    version: int | None = None,
) -> Flag:
    """Switch a flag, with its line in the audit log. Raises FlagError, and FlagChanged for another version.

    Without `roles` those that are set stay; an empty list is everybody.
    """
    with connection.transaction():
        found = fetch_rows(connection, "get_flag", name=name)
        if not found:
            raise FlagError(f"name: no feature flag is called {name!r}")
        before = found[0]
        if version is not None and version != before["version"]:
            raise FlagChanged
        wanted = before["roles"] if roles is None else sorted(set(roles))
        if (before["enabled"], before["roles"]) == (enabled, wanted):
            return before
        try:
            (after,) = fetch_rows(connection, "change_flag", id=before["id"], enabled=enabled, roles=wanted)
        except psycopg.errors.CheckViolation as error:
            raise FlagError("roles: one of these is no role") from error
        audit.record_change(connection, author, "change", "feature_flags", before, after)
        return after


def describe_flags(flags: Sequence[Flag]) -> str:
    """Flags for a person, a line each."""
    return "\n".join(
        f"{'on ' if flag['enabled'] else 'off'}  {flag['name']}"
        f"{'  for ' + ', '.join(flag['roles']) if flag['roles'] else ''}  {flag['description']}"
        for flag in flags
    )
