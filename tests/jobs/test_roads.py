"""The roads driven: one line for a road, whoever drives it, however often, whichever way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from jobs.roads import Fix, add_driven_roads, add_roads_between, cut_track
from sql.pool import connect
from sql.queries import queries

START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def drive(
    metres: list[float], seconds: float = 2.0, start: datetime = START, device_id: int = 1
) -> list[Fix]:
    """Fixes due north along one meridian, at these distances from 48.1 degrees."""
    return [
        Fix(device_id, start + timedelta(seconds=seconds * n), 48.1 + distance / 111_320, 11.5001)
        for n, distance in enumerate(metres)
    ]


def steps(first: float, last: float, step: float) -> list[float]:
    return [first + step * n for n in range(int((last - first) / step) + 1)]


def pieces(fixes: list[Fix]) -> list[tuple[float, float]]:
    """From where to where each piece goes, in ten-thousandths of a degree north of 48.1."""
    return [(piece.a[0] - 481_000, piece.b[0] - 481_000) for piece in cut_track(fixes)]


def test_a_track_is_cut_where_it_crosses_the_grid() -> None:
    assert pieces(drive(steps(10, 240, 20))) == [(5, 10), (10, 15), (15, 20)]


def test_another_speed_on_the_same_road_makes_the_same_pieces() -> None:
    assert pieces(drive(steps(3, 260, 31))) == pieces(drive(steps(10, 240, 20)))


def test_the_way_back_makes_the_same_pieces() -> None:
    there = drive(steps(10, 240, 20))
    assert sorted(pieces(drive(steps(10, 240, 20)[::-1]))) == pieces(there)


def test_a_step_over_several_lines_is_cut_at_each() -> None:
    assert pieces(drive([10, 240], seconds=30)) == [(5, 10), (10, 15), (15, 20)]


def test_a_slanting_track_is_cut_at_both_kinds_of_lines() -> None:
    track = [
        Fix(1, START + timedelta(seconds=2 * n), 48.1001 + 0.0001 * n, 11.5002 + 0.0001 * n)
        for n in range(10)
    ]
    assert [(piece.a, piece.b) for piece in cut_track(track)] == [
        ((481_004, 115_005), (481_005, 115_006)),
        ((481_005, 115_006), (481_009, 115_010)),
        ((481_009, 115_010), (481_010, 115_011)),
    ]


def test_the_noise_of_a_standing_bus_makes_no_road() -> None:
    assert pieces(drive([54, 57, 54, 58, 55, 57, 54, 58])) == []


def test_a_creeping_bus_still_makes_its_road() -> None:
    assert pieces(drive(steps(10, 130, 3))) == [(5, 10)]


@pytest.mark.parametrize(
    ("metres", "seconds"), [([10, 120, 560, 700], 30), ([10, 120, 230, 340], 60)], ids=["400 m", "60 s"]
)
def test_a_gap_in_the_track_makes_no_road(metres: list[float], seconds: float) -> None:
    driven = [] if seconds == 60 else [(5, 10), (55, 60)]
    assert pieces(drive(metres, seconds)) == driven


def test_a_track_across_the_date_line_makes_no_road_around_the_world() -> None:
    track = [Fix(1, START, -17.0, 179.9999), Fix(1, START + timedelta(seconds=2), -17.0, -179.9999)]
    assert list(cut_track(track)) == []


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    with connect(database_url, "test", autocommit=True) as connection:
        yield connection


def store(connection: psycopg.Connection, fixes: list[Fix]) -> None:
    """The fixes as the daemon would leave them, with the newest of each device."""
    columns = "(device_id, fix_time, received_at, latitude, longitude) VALUES (%s, %s, now(), %s, %s)"
    newest = list({fix.device_id: fix for fix in fixes}.values())
    with connection.cursor() as cursor:
        add_device = "INSERT INTO devices (id, uid) OVERRIDING SYSTEM VALUE VALUES (%s, %s)"
        cursor.executemany(add_device, [(fix.device_id, f"bus-{fix.device_id}") for fix in newest])
        cursor.executemany(f"INSERT INTO positions {columns}", fixes)
        cursor.executemany(f"INSERT INTO latest_positions {columns}", newest)


def roads(connection: psycopg.Connection) -> list[tuple[float, float, int]]:
    query = "SELECT latitude_a, latitude_b, passes FROM driven_roads ORDER BY 1, 2"
    return connection.execute(query).fetchall()


def test_each_pass_is_counted_once_however_the_time_is_cut_into_runs(database: psycopg.Connection) -> None:
    store(database, drive(steps(10, 3_000, 20)) + drive(steps(3_000, 10, -20), device_id=2))
    for minute in range(-1, 6):
        start = START + timedelta(minutes=minute)
        add_roads_between(database, start, start + timedelta(minutes=1))
    in_runs = roads(database)
    database.execute("TRUNCATE driven_roads")
    add_roads_between(database, START, START + timedelta(minutes=6))
    assert roads(database) == in_runs
    assert in_runs[0] == (48.1005, 48.101, 2)
    assert {passes for _, _, passes in in_runs} == {2}


def test_the_job_adds_the_last_whole_minute(database: psycopg.Connection) -> None:
    lately = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    store(database, drive(steps(10, 240, 20), start=lately))
    add_driven_roads(database)
    assert roads(database)[:1] == [(48.1005, 48.101, 1)]


def test_only_the_pieces_driven_last_are_kept(database: psycopg.Connection) -> None:
    database.execute(
        "INSERT INTO driven_roads SELECT n, 0, n, 1, 1, '2026-11-23'::timestamptz + make_interval(hours => n)"
        " FROM generate_series(1, 10) n"
    )
    assert queries.forget_roads(database, most=3) == 7
    assert [latitude for latitude, _, _ in roads(database)] == [8, 9, 10]
