"""Sessions: who is signed in where, and the family of refresh tokens that keeps each of them going.

Only the newest refresh token of a session is good. One that was rotated away and comes again has been
stolen, from us or from its owner, and nobody can say which of the two is asking: the session ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from sql.queries import fetch_rows, queries
from sql.users import User

LIFETIMES = {"browser": timedelta(days=14), "device": timedelta(days=90)}


class SessionEnded(Exception):
    """The session is over: signed out, revoked, expired, or ended because its token was used twice."""


@dataclass(frozen=True)
class Session:
    """One family of tokens, and the id of its newest refresh token."""

    id: UUID
    token_id: UUID


def open_session(
    connection: psycopg.Connection, user: User, kind: str, user_agent: str, address: str, device_id: str = ""
) -> Session:
    """Sign a person in; a device that signs in again ends its older session."""
    with connection.transaction():
        if kind == "device":
            queries.replace_device_sessions(connection, user_id=user.id, device_id=device_id)
        row = queries.add_session(
            connection,
            user_id=user.id,
            kind=kind,
            device_id=device_id[:200] or None,
            user_agent=user_agent[:400],
            address=address,
            lifetime=LIFETIMES[kind],
        )
    return Session(*row)


def rotate(connection: psycopg.Connection, session_id: UUID, token_id: UUID, kind: str) -> UUID | None:
    """The id of the next refresh token; None where a page beside has just fetched it. Raises SessionEnded.

    A browser's token that a program shows, or a program's in a cookie, has left where it belongs: it ends
    the session like one that was used before.
    """
    shown = {"id": session_id, "token_id": token_id, "kind": kind}
    next_id: UUID | None = queries.rotate_session(connection, **shown, lifetime=LIFETIMES[kind])
    if next_id is None and not queries.is_just_rotated(connection, **shown):
        queries.end_session(connection, id=session_id, user_id=None, reason="token reused")
        connection.commit()
        raise SessionEnded
    return next_id


def find_session_users(connection: psycopg.Connection, session_ids: Iterable[UUID]) -> dict[UUID, User]:
    """The people of these sessions by the session's id, where the session is open and the person let in."""
    rows = queries.list_session_users(connection, ids=list(session_ids))
    return {row[0]: User(*row[1:]) for row in rows}


def end_session(connection: psycopg.Connection, session_id: UUID, user: User, reason: str) -> bool:
    """End one session of this person; False where there is none of that id."""
    ended: int = queries.end_session(connection, id=session_id, user_id=user.id, reason=reason)
    return ended == 1


def end_sessions(
    connection: psycopg.Connection, user_id: int, reason: str, except_id: UUID | None = None
) -> int:
    """End all sessions of a person, but for one where it is named; how many that were."""
    ended: int = queries.end_sessions(connection, user_id=user_id, reason=reason, except_id=except_id)
    return ended


def list_sessions(connection: psycopg.Connection, user: User) -> list[dict[str, Any]]:
    """Where a person is signed in, the latest first."""
    return fetch_rows(connection, "list_user_sessions", user_id=user.id)
