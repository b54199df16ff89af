"""`motorpool user`: adding with a reach, listing, disabling; what was done is written down."""

import json
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from sql.commands import user
from sql.pool import connect


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DATABASE_URL", database_url)

    def command(*words: str) -> Any:
        return CliRunner().invoke(user, words, input="a long enough password\n")

    return command


def read(database_url: str, statement: str) -> list[tuple[Any, ...]]:
    with connect(database_url, "test") as connection:
        return connection.execute(statement).fetchall()


def test_a_person_is_added_for_some_depots(run: Any, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    done = run("add", "ana@example.org", "--role", "dispatcher", "--depot", "South", "--password-stdin")
    assert done.exit_code == 0, done.output
    assert read(database_url, "SELECT scope FROM users") == [("depot",)]
    assert read(database_url, "SELECT depot_id FROM user_scopes") == [(2,)]
    assert read(database_url, "SELECT action, user_id FROM audit_log") == [("add", None)]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--role", "viewer", "--depot", "Nowhere"), "there is no depot 'Nowhere'"),
        (("--role", "viewer", "--scope", "depot"), "with at least one"),
        (("--role", "viewer", "--scope", "fleet", "--depot", "North"), "goes with the scope"),
        (("--role", "admin", "--scope", "child"), "not for admin"),
    ],
)
def test_a_reach_that_makes_no_sense_is_refused(
    words: tuple[str, ...], sentence: str, run: Any, database_url: str
) -> None:
    done = run("add", "ana@example.org", *words, "--password-stdin")
    assert (done.exit_code, sentence in done.output) == (1, True)
    assert read(database_url, "SELECT count(*) FROM users") == [(0,)]


def test_listing_tells_no_secret_and_disabling_is_written_down(run: Any, database_url: str) -> None:
    for email, role in (("ada@example.org", "admin"), ("vi@example.org", "viewer")):
        assert run("add", email, "--role", role, "--password-stdin").exit_code == 0
    assert run("disable", "VI@example.org").exit_code == 0
    listed = json.loads(run("list", "--json").output)
    assert [(row["email"], row["disabled"]) for row in listed] == [
        ("ada@example.org", False),
        ("vi@example.org", True),
    ]
    assert "password" not in str(listed)
    assert read(database_url, "SELECT action FROM audit_log ORDER BY id")[-1] == ("archive",)


def test_the_last_admin_stays(run: Any) -> None:
    run("add", "ada@example.org", "--role", "admin", "--password-stdin")
    done = run("disable", "ada@example.org")
    assert (done.exit_code, "the last admin" in done.output) == (1, True)


def test_whoever_lost_the_second_factor_is_let_in_by_the_password_again(run: Any, database_url: str) -> None:
    run("add", "ada@example.org", "--role", "admin", "--password-stdin")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE users SET totp_secret = 'x', totp_confirmed_at = now()")
    assert run("reset-second-factor", "ADA@example.org").exit_code == 0
    assert read(database_url, "SELECT totp_secret, totp_confirmed_at FROM users") == [(None, None)]
    assert read(database_url, "SELECT count(*) FROM audit_log") == [(2,)]
    unknown = run("reset-second-factor", "nobody@example.org")
    assert (unknown.exit_code, "nobody has the address" in unknown.output) == (1, True)
