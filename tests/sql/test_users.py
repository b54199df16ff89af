"""People who may sign in: adding, verifying, disabling."""

from collections.abc import Iterator

import psycopg
import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from sql import users
from sql.pool import connect
from sql.users import UserError, add_user, disable_user, list_users, verify_password

PASSWORD = "a long enough password"


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with connect(database_url, "test", autocommit=True) as connection:
        yield connection


def test_the_roles_are_those_of_the_table(connection: psycopg.Connection) -> None:
    for role in users.ROLES:
        assert add_user(connection, f"{role}@example.org", role, PASSWORD).role == role


def test_a_person_signs_in_whatever_the_capitals_of_the_address(connection: psycopg.Connection) -> None:
    added = add_user(connection, " Ana.Lima@Example.org ", "viewer", PASSWORD)
    assert added.email == "Ana.Lima@Example.org"
    assert verify_password(connection, "ana.lima@example.ORG", PASSWORD) == added
    assert verify_password(connection, "ana.lima@example.org", PASSWORD.upper()) is None


def test_an_address_is_added_once_whatever_its_capitals(connection: psycopg.Connection) -> None:
    add_user(connection, "ana@example.org", "viewer", PASSWORD)
    with pytest.raises(UserError, match=r"email: .* has been added before"):
        add_user(connection, "ANA@example.org", "admin", PASSWORD)


@pytest.mark.parametrize(
    "email", ["", "ana", "@example.org", "ana@", "a b@example.org", "a@b\x00c", "a@" + "b" * 260]
)
def test_what_is_no_address_is_not_added(email: str, connection: psycopg.Connection) -> None:
    with pytest.raises(UserError, match=r"email: .* is no e-mail address"):
        add_user(connection, email, "viewer", PASSWORD)
    assert verify_password(connection, email, PASSWORD) is None


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("eleven char", "at least 12"),
        ("x" * 1025, "at most 1024"),
        ("ANA.LIMA@example.org", "must not be the e-mail address"),
    ],
)
def test_a_weak_password_is_refused_by_name(
    password: str, reason: str, connection: psycopg.Connection
) -> None:
    with pytest.raises(UserError, match=f"password: .*{reason}"):
        add_user(connection, "ana.lima@example.org", "viewer", password)


def test_a_role_that_does_not_exist_is_refused(connection: psycopg.Connection) -> None:
    with pytest.raises(UserError, match="role: 'boss' is none of admin"):
        add_user(connection, "ana@example.org", "boss", PASSWORD)


def test_a_disabled_person_is_let_in_no_more(connection: psycopg.Connection) -> None:
    add_user(connection, "ana@example.org", "viewer", PASSWORD)
    disable_user(connection, "Ana@example.org")
    assert verify_password(connection, "ana@example.org", PASSWORD) is None
    assert [person.disabled for person in list_users(connection)] == [True]


def test_disabling_nobody_says_so(connection: psycopg.Connection) -> None:
    with pytest.raises(UserError, match="email: nobody has the address"):
        disable_user(connection, "ana@example.org")


def test_a_password_kept_with_weaker_parameters_is_hashed_anew(connection: psycopg.Connection) -> None:
    add_user(connection, "ana@example.org", "viewer", PASSWORD)
    weak = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    connection.execute("UPDATE users SET password_hash = %s", (weak,))
    assert verify_password(connection, "ana@example.org", PASSWORD)
    row = connection.execute("SELECT password_hash FROM users").fetchone()
    assert row is not None
    assert not PasswordHasher().check_needs_rehash(row[0])
    assert verify_password(connection, "ana@example.org", PASSWORD)


def test_a_hash_that_no_password_fits_costs_as_much_as_any_other() -> None:
    nothing = users.make_hash_of_nothing()
    assert extract_parameters(nothing) == extract_parameters(PasswordHasher().hash(PASSWORD))
    assert nothing != users.make_hash_of_nothing()
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(nothing, PASSWORD)


def test_a_spoilt_hash_lets_nobody_in(connection: psycopg.Connection) -> None:
    add_user(connection, "ana@example.org", "viewer", PASSWORD)
    connection.execute("UPDATE users SET password_hash = 'spoilt'")
    assert verify_password(connection, "ana@example.org", PASSWORD) is None
