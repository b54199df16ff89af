"""Feature flags: switched with a trace, read by everybody, and never in the way."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from click.testing import CliRunner, Result

from motorpool import cli
from sql import flags
from sql.audit import Author
from sql.flags import FlagChanged, FlagError, Flags
from sql.pool import connect


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with connect(database_url, "test", autocommit=True) as connection:
        yield connection


@pytest.fixture
def known(connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> Flags:
    """The flags of a process that asks each time."""
    monkeypatch.setattr(flags, "CACHED_S", 0.0)

    @contextmanager
    def lend() -> Iterator[psycopg.Connection]:
        yield connection

    return Flags(lend)


def test_a_flag_is_on_for_all_or_for_some_roles(connection: psycopg.Connection, known: Flags) -> None:
    assert known.is_enabled("driven_roads")
    assert known.is_enabled("driven_roads", "viewer")
    flags.change_flag(connection, Author(), "driven_roads", True, ["admin"])
    assert known.is_enabled("driven_roads")
    assert known.is_enabled("driven_roads", "admin")
    assert not known.is_enabled("driven_roads", "viewer")
    flags.change_flag(connection, Author(), "driven_roads", False)
    assert not known.is_enabled("driven_roads", "admin")
    assert not known.is_enabled("no_such_flag")


def test_what_was_known_last_counts_while_the_database_is_away(
    connection: psycopg.Connection, known: Flags
) -> None:
    assert known.is_enabled("driven_roads")
    connection.close()
    assert known.is_enabled("driven_roads")


def test_the_database_is_asked_each_few_seconds_only(connection: psycopg.Connection) -> None:
    asked = []

    @contextmanager
    def lend() -> Iterator[psycopg.Connection]:
        asked.append(1)
        yield connection

    known = Flags(lend)
    assert [known.is_enabled("driven_roads") for _ in range(50)] == [True] * 50
    assert len(asked) == 1


def test_a_change_is_audited_and_a_change_to_the_same_is_none(connection: psycopg.Connection) -> None:
    for _ in range(2):
        flags.change_flag(connection, Author(request_id="request-1"), "driven_roads", False)
    rows = connection.execute(
        "SELECT table_name, action, after -> 'enabled', request_id FROM audit_log"
    ).fetchall()
    assert rows == [("feature_flags", "change", False, "request-1")]


def test_a_flag_that_somebody_else_switched_meanwhile_stays(connection: psycopg.Connection) -> None:
    flags.change_flag(connection, Author(), "driven_roads", False, version=1)
    with pytest.raises(FlagChanged):
        flags.change_flag(connection, Author(), "driven_roads", True, version=1)


def test_what_is_no_flag_or_no_role_is_refused(connection: psycopg.Connection) -> None:
    with pytest.raises(FlagError, match="no_such_flag"):
        flags.change_flag(connection, Author(), "no_such_flag", True)
    with pytest.raises(FlagError, match="roles"):
        flags.change_flag(connection, Author(), "driven_roads", True, ["king"])


def run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["flag", *arguments], env={"DATABASE_URL": url})


def test_flags_are_listed_and_set_on_the_command_line(database_url: str) -> None:
    (flag,) = json.loads(run(database_url, "list", "--json").output)
    assert (flag["name"], flag["enabled"], flag["roles"]) == ("driven_roads", True, [])
    set_one = run(database_url, "set", "driven_roads", "on", "--role", "viewer", "--json")
    assert json.loads(set_one.output)["roles"] == ["viewer"]
    assert "off  driven_roads  for viewer" in run(database_url, "set", "driven_roads", "off").output
    assert (
        json.loads(run(database_url, "set", "driven_roads", "on", "--everybody", "--json").output)["roles"]
        == []
    )
    assert run(database_url, "set", "nothing", "on").exit_code == 1
    assert run(database_url, "set", "driven_roads", "maybe").exit_code == 2
