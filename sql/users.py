"""People who may sign in: their addresses, roles and passwords (argon2id)."""

import re
import secrets
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from sql.queries import queries

ROLES = ("admin", "dispatcher", "mechanic", "accountant", "driver", "guardian", "viewer")
SCOPES = ("fleet", "depot", "route", "child")
# How far a new person's rights reach; whose reach is not the fleet sees nothing until somebody says what.
SCOPE_OF_ROLE = {"driver": "route", "guardian": "child"}
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024  # argon2 reads all of it; without an end, one sign-in could cost seconds
ADDRESS = re.compile(r"[^\s@\x00-\x1f\x7f]+@[^\s@.\x00-\x1f\x7f]+(\.[^\s@.\x00-\x1f\x7f]+)*")

HASHER = PasswordHasher()


class UserError(Exception):
    """A person cannot be added or changed like this; the message names the field and the reason."""


@dataclass(frozen=True)
class User:
    """One person as the pages know them; `disabled` people are let in nowhere."""

    id: int
    email: str
    role: str
    disabled: bool
    name: str
    language: str
    time_zone: str | None  # as their browser says
    units: str
    scope: str
    has_second_factor: bool


def add_user(
    connection: psycopg.Connection,
    email: str,
    role: str,
    password: str,
    scope: str | None = None,
    depots: Sequence[str] = (),
) -> User:
    """Add a person; the rights of one whose scope is `depot` reach those of these names. Raises UserError."""
    email = email.strip()
    if len(email) > 254 or not ADDRESS.fullmatch(email):
        raise UserError(f"email: {email!r} is no e-mail address")
    if role not in ROLES:
        raise UserError(f"role: {role!r} is none of {', '.join(ROLES)}")
    scope = scope or ("depot" if depots else SCOPE_OF_ROLE.get(role, "fleet"))
    if scope not in SCOPES or (role == "admin" and scope != "fleet"):
        raise UserError(f"scope: {scope!r} is none of {', '.join(SCOPES)}, or not for {role}")
    if bool(depots) != (scope == "depot"):
        raise UserError("depot: goes with the scope 'depot', and that with at least one")
    depot_ids = dict(queries.find_depots_of_names(connection, names=list(depots)))
    if unknown := [name for name in depots if name not in depot_ids]:
        raise UserError(f"depot: there is no depot {unknown[0]!r}")
    _check_password(email, password)
    user_id = queries.add_account(
        connection,
        email=email,
        role=role,
        password_hash=HASHER.hash(password),
        scope=scope,
        depot_ids=list(depot_ids.values()),
    )
    if user_id is None:
        raise UserError(f"email: {email} has been added before")
    user = find_user(connection, user_id)
    assert user
    return user


def make_hash_of_nothing() -> str:
    """What no password fits; verifying against it takes as long as against any other.

    Written, not computed: a digest drawn at random is as good as that of a password nobody knows.
    """
    cost = f"m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    salt, digest = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (HASHER.salt_len, HASHER.hash_len)
    )
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"


def set_password(connection: psycopg.Connection, user: User, password: str) -> None:
    """Give a person another password; links to choose one stop working. Raises UserError."""
    _check_password(user.email, password)
    queries.replace_password_hash(connection, id=user.id, password_hash=HASHER.hash(password))
    queries.end_password_resets(connection, user_id=user.id)


def _check_password(email: str, password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise UserError(f"password: must have at least {SHORTEST_PASSWORD} characters")
    if len(password) > LONGEST_PASSWORD:
        raise UserError(f"password: must have at most {LONGEST_PASSWORD} characters")
    if password.casefold() == email.casefold():
        raise UserError("password: must not be the e-mail address")


def verify_password(connection: psycopg.Connection, email: str, password: str) -> User | None:
    """The person with this address and password, or None; a wrong address takes as long as a wrong password.

    A password kept with weaker parameters than today's is hashed anew on the way.
    """
    email, password = email.strip(), password[: LONGEST_PASSWORD + 1]
    user = find_user_by_email(connection, email)
    password_hash = queries.get_password_hash(connection, email=email) if user else None
    try:
        HASHER.verify(password_hash or make_hash_of_nothing(), password)
    except (VerificationError, InvalidHashError):
        return None
    if user is None or user.disabled:
        return None
    if password_hash and HASHER.check_needs_rehash(password_hash):
        queries.replace_password_hash(connection, id=user.id, password_hash=HASHER.hash(password))
    return user


def find_user(connection: psycopg.Connection, user_id: int) -> User | None:
    """The person with this id, disabled or not."""
    row = queries.get_account(connection, id=user_id)
    return User(*row) if row else None


def find_user_by_email(connection: psycopg.Connection, email: str) -> User | None:
    """The person with this address, whatever its capitals, disabled or not."""
    email = email.strip()
    known = len(email) <= 254 and ADDRESS.fullmatch(email)
    row = queries.get_account_by_email(connection, email=email) if known else None
    return User(*row) if row else None


def list_users(connection: psycopg.Connection) -> list[User]:
    """Everyone, by e-mail address."""
    return [User(*row) for row in queries.list_accounts(connection)]


def disable_user(connection: psycopg.Connection, email: str) -> None:
    """Sign a person out and let them in no more. Raises UserError."""
    try:
        with connection.transaction():
            if queries.disable_user(connection, email=email.strip()) == 0:
                raise UserError(f"email: nobody has the address {email!r}")
            queries.end_sessions_of_address(connection, email=email.strip(), reason="revoked")
    except psycopg.errors.CheckViolation as error:
        raise UserError(f"email: {email} is the last admin; make somebody else one first") from error


def change_preferences(connection: psycopg.Connection, user: User, **preferences: str) -> None:
    """How a person is called and reads the pages: name, language, time_zone (empty: the browser's), units."""
    queries.change_preferences(connection, id=user.id, **preferences)


def list_reach(connection: psycopg.Connection, user: User) -> list[int] | None:
    """The ids of the depots that a person's rights reach; None where they reach the whole fleet."""
    if user.scope == "fleet":
        return None
    if user.scope != "depot":
        return []
    return [row[0] for row in queries.list_scope_depots(connection, user_id=user.id)]


def list_reaches(connection: psycopg.Connection, users: Iterable[User]) -> dict[int, frozenset[int] | None]:
    """The same for several people, as sets by the person's id."""
    people = list(users)
    reaches = {user.id: None if user.scope == "fleet" else frozenset[int]() for user in people}
    bounded = [user.id for user in people if user.scope == "depot"]
    for user_id, depot_ids in queries.list_scopes(connection, user_ids=bounded) if bounded else ():
        reaches[user_id] = frozenset(depot_ids)
    return reaches
