"""Choosing a password by a link in a mail: it works once and not for long, and is kept as a hash."""

import hashlib
import secrets
from datetime import timedelta

import psycopg

from sql import sessions
from sql.queries import queries
from sql.users import find_user, set_password

FORGOTTEN = timedelta(hours=1)
INVITED = timedelta(days=3)


def make_link_token(connection: psycopg.Connection, user_id: int, lifetime: timedelta) -> str:
    """The secret part of a link for this person; it is kept nowhere but in the mail."""
    token = secrets.token_urlsafe(32)
    queries.add_password_reset(connection, user_id=user_id, token_hash=_hash(token), lifetime=lifetime)
    return token


def is_good(connection: psycopg.Connection, token: str) -> bool:
    """Whether a link still works."""
    return queries.find_password_reset(connection, token_hash=_hash(token)) is not None


def use_link_token(connection: psycopg.Connection, token: str, password: str) -> bool:
    """Set the password and sign out everywhere; False where the link is no good. Raises UserError."""
    with connection.transaction():
        user_id = queries.use_password_reset(connection, token_hash=_hash(token))
        user = find_user(connection, user_id) if user_id else None
        if user is None or user.disabled:
            return False
        set_password(connection, user, password)
        sessions.end_sessions(connection, user.id, "password changed")
    return True


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
