"""On the Apache edition the job drops the chunks: all that is asked for, and nothing else."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.errors import LockNotAvailable

from motorpool import cli
from sql.pool import connect
from sql.retention import apply_policies, drop_expired, preview


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    with connect(database_url, "test", autocommit=True) as connection:
        yield connection


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def chunk_start(now: datetime) -> datetime:
    """The start of the chunk that the day thirty days ago is in."""
    return (now - timedelta(days=30)).replace(hour=0, minute=0, second=0, microsecond=0)


def add_fixes(connection: psycopg.Connection, *fix_times: datetime) -> None:
    for fix_time in fix_times:
        connection.execute("INSERT INTO positions VALUES (1, %s, now(), 48.1, 11.5)", (fix_time,))


def fix_times(connection: psycopg.Connection) -> list[datetime]:
    return [time for (time,) in connection.execute("SELECT fix_time FROM positions ORDER BY 1")]


def test_the_apache_edition_has_no_policies_and_leaves_dropping_to_jobs(database: psycopg.Connection) -> None:
    assert apply_policies(database, 30) == {
        "edition": "apache",
        "retention_days": 30,
        "enforced_by": "jobs",
        "columnstore_after_days": None,
        "changes": [],
    }
    assert apply_policies(database, 0)["enforced_by"] == "nobody"


def test_zero_days_keeps_everything(database: psycopg.Connection) -> None:
    old = datetime(2001, 1, 1, tzinfo=UTC)
    add_fixes(database, old)
    assert preview(database, 0) == {"retention_days": 0, "rows": 0, "chunks": []}
    assert drop_expired(database, 0) == []
    assert fix_times(database) == [old]


def test_a_chunk_whose_every_row_is_too_old_is_dropped(
    database: psycopg.Connection, chunk_start: datetime
) -> None:
    add_fixes(database, chunk_start - timedelta(microseconds=1), datetime(2001, 1, 1, tzinfo=UTC))
    assert len(drop_expired(database, 30)) == 2
    assert fix_times(database) == []


def test_a_chunk_with_one_row_younger_than_the_age_stays_whole(
    database: psycopg.Connection, chunk_start: datetime
) -> None:
    kept = [chunk_start, chunk_start + timedelta(days=1, microseconds=-1)]
    add_fixes(database, *kept)
    assert drop_expired(database, 30) == []
    assert fix_times(database) == kept


def test_a_chunk_that_may_yet_hold_a_younger_row_stays(
    database: psycopg.Connection, chunk_start: datetime
) -> None:
    """Its newest row is too old, but the day it stands for is not over."""
    add_fixes(database, chunk_start)
    assert drop_expired(database, 30) == []


def test_positions_within_the_age_and_of_the_future_stay(database: psycopg.Connection, now: datetime) -> None:
    kept = [now - timedelta(days=29), now, now + timedelta(days=400)]
    add_fixes(database, datetime(2020, 1, 1, tzinfo=UTC), *kept)
    drop_expired(database, 30)
    assert fix_times(database) == kept


def test_the_preview_names_what_is_dropped_and_drops_nothing(
    database: psycopg.Connection, now: datetime
) -> None:
    day = datetime(2020, 1, 1, tzinfo=UTC)
    add_fixes(database, day, day + timedelta(hours=5), day + timedelta(days=3), now)
    announced = preview(database, 30)
    assert announced["rows"] == 3
    assert [(chunk["start"], chunk["rows"]) for chunk in announced["chunks"]] == [
        ("2020-01-01T00:00:00+00:00", 2),
        ("2020-01-04T00:00:00+00:00", 1),
    ]
    assert json.loads(json.dumps(announced)) == announced
    assert len(fix_times(database)) == 4
    assert drop_expired(database, 30) == [chunk["chunk"] for chunk in announced["chunks"]]


def test_the_command_says_what_would_go_and_who_drops_it(
    database: psycopg.Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    add_fixes(database, datetime(2020, 1, 1, 5, tzinfo=UTC))
    environ = {"DATABASE_URL": database_url, "GPS_HISTORY_RETENTION_DAYS": "30"}

    def answer(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["db", "policies", *arguments], env=environ, catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    assert answer("--preview") == (
        "2020-01-01T00:00:00+00:00 to 2020-01-02T00:00:00+00:00  1 positions\n"
        "1 positions in 1 chunks would be dropped now\n"
    )
    assert json.loads(answer("--preview", "--json"))["rows"] == 1
    assert answer() == "motorpool jobs drops positions older than 30 days every night\n"
    assert json.loads(answer("--json"))["enforced_by"] == "jobs"
    assert len(fix_times(database)) == 1


def test_only_positions_are_dropped(database: psycopg.Connection) -> None:
    database.execute("INSERT INTO devices (uid) VALUES ('bus-1')")
    database.execute(
        "INSERT INTO latest_positions (device_id, fix_time, received_at, latitude, longitude)"
        " SELECT id, '2020-01-01', '2020-01-01', 48.1, 11.5 FROM devices"
    )
    add_fixes(database, datetime(2020, 1, 1, tzinfo=UTC))
    drop_expired(database, 1)
    assert fix_times(database) == []
    assert database.execute("SELECT count(*) FROM latest_positions").fetchone() == (1,)
    assert database.execute("SELECT count(*) FROM devices").fetchone() == (1,)


def test_dropping_gives_way_to_a_long_reader(database: psycopg.Connection, database_url: str) -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    add_fixes(database, old)
    with connect(database_url, "reader") as reader:
        reader.execute("SELECT count(*) FROM positions")
        with pytest.raises(LockNotAvailable):
            drop_expired(database, 30)
    assert fix_times(database) == [old]
    assert len(drop_expired(database, 30)) == 1
