"""On the Community edition the database holds the policies, and they do what the settings say."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.errors import UniqueViolation

from sql.imported_positions import finish, undo
from sql.queries import queries
from sql.retention import apply_policies, preview

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
OLD_DAY = TODAY - timedelta(days=10)


def add_fix(connection: psycopg.Connection, fix_time: datetime, device_id: int = 1) -> None:
    connection.execute("INSERT INTO positions VALUES (%s, %s, now(), 48.1, 11.5)", (device_id, fix_time))


def fix_times(connection: psycopg.Connection) -> list[datetime]:
    return [time for (time,) in connection.execute("SELECT fix_time FROM positions ORDER BY 1")]


def policies(connection: psycopg.Connection) -> dict[str, str]:
    """The age each policy of the database works with."""
    rows = connection.execute(
        "SELECT proc_name, coalesce(config ->> 'drop_after', config ->> 'compress_after')"
        " FROM timescaledb_information.jobs WHERE hypertable_name = 'positions'"
    )
    return dict(rows.fetchall())


def run_policy(connection: psycopg.Connection, kind: str) -> None:
    """What a background worker does, which this build lacks."""
    query = "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = %s"
    (job_id,) = connection.execute(query, (kind,)).fetchone() or ()
    connection.execute(f"CALL run_job({job_id})")


def test_the_policies_are_added_once(community: psycopg.Connection) -> None:
    first = apply_policies(community, 30)
    assert first["edition"] == "community"
    assert first["enforced_by"] == "database"
    assert first["changes"] == [
        "positions older than 30 days are dropped",
        "chunks older than 7 days are moved to the columnstore",
    ]
    assert policies(community) == {"policy_retention": "30 days", "policy_compression": "7 days"}
    assert apply_policies(community, 30)["changes"] == []
    assert json.loads(json.dumps(first)) == first


def test_another_age_changes_the_policy_and_keeps_its_schedule(community: psycopg.Connection) -> None:
    apply_policies(community, 30)
    reschedule = "SELECT alter_job(job_id, schedule_interval => '3 h') FROM timescaledb_information.jobs"
    community.execute(f"{reschedule} WHERE proc_name = 'policy_retention'")
    assert apply_policies(community, 90)["changes"] == [
        "positions older than 90 days are dropped, no longer those older than 30"
    ]
    query = "SELECT config ->> 'drop_after', schedule_interval FROM timescaledb_information.jobs"
    assert community.execute(f"{query} WHERE proc_name = 'policy_retention'").fetchall() == [
        ("90 days", timedelta(hours=3))
    ]


def test_zero_days_takes_the_retention_policy_away(community: psycopg.Connection) -> None:
    apply_policies(community, 30)
    report = apply_policies(community, 0)
    assert report["enforced_by"] == "nobody"
    assert report["changes"] == ["positions older than 30 days are no longer dropped"]
    assert policies(community) == {"policy_compression": "7 days"}


def test_the_policy_drops_what_the_preview_announced_and_no_more(community: psycopg.Connection) -> None:
    cutoff = datetime.now(UTC) - timedelta(days=30)
    chunk_start = cutoff.replace(hour=0, minute=0, second=0, microsecond=0)
    gone = [chunk_start - timedelta(days=400), chunk_start - timedelta(microseconds=1)]
    kept = [chunk_start, cutoff + timedelta(minutes=1), datetime.now(UTC)]
    for fix_time in (*gone, *kept):
        add_fix(community, fix_time)
    apply_policies(community, 30)
    assert preview(community, 30)["rows"] == len(gone)
    run_policy(community, "policy_retention")
    assert fix_times(community) == sorted(kept)


@pytest.fixture
def compressed(community: psycopg.Connection) -> psycopg.Connection:
    """A day ten days ago, a fix a minute from three devices, in the columnstore by the policy's own hand."""
    community.execute(
        "INSERT INTO positions SELECT d, %s::timestamptz + make_interval(mins => m), now(), 48.1, 11.5"
        " FROM generate_series(1, 3) d, generate_series(0, 1439) m",
        (OLD_DAY,),
    )
    add_fix(community, TODAY)
    apply_policies(community, 0)
    run_policy(community, "policy_compression")
    chunks = "SELECT is_compressed FROM timescaledb_information.chunks WHERE hypertable_name = 'positions'"
    assert community.execute(f"{chunks} ORDER BY range_start").fetchall() == [(True,), (False,)]
    return community


