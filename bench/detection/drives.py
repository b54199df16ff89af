"""Labelled drives in the database: vehicles, geofences, rules and positions, and what was found of each."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import psycopg
from psycopg.types.json import Jsonb

from devices.native import decode
from devices.position import Position
from local.drives.definitions import DWELL_S, Happening
from local.drives.drives import Drive
from local.drives.fence import Fence
from local.drives.receiver import as_native
from sql.batches import Batch, Message, Received
from sql.fleet import adopt_devices
from sql.positions import PositionStore

BATCH = 5_000

# A stop counts where it lies between two trips, as in the truth; a dwelling from when the visit began.
FOUND = """
SELECT uid, 'trip', started_at, CASE WHEN NOT is_open THEN ended_at END, '', distance_m
FROM trips JOIN devices ON id = device_id
UNION ALL
SELECT uid, 'stop', started_at, ended_at, '', NULL FROM stops JOIN devices ON id = device_id
WHERE EXISTS (SELECT FROM trips t WHERE t.device_id = stops.device_id AND t.started_at < stops.started_at)
  AND EXISTS (SELECT FROM trips t WHERE t.device_id = stops.device_id AND t.started_at >= stops.ended_at)
UNION ALL
SELECT d.uid, e.kind, CASE e.kind WHEN 'fence_dwell' THEN v.entered_at ELSE e.started_at END,
       CASE e.kind WHEN 'fence_dwell' THEN v.left_at ELSE e.ended_at END, coalesce(f.name, ''), e.value
FROM events e JOIN devices d ON d.id = e.device_id
LEFT JOIN geofences f ON f.id = e.geofence_id
LEFT JOIN geofence_visits v ON e.kind = 'fence_dwell' AND v.device_id = e.device_id
    AND v.geofence_id = e.geofence_id AND v.entered_at = e.started_at - make_interval(secs => %s)
"""


def settle(connection: psycopg.Connection, drive: Drive, uid: str = "") -> None:
    """Make the device, its vehicle, its geofences, and the rules that it alone has."""
    uid = uid or drive.uid
    adopt_devices(connection, {uid})
    row = connection.execute("SELECT vehicle_id FROM devices WHERE uid = %s", (uid,)).fetchone()
    assert row
    for fence in drive.fences:
        _draw(connection, name_fence(drive, fence.name), fence, row[0])
    if "speed_limit_mps" in drive.settings:
        connection.execute(
            "INSERT INTO rules (kind, vehicle_id, threshold, lasting_s) VALUES ('overspeed', %s, %s, 10)",
            (row[0], drive.settings["speed_limit_mps"]),
        )
    if "hours" in drive.settings:
        connection.execute(
            """
            WITH hours AS (
                INSERT INTO schedules (name, hours, time_zone) VALUES (%s, %s, 'UTC') RETURNING id
            )
            INSERT INTO rules (kind, vehicle_id, schedule_id) SELECT 'unauthorised', %s, id FROM hours
            """,
            (drive.uid, f"Mo-Su {drive.settings['hours']}", row[0]),
        )


def name_fence(drive: Drive, name: str) -> str:
    """What a drive's fence is called beside those of other drives."""
    return f"{drive.uid} {name}" if name else ""


def _draw(connection: psycopg.Connection, name: str, fence: Fence, vehicle_id: int) -> None:
    if fence.centre is not None:
        shape, kind, radius_m = "circle", "Point", fence.radius_m
        coordinates: Any = fence.centre[::-1]
    elif fence.ring is not None:
        shape, kind, radius_m = "polygon", "Polygon", None
        coordinates = [[place[::-1] for place in fence.ring]]
    else:
        shape, kind, radius_m = "corridor", "LineString", fence.half_width_m
        coordinates = [place[::-1] for place in fence.line or ()]
    connection.execute(
        """
        WITH drawn AS (
            INSERT INTO geofences (name, shape, geometry, radius_m, speed_limit_mps)
            VALUES (%s, %s, %s, %s, %s) RETURNING id
        )
        INSERT INTO geofence_vehicles (geofence_id, vehicle_id) SELECT id, %s FROM drawn
        """,
        (
            name,
            shape,
            Jsonb({"type": kind, "coordinates": coordinates}),
            radius_m,
            fence.speed_limit_mps,
            vehicle_id,
        ),
    )


def list_positions(drive: Drive, shift_s: float = 0.0) -> Iterator[Position]:
    """What the drive's unit sends, some seconds later where that is asked for."""
    for fix in drive.fixes:
        (position,) = decode(orjson.dumps(as_native(fix._replace(time=fix.time + shift_s))))
        assert isinstance(position, Position)
        yield position


def keep(store: PositionStore, positions: Iterable[tuple[str, Position]]) -> int:
    """Store positions, each as received when it was taken; how many."""
    batch, count = Batch(), 0
    for uid, position in positions:
        batch.received.append(Received(uid, position, Message("bench", "", b"", position.fix_time)))
        count += 1
        if len(batch.received) == BATCH:
            store.store(batch)
            batch = Batch()
    store.store(batch)
    return count


def read_happenings(connection: psycopg.Connection) -> dict[str, list[Happening]]:
    """What was found, by device."""
    found: dict[str, list[Happening]] = {}
    for uid, kind, starts_at, ends_at, subject, value in connection.execute(FOUND, (DWELL_S,)):
        ends = ends_at and ends_at.timestamp()
        found.setdefault(uid, []).append(Happening(kind, starts_at.timestamp(), ends, subject, value))
    return found
