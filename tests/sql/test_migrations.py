"""Migrations run forwards and back, and `schema.sql` tells the truth about where they lead."""

import re
import subprocess
from pathlib import Path

import psycopg
import pytest

from local.services import Services
from sql import migration

SCHEMA = Path(migration.__file__).with_name("schema.sql")
STEPS = sorted(path for path in migration.FOLDER.glob("*.sql") if not path.name.endswith(".rollback.sql"))


def dump(services: Services, url: str) -> str:
    """The schema as PostgreSQL itself writes it, without what migrations keep for themselves."""
    command = [services.postgres.program("pg_dump"), "--schema-only", "--no-owner", "--schema=public", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    statements = re.split(r"\n(?=-- Name: )", text)[1:]
    ours = "\n".join(statement for statement in statements if "yoyo" not in statement)
    return "\n".join(line for line in ours.splitlines() if line and not line.startswith(("--", "SET ", "\\")))


def test_schema_sql_and_the_migrations_agree(
    shared_services: Services, database_url: str, empty_database_url: str
) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
    assert dump(shared_services, empty_database_url) == dump(shared_services, database_url)


def test_every_migration_has_a_rollback_that_leaves_nothing(
    shared_services: Services, empty_database_url: str
) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
    before = dump(shared_services, empty_database_url)
    assert migration.migrate(empty_database_url) == [path.stem for path in STEPS]
    for step in reversed(STEPS):
        assert migration.roll_back(empty_database_url) == step.stem
    assert migration.roll_back(empty_database_url) is None
    assert dump(shared_services, empty_database_url) == before
    assert migration.migrate(empty_database_url) == [path.stem for path in STEPS]


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    assert migration.migrate(database_url) == []
    history = migration.read_history(database_url)
    assert (history.applied, history.pending) == ([path.stem for path in STEPS], [])


@pytest.mark.parametrize("step", STEPS, ids=lambda path: path.stem)
def test_every_step_has_a_number_of_its_own(step: Path) -> None:
    assert re.fullmatch(r"\d{4}_[a-z_]+", step.stem)
    assert [path.stem[:4] for path in STEPS].count(step.stem[:4]) == 1
