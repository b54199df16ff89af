"""What is forgotten of sign-ins, and what stays."""

import psycopg
import pytest

from jobs.sign_ins import forget_sign_ins
from sql.pool import connect
from sql.users import add_user

ADD_SESSION = (
    "INSERT INTO sessions (user_id, kind, user_agent, address, token_id, expires_at, ended_at, end_reason)"
    " VALUES (%s, 'browser', %s, '', gen_random_uuid(), now() + %s::interval, now() + %s::interval, %s)"
)
ADD_LINK = "INSERT INTO password_resets VALUES (%s, %s, now() + %s::interval, now() + %s::interval)"


@pytest.fixture
def connection(database_url: str) -> psycopg.Connection:
    with connect(database_url, "test", autocommit=True) as connection:
        yield connection


@pytest.fixture
def user_id(connection: psycopg.Connection) -> int:
    return add_user(connection, "ana@example.org", "viewer", "a long enough password").id


def test_sessions_are_forgotten_a_month_after_they_ended(
    connection: psycopg.Connection, user_id: int
) -> None:
    for name, expires, ended in (
        ("open", "14 days", None),
        ("expired of late", "-29 days", None),
        ("expired long ago", "-31 days", None),
        ("ended of late", "-15 days", "-29 days"),
        ("ended long ago", "-17 days", "-31 days"),
    ):
        connection.execute(ADD_SESSION, (user_id, name, expires, ended, "signed out" if ended else None))
    forget_sign_ins(connection)
    left = connection.execute("SELECT user_agent FROM sessions ORDER BY 1").fetchall()
    assert left == [("ended of late",), ("expired of late",), ("open",)]


def test_links_are_forgotten_a_month_after_they_worked(connection: psycopg.Connection, user_id: int) -> None:
    for name, expires, used in (
        (b"good", "1 hour", None),
        (b"expired of late", "-29 days", None),
        (b"expired long ago", "-31 days", None),
        (b"used long ago", "-28 days", "-31 days"),
    ):
        connection.execute(ADD_LINK, (name, user_id, expires, used))
    forget_sign_ins(connection)
    left = connection.execute("SELECT token_hash FROM password_resets ORDER BY 1").fetchall()
    assert left == [(b"expired of late",), (b"good",)]


def test_failed_sign_ins_stay_for_as_long_as_a_limit_counts_them(connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO sign_in_attempts (subject, at) VALUES ('a', now() - interval '59 minutes'),"
        " ('b', now() - interval '25 hours')"
    )
    forget_sign_ins(connection)
    assert connection.execute("SELECT subject FROM sign_in_attempts").fetchall() == [("a",)]
