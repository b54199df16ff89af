"""However positions come in, and however often detection looks, it finds what one look at all would find."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest

from bench.detection.drives import settle
from jobs.detection.turn import redo
from jobs.detection.windows import FIRST
from local.drives.drives import Drive, make_drives
from local.drives.scenario import SCENARIOS

PAUSE_S = 2400.0
DRIVES_A_DEVICE = 3


def chain_drives(seed: int) -> Iterator[tuple[str, list[tuple[Drive, float]]]]:
    """Devices that each make some drives after one another, and by how many seconds each is moved."""
    drives = list(make_drives(seed, len(SCENARIOS)))
    random.Random(seed).shuffle(drives)
    for number in range(0, len(drives), DRIVES_A_DEVICE):
        chain, free = [], 0.0
        for drive in drives[number : number + DRIVES_A_DEVICE]:
            begins, ends = drive.fixes[0].time, max(fix.time for fix in drive.fixes)
            shift = max(free - begins, 0.0) if chain else 0.0
            chain.append((drive, shift))
            free = ends + shift + PAUSE_S
        yield f"chain-{seed}-{number}", chain


@pytest.fixture
def fleet(connection: psycopg.Connection, make_reports: Callable[..., list[Any]]) -> Any:
    """The reports of all devices of a seed, in order of time, with their vehicles and geofences."""

    def make(seed: int) -> list[Any]:
        reports = []
        for uid, chain in chain_drives(seed):
            for drive, shift in chain:
                reports += make_reports(drive, uid=uid, shift_s=shift)
                settle(connection, drive, uid)
        return sorted(reports, key=lambda report: report.position.fix_time)

    return make


def in_time(reports: Sequence[Any], rng: random.Random) -> list[Any]:
    return list(reports)


def some_late(reports: Sequence[Any], rng: random.Random) -> list[Any]:
    """One in twenty waits for minutes or hours, together with what follows it from the same device."""
    late: dict[str, float] = {}

    def arrive(report: Any) -> float:
        taken: float = report.position.fix_time.timestamp()
        if late.get(report.uid, 0.0) > taken:
            return late[report.uid]
        if rng.random() < 0.05:
            late[report.uid] = taken + rng.choice((60, 600, 6000, 40_000)) * rng.random()
            return late[report.uid]
        return taken

    return sorted(reports, key=arrive)


def mixed(reports: Sequence[Any], rng: random.Random) -> list[Any]:
    return rng.sample(list(reports), len(reports))


def list_readings(connection: psycopg.Connection) -> list[Any]:
    """Where the odometers stood, derived or entered."""
    return connection.execute(
        "SELECT vehicle_id, read_at, odometer_m, source FROM odometer_readings ORDER BY 1, 2"
    ).fetchall()


@pytest.mark.parametrize("order", [in_time, some_late, mixed], ids=lambda order: order.__name__)
def test_many_looks_find_what_one_look_finds(
    order: Callable[..., list[Any]],
    fleet: Any,
    store: Any,
    detect: Callable[[], int],
    tables: Callable[[], dict[str, list[Any]]],
    connection: psycopg.Connection,
) -> None:
    reports = order(fleet(3), random.Random(11))
    connection.execute(
        "INSERT INTO odometer_readings (vehicle_id, read_at, odometer_m, source)"
        " SELECT id, %s, 5e7, 'entered' FROM vehicles WHERE id %% 2 = 0",
        (reports[len(reports) // 2].position.fix_time,),
    )
    size = len(reports) // 25
    for start in range(0, len(reports), size):
        store(reports[start : start + size])
        detect()
    found, readings = tables(), list_readings(connection)
    connection.execute("TRUNCATE trips, stops, geofence_visits, events")
    connection.execute("DELETE FROM odometer_readings WHERE source <> 'entered'")
    redo(connection, FIRST)
    detect()
    at_once = tables()
    for table, rows in at_once.items():
        assert rows
        assert [row for row in found[table] if row not in rows] == []
        assert [row for row in rows if row not in found[table]] == []
        assert found[table] == rows
    assert list_readings(connection) == readings
    assert {source for *_, source in readings} == {"entered", "device", "track"}