def test_a_late_position_is_stored_in_a_compressed_chunk(compressed: psycopg.Connection) -> None:
    late = OLD_DAY + timedelta(hours=12, seconds=7)
    add_fix(compressed, late, device_id=2)
    between = "SELECT count(*) FROM positions WHERE device_id = 2 AND fix_time BETWEEN %s AND %s"
    window = (late - timedelta(minutes=1), late + timedelta(minutes=1))
    assert compressed.execute(between, window).fetchone() == (3,)


def test_a_repeated_position_is_refused_by_a_compressed_chunk(compressed: psycopg.Connection) -> None:
    stored = OLD_DAY + timedelta(hours=12)
    with pytest.raises(UniqueViolation):
        add_fix(compressed, stored)
    repeated = "INSERT INTO positions VALUES (1, %s, now(), 48.1, 11.5) ON CONFLICT DO NOTHING"
    assert compressed.execute(repeated, (stored,)).rowcount == 0
    assert len(fix_times(compressed)) == 3 * 1440 + 1


def test_copy_into_a_compressed_chunk_stores_the_new_and_refuses_the_repeated(
    compressed: psycopg.Connection,
) -> None:
    """The daemon's first way; the rows lie in a file of the server's, as this socket carries no COPY."""
    columns = "device_id, fix_time, received_at, latitude, longitude"
    copy = f"COPY positions ({columns}) FROM '/tmp/rows' (FORMAT BINARY)"
    rows = "SELECT device_id, fix_time + interval '7 s', now(), latitude, longitude FROM positions"
    compressed.execute(f"COPY ({rows}) TO '/tmp/rows' (FORMAT BINARY)")
    assert compressed.execute(copy).rowcount == 3 * 1440 + 1
    with pytest.raises(UniqueViolation):
        compressed.execute(copy)
    assert len(fix_times(compressed)) == 2 * (3 * 1440 + 1)


def import_fixes(connection: psycopg.Connection, rows: str) -> tuple[int, int]:
    """Store what a query gives as an import does, but for COPY; its number, and how many are new."""
    query = (
        "INSERT INTO import_history (kind, file_name, file_bytes, file_sha256, reading, mapping)"
        " VALUES ('positions', 'log.csv', 1, repeat('0', 64), '{}', '{}') RETURNING id"
    )
    (import_id,) = connection.execute(query).fetchone() or (0,)
    with connection.transaction():
        queries.create_staging(connection)
        queries.clear_staging(connection)
        queries.allow_decompression(connection)
        connection.execute(f"INSERT INTO pg_temp.incoming {rows}")
        new = queries.insert_imported(connection, import_id=import_id)
        finish(connection, import_id)
    return import_id, new


COMPRESS = "SELECT compress_chunk(c, true) FROM show_chunks('positions', older_than => interval '7 days') c"
SHIFTED = "SELECT device_id, fix_time + interval '7 s', now(), latitude, longitude FROM positions"


def test_an_import_goes_into_the_columnstore_and_leaves_it_by_its_undoing(
    compressed: psycopg.Connection,
) -> None:
    before = fix_times(compressed)
    columns = "SELECT device_id, fix_time, received_at, latitude, longitude FROM positions"
    import_id, new = import_fixes(compressed, f"{columns} UNION ALL {SHIFTED}")
    assert new == len(before) == len(fix_times(compressed)) / 2
    with compressed.transaction():
        assert undo(compressed, import_id) == len(before)
    assert fix_times(compressed) == before


def test_what_an_import_brought_is_found_in_the_columnstore_too(compressed: psycopg.Connection) -> None:
    import_id, new = import_fixes(compressed, SHIFTED)
    compressed.execute(COMPRESS)
    with compressed.transaction():
        assert undo(compressed, import_id) == new
    assert len(fix_times(compressed)) == 3 * 1440 + 1


def test_more_may_change_in_the_columnstore_than_timescaledb_allows_of_itself(
    compressed: psycopg.Connection,
) -> None:
    compressed.execute("SET timescaledb.max_tuples_decompressed_per_dml_transaction = 1000")
    import_id, new = import_fixes(compressed, SHIFTED)
    compressed.execute(COMPRESS)
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
        compressed.execute("DELETE FROM positions WHERE extract(second FROM fix_time) = 7")
    with compressed.transaction():
        assert undo(compressed, import_id) == new
