"""The fleet as this process knows it: every vehicle with its newest fix, and what changed since last asked.

FIELDS is the order of the short lists that travel to the page: a snapshot carries all of them,
a delta the first six. web/static/live/fleet.js reads them in the same order. Whoever's rights reach only some
depots gets what is of those depots; the depot itself never travels.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

FIELDS = ("id", "latitude", "longitude", "speed_mps", "course", "fix_time_ms", "uid", "label")
FIX_FIELDS = 6
Reach = frozenset[int] | None  # the ids of depots; None is the whole fleet


class Vehicle(NamedTuple):
    """One line of the live list. `id` is the device's; a vehicle without one has its own, negative.

    A vehicle that never had a fix has None from latitude to fix_time_ms; a device without a vehicle has no
    depot, and is for those whose rights reach the whole fleet.
    """

    id: int
    latitude: float | None
    longitude: float | None
    speed_mps: float | None
    course: float | None
    fix_time_ms: int | None
    uid: str | None
    label: str
    depot_id: int | None

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> "Vehicle":
        """A row of list_live_vehicles, rounded to what a map can show (0.1 m, 0.1 m/s, 1 degree)."""
        return cls(*_round(row[:FIX_FIELDS]), *row[FIX_FIELDS:])

    def is_within(self, bounds: "Bounds") -> bool:
        """Whether the newest fix lies in these bounds, edges included; without a fix it never does."""
        if self.latitude is None or self.longitude is None:
            return False
        if not bounds.south <= self.latitude <= bounds.north:
            return False
        if bounds.west <= bounds.east:
            return bounds.west <= self.longitude <= bounds.east
        return self.longitude >= bounds.west or self.longitude <= bounds.east


class Bounds(NamedTuple):
    """What a page shows of the world, in degrees; west is greater than east across the date line."""

    west: float
    south: float
    east: float
    north: float


class Move(NamedTuple):
    """One vehicle before and after a newer fix."""

    before: Vehicle
    after: Vehicle

    def is_forward(self) -> bool:
        """Whether the fix is newer; one as old or older tells nothing."""
        if self.after.fix_time_ms is None:
            return False
        return self.before.fix_time_ms is None or self.after.fix_time_ms > self.before.fix_time_ms

    def is_rename(self) -> bool:
        """Whether more than the fix differs."""
        return self.after[FIX_FIELDS:] != self.before[FIX_FIELDS:]


class Picture:
    """Every vehicle by id, and the ids by depot.

    Not locked: web.live holds one lock over changing it and telling of it. A vehicle changes its depot only
    in `replace`, where everybody gets a new snapshot.
    """

    def __init__(self) -> None:
        self.vehicles: dict[int, Vehicle] = {}
        self._ids_of_depots: dict[int, list[int]] = {}

    def list_within(self, reach: Reach) -> Iterator[Vehicle]:
        """The vehicles within this reach; those of one depot without a look at the others."""
        if reach is None:
            yield from self.vehicles.values()
        else:
            for depot_id in reach:
                yield from (self.vehicles[id] for id in self._ids_of_depots.get(depot_id, ()))

    def replace(self, rows: Iterable[tuple[Any, ...]]) -> list[Move] | None:
        """Take rows of list_live_vehicles as the whole truth.

        Returns the moves where nothing but newer fixes came, or None where pages need a new snapshot:
        a vehicle came, went, was renamed, or lost a fix.
        """
        before, self.vehicles = self.vehicles, {row[0]: Vehicle.from_row(row) for row in rows}
        self._ids_of_depots = group_by_depot(self.vehicles.values())
        if before.keys() != self.vehicles.keys():
            return None
        moves = [Move(before[id], after) for id, after in self.vehicles.items() if before[id] != after]
        if all(move.is_forward() and not move.is_rename() for move in moves):
            return moves
        return None

    def advance(self, rows: Iterable[tuple[Any, ...]]) -> list[Move]:
        """Take rows of list_newest_fixes, except those no newer than what is known; returns the moves."""
        moves = []
        for row in rows:
            before = self.vehicles.get(row[0])
            if before is None:
                continue  # a device disabled or added meanwhile: device_changed brings the whole picture
            after = Vehicle(*_round(row), uid=before.uid, label=before.label, depot_id=before.depot_id)
            move = Move(before, after)
            if move.is_forward():
                self.vehicles[after.id] = after
                moves.append(move)
        return moves


def group_by_depot(vehicles: Iterable[Vehicle]) -> dict[int, list[int]]:
    """The ids of the vehicles of each depot."""
    ids: dict[int, list[int]] = defaultdict(list)
    for vehicle in vehicles:
        if vehicle.depot_id is not None:
            ids[vehicle.depot_id].append(vehicle.id)
    return dict(ids)


def group_moves(moves: Iterable[Move]) -> dict[int, list[Move]]:
    """The moves of the vehicles of each depot."""
    found: dict[int, list[Move]] = defaultdict(list)
    for move in moves:
        if move.after.depot_id is not None:
            found[move.after.depot_id].append(move)
    return found


def _round(row: tuple[Any, ...]) -> tuple[Any, Any, Any, Any, Any, Any]:
    id, latitude, longitude, speed_mps, course, fix_time_ms = row
    return (
        id,
        None if latitude is None else round(latitude, 6),
        None if longitude is None else round(longitude, 6),
        None if speed_mps is None else round(speed_mps, 1),
        None if course is None else round(course) % 360,
        fix_time_ms,
    )
