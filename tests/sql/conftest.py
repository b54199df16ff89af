"""Vehicles and drivers for the rules about them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from sql.assignments import Assignments
from sql.audit import Author
from sql.pool import connect


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with connect(database_url, "test", autocommit=True) as connection:
        yield connection


@pytest.fixture
def add_vehicle(connection: psycopg.Connection) -> Callable[[str], int]:
    """A vehicle of this number; its id."""

    def add(number: str) -> int:
        row = connection.execute(
            "INSERT INTO vehicles (fleet_number) VALUES (%s) RETURNING id", (number,)
        ).fetchone()
        assert row
        return int(row[0])

    return add


@pytest.fixture
def add_driver(connection: psycopg.Connection) -> Callable[[str], int]:
    """A driver of this name; their id."""

    def add(name: str) -> int:
        row = connection.execute("INSERT INTO drivers (name) VALUES (%s) RETURNING id", (name,)).fetchone()
        assert row
        return int(row[0])

    return add


@pytest.fixture
def assignments(connection: psycopg.Connection) -> Assignments:
    """All assignments, kept by a command."""
    return Assignments(connection, Author(), None)


@pytest.fixture
def at() -> Callable[..., datetime]:
    """A moment of the day on which these tests play."""

    def make(hour: int, day: int = 2) -> datetime:
        return datetime(2026, 3, day, hour, tzinfo=UTC)

    return make
