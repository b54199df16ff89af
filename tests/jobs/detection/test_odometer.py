"""What units send moves the odometers of the vehicles they are in."""

from collections.abc import Callable
from typing import Any

import psycopg

from bench.detection.drives import settle
from local.drives.drives import START, make_drives
from local.drives.scenario import SCENARIOS

ENTERED_M = 7_654_000.0


def test_a_drive_moves_the_odometer_by_its_length(
    store: Any, make_reports: Any, detect: Callable[[], int], connection: psycopg.Connection
) -> None:
    drives = {drive.uid: drive for drive in make_drives(4, len(SCENARIOS))}
    for drive in drives.values():
        settle(connection, drive)
        store(make_reports(drive))
    connection.execute(
        "INSERT INTO odometer_readings (vehicle_id, read_at, odometer_m, source)"
        " SELECT id, %s, %s, 'entered' FROM vehicles",
        (START.replace(hour=0), ENTERED_M),
    )
    detect()
    rows = connection.execute(
        "SELECT uid, array_agg(DISTINCT source), max(v.odometer_m) - %s, bool_or(is_open) FROM devices d"
        " JOIN vehicles v ON v.id = d.vehicle_id JOIN odometer_readings r ON r.vehicle_id = v.id"
        " JOIN trips t ON t.device_id = d.id"
        " WHERE source <> 'entered' GROUP BY uid",
        (ENTERED_M,),
    ).fetchall()
    sources = set()
    for uid, source, driven_m, goes_on in rows:
        sources.update(source)
        trips = [happening for happening in drives[uid].truth if happening.kind == "trip"]
        if not goes_on and len(trips) == len(_list_ended(trips)):
            length = sum(trip.value for trip in trips)
            assert abs(driven_m - length) < 500 + 0.02 * length, uid
    assert sources == {"device", "track"}
    assert len(rows) > 30


def _list_ended(trips: list[Any]) -> list[Any]:
    return [trip for trip in trips if trip.ends_at is not None]
