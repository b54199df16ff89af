"""A day's work at once: a million positions of a thousand vehicles, looked at on one core."""

import os
import resource
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from bench.detection.drives import keep
from bench.figures import tell
from devices.position import Position
from jobs.detection.turn import detect_all
from local.simulator.fleet import Fleet
from local.town.projection import locate
from local.town.town import draw_town
from sql.fleet import adopt_devices
from sql.positions import PositionStore

BEGINS = datetime(2026, 3, 2, 13, tzinfo=UTC)
DRIVEN, INTERVAL_S = 50, 10.0  # the others drive the same some minutes later
SEED = 1


def run(connection: psycopg.Connection, vehicles: int, positions: int) -> dict[str, Any]:
    """Fill an empty database, look at all of it with geofences and every rule, and tell how long it took."""
    tell(f"driving {positions:,} positions of {vehicles:,} vehicles")
    tracks = drive(positions // vehicles)
    uids = [f"bus-{number}" for number in range(vehicles)]
    adopt_devices(connection, uids)
    draw_fences(connection)
    rng = Random(SEED)
    store = PositionStore(connection)
    stored = 0
    for number, uid in enumerate(uids):
        shift = timedelta(seconds=rng.uniform(0, 600))
        track = tracks[number % len(tracks)]
        moved = ((uid, each._replace(fix_time=each.fix_time + shift)) for each in track)
        stored += keep(store, moved)
    connection.execute("VACUUM ANALYZE positions")
    tell("looking")
    began, cpu = time.perf_counter(), _read_cpu()
    detect_all(connection)
    seconds, cpu = time.perf_counter() - began, _read_cpu() - cpu
    found = {
        table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        for table in ("trips", "stops", "geofence_visits", "events")
    }
    return {
        "vehicles": vehicles,
        "positions": stored,
        "seconds": round(seconds, 1),
        "positions_per_s": round(stored / seconds),
        "own_cpu_s": round(cpu, 1),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **{table: row[0] for table, row in found.items() if row},
    }


def drive(fixes: int) -> list[list[Position]]:
    """What some buses of the demo town report in so many fixes each."""
    begins = BEGINS.timestamp()
    fleet = Fleet(draw_town(SEED), DRIVEN, INTERVAL_S, begins, SEED, {})
    fleet.resume(begins)
    tracks: dict[str, list[Position]] = {}
    until = begins
    while len(tracks) < DRIVEN or min(map(len, tracks.values())) < fixes:
        until += 600
        for bus, fix in fleet.report(until):
            moment = datetime.fromtimestamp(fix.time, UTC)
            told = {
                "ignition": fix.ignition,
                "odometer_m": fix.odometer_m,
                "fuel_level_percent": fix.fuel_percent,
            }
            position = Position(
                None,
                moment,
                fix.latitude,
                fix.longitude,
                fix.speed_mps,
                fix.course,
                fix.altitude_m,
                fix.accuracy_m,
                fix.satellites,
                True,
                told,
            )
            tracks.setdefault(bus.uid, []).append(position)
    return [list(islice(track, fixes)) for track in tracks.values()]


def draw_fences(connection: psycopg.Connection) -> None:
    """The schools, depots and parks of the town as geofences, for all vehicles."""
    for number, ground in enumerate(draw_town(SEED).grounds):
        ring = [locate(point) for point in ground.ring]
        outline = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        connection.execute(
            "INSERT INTO geofences (name, shape, geometry) VALUES (%s, 'polygon', %s)",
            (f"{ground.name} {number}", Jsonb(outline)),
        )


def _read_cpu() -> float:
    times = os.times()
    return times.user + times.system
