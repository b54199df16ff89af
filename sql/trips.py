"""Reading what detection found: trips, stops and events of the fleet, of a vehicle or of a driver.

What makes it hard: rows name the device, people ask for the vehicle or the driver, and both change over time.
So a question for some of the fleet first becomes stretches, in which one device spoke for one vehicle (and
one driver drove it), and each stretch is one look into an index. A driver has what began within their
assignments and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from sql.audit import Row
from sql.queries import queries

KINDS = (
    "overspeed",
    "harsh_braking",
    "harsh_acceleration",
    "harsh_cornering",
    "idling",
    "ignition_on",
    "ignition_off",
    "tow",
    "offline",
    "low_battery",
    "power_cut",
    "fuel_drop",
    "unauthorised",
    "off_route",
    "device_alarm",
    "sos",
    "fence_enter",
    "fence_leave",
    "fence_dwell",
)
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Matching:
    """What began from `since` to before `until`; None matches all. `depot_ids` is how far the reader reaches.

    `names_drivers` is whether the reader may know who drove.
    """

    since: datetime
    until: datetime
    vehicle_id: int | None = None
    driver_id: int | None = None
    device_id: int | None = None
    depot_id: int | None = None
    kinds: list[str] | None = None
    depot_ids: list[int] | None = None
    names_drivers: bool = False

    @property
    def is_narrowed(self) -> bool:
        """Whether only some vehicles match: a device in none is then left out."""
        asked = (self.vehicle_id, self.driver_id, self.device_id, self.depot_id, self.depot_ids)
        return any(one is not None for one in asked)


@dataclass(frozen=True)
class Stretch:
    """The time in which a device spoke for a vehicle, and for a driver where one is asked for."""

    device_id: int
    vehicle_id: int | None
    driver_id: int | None
    starts_at: datetime
    ends_at: datetime


def list_stretches(connection: psycopg.Connection, matching: Matching) -> list[Stretch]:
    """The stretches in which the asked could have happened; a device asked for may sit in no vehicle."""
    device_id = matching.device_id
    if device_id is not None and not replace(matching, device_id=None).is_narrowed:
        return [Stretch(device_id, None, None, matching.since, matching.until)]
    names = ("since", "until", "vehicle_id", "driver_id", "device_id", "depot_id", "depot_ids")
    asked = {name: getattr(matching, name) for name in names}
    return [Stretch(**row) for row in _fetch(connection, "list_stretches", **asked)]


def list_trips(
    connection: psycopg.Connection, matching: Matching, after: tuple[datetime, int] | None, most: int
) -> list[Row]:
    """The trips before the one of this key (when it began, device), the newest first."""
    return _list(
        connection, "list_trips", matching, most, after_at=after and after[0], after_id=after and after[1]
    )


def sum_trips(connection: psycopg.Connection, matching: Matching) -> Row:
    """What the trips come to: trips, devices, distance_m, moving_s, idle_s, top_speed_mps, fuel_used_l."""
    return _fetch(connection, "sum_trips", **_narrow(connection, matching))[0]


def find_trip(
    connection: psycopg.Connection, matching: Matching, device_id: int, started_at: datetime
) -> Row | None:
    """One trip, where its vehicle is within reach; `previous_at` and `next_at` lead to its neighbours."""
    one = replace(matching, device_id=device_id, since=started_at, until=started_at + MOMENT)
    rows = list_trips(connection, one, None, 1)
    if not rows:
        return None
    neighbours = _fetch(connection, "find_neighbour_trips", device_id=device_id, started_at=started_at)
    return {**rows[0], **neighbours[0]}


def list_stops(
    connection: psycopg.Connection, matching: Matching, after: tuple[datetime, int] | None, most: int
) -> list[Row]:
    """The stops before the one of this key (when it began, device), the newest first."""
    return _list(
        connection, "list_stops", matching, most, after_at=after and after[0], after_id=after and after[1]
    )


def count_stops(connection: psycopg.Connection, matching: Matching) -> int:
    """How many stops match."""
    return int(_fetch(connection, "count_stops", **_narrow(connection, matching))[0]["count"])


def list_events(
    connection: psycopg.Connection,
    matching: Matching,
    after: tuple[datetime, int, str, int] | None,
    most: int,
) -> list[Row]:
    """The events before the one of this key (when it began, device, kind, geofence), the newest first."""
    names = ("after_at", "after_id", "after_kind", "after_geofence_id")
    place = dict(zip(names, after or (None,) * 4, strict=True))
    return _list(connection, "list_events", matching, most, kinds=matching.kinds, **place)


def count_events(connection: psycopg.Connection, matching: Matching) -> dict[str, int]:
    """How many events match, by their kinds."""
    narrowed = _narrow(connection, matching)
    return {
        row["kind"]: row["count"]
        for row in _fetch(connection, "count_events", **narrowed, kinds=matching.kinds)
    }


def list_days(connection: psycopg.Connection, matching: Matching, time_zone: str) -> list[Row]:
    """What each vehicle did on each day, the latest first; each driver, where one is asked for.

    `events` has how many of each kind.
    """
    stretches = list_stretches(connection, matching)
    owner = "vehicle_id" if matching.driver_id is None else "driver_id"
    owner_ids = [getattr(stretch, owner) for stretch in stretches]
    return _fetch(connection, "list_days", **_split(stretches), owner_ids=owner_ids, time_zone=time_zone)


def list_positions(
    connection: psycopg.Connection, matching: Matching, after: tuple[datetime, int] | None, most: int
) -> tuple[list[Row], int]:
    """The fixes after the one of this key (its time, device), the first first, and how many there are."""
    stretches = list_stretches(connection, matching)
    asked = {**_split(stretches), "since": matching.since, "until": matching.until}
    place = {"after_at": after and after[0], "after_id": after and after[1], "most": most}
    vehicle_ids = [stretch.vehicle_id for stretch in stretches]
    rows = _fetch(connection, "list_positions", **asked, **place, vehicle_ids=vehicle_ids)
    return rows, int(_fetch(connection, "count_positions", **asked)[0]["count"])


def ask_for_all(connection: psycopg.Connection, name: str, matching: Matching) -> tuple[str, Row]:
    """The statement of list_trips, list_stops or list_events, and what to ask it for all that match."""
    told = {"with_drivers": matching.names_drivers, "depot_ids": matching.depot_ids, "most": None}
    names = ("after_at", "after_id", "after_kind", "after_geofence_id")
    place = {**dict.fromkeys(names), "kinds": matching.kinds}
    return getattr(queries, name).sql, {**_narrow(connection, matching), **told, **place}


def _list(
    connection: psycopg.Connection, name: str, matching: Matching, most: int, **place: Any
) -> list[Row]:
    told = {"with_drivers": matching.names_drivers, "depot_ids": matching.depot_ids, "most": most}
    return _fetch(connection, name, **_narrow(connection, matching), **told, **place)


def _narrow(connection: psycopg.Connection, matching: Matching) -> dict[str, Any]:
    stretches = list_stretches(connection, matching) if matching.is_narrowed else []
    span = {"since": matching.since, "until": matching.until}
    return {"narrowed": matching.is_narrowed, **span, **_split(stretches)}


def _split(stretches: Sequence[Stretch]) -> dict[str, Any]:
    return {
        "device_ids": [stretch.device_id for stretch in stretches],
        "starts": [stretch.starts_at for stretch in stretches],
        "ends": [stretch.ends_at for stretch in stretches],
    }


def _fetch(connection: psycopg.Connection, name: str, **parameters: Any) -> list[Row]:
    """Planned anew each time: what is fast for one vehicle is slow for a fleet, and the other way round."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(getattr(queries, name).sql, parameters, prepare=False).fetchall()
