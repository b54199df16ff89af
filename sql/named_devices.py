"""Which device a file means that names it, or the vehicle that it was in when a fix was taken.

A device that moves takes no history along, so whose fix it is and who may bring it hang on its moment. Many
names are looked up at once; a fix then costs no question to the database.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from sql.queries import fetch_rows

DISABLED = "disabled"
BEYOND_REACH = "beyond reach"
NO_DEVICE = "no device"


class Stay(NamedTuple):
    """A device in a vehicle from `starts_at` until `ends_at`, which is left out; None: ever."""

    device_id: int
    vehicle_id: int
    starts_at: datetime | None
    ends_at: datetime | None
    is_disabled: bool  # the device, now
    is_within_reach: bool  # the vehicle, now

    def holds(self, moment: datetime) -> bool:
        """Whether the device was there then."""
        return (self.starts_at is None or self.starts_at <= moment) and (
            self.ends_at is None or moment < self.ends_at
        )


@dataclass(slots=True)
class NamedDevice:
    """A device that was named by its uid, with the vehicles it was in; within reach by the one it is in."""

    id: int
    is_disabled: bool
    is_within_reach: bool
    stays: list[Stay] = field(default_factory=list)

    def find(self, moment: datetime) -> int | str:
        """The device's id, or why a fix of this moment cannot be brought: "disabled", "beyond reach".

        A fix is within reach with the vehicle that the device was in, or where that was none, is in.
        """
        if self.is_disabled:
            return DISABLED
        stay = next((stay for stay in self.stays if stay.holds(moment)), None)
        return self.id if (stay or self).is_within_reach else BEYOND_REACH


@dataclass(slots=True)
class NamedVehicle:
    """A vehicle that was named by its fleet number, with the devices that were in it."""

    id: int
    is_within_reach: bool
    stays: list[Stay] = field(default_factory=list)

    def find(self, moment: datetime) -> int | str:
        """The id of the device that was in it then, or the reason: "beyond reach", "no device", "disabled".

        A device in its first vehicle was there always, as far as is known. So where two were there, it is the
        one that left first: the other came after it.
        """
        if not self.is_within_reach:
            return BEYOND_REACH
        stay = next((stay for stay in self.stays if stay.holds(moment)), None)
        if stay is None:
            return NO_DEVICE
        return DISABLED if stay.is_disabled else stay.device_id


def find_devices(
    connection: psycopg.Connection, uids: Iterable[str], depot_ids: list[int] | None
) -> dict[str, NamedDevice]:
    """The devices with these uids, by uid; unknown ones are left out.

    What is within reach belongs to one of the depots; with None for these, all does.
    """
    found: dict[str, NamedDevice] = {}
    for row in fetch_rows(connection, "list_stays_by_uid", uids=_storable(uids), depot_ids=depot_ids):
        device = NamedDevice(row["id"], row["is_disabled"], row["is_within_reach"])
        device = found.setdefault(row["uid"], device)
        if row["vehicle_id"] is not None:
            device.stays.append(_read_stay(row, row["was_within_reach"]))
    return found


def find_devices_of_vehicles(
    connection: psycopg.Connection, fleet_numbers: Iterable[str], depot_ids: list[int] | None
) -> dict[str, NamedVehicle]:
    """The vehicles of these numbers, by number; unknown ones are left out. Depots as in find_devices."""
    found: dict[str, NamedVehicle] = {}
    numbers = _storable(fleet_numbers)
    for row in fetch_rows(connection, "list_stays_by_number", fleet_numbers=numbers, depot_ids=depot_ids):
        vehicle = NamedVehicle(row["vehicle_id"], row["is_within_reach"])
        vehicle = found.setdefault(row["fleet_number"], vehicle)
        if row["id"] is not None:
            vehicle.stays.append(_read_stay(row, row["is_within_reach"]))
    for vehicle in found.values():
        vehicle.stays.sort(key=_leaving)
    return found


def _read_stay(row: dict[str, Any], is_within_reach: bool) -> Stay:
    return Stay(
        row["id"], row["vehicle_id"], row["starts_at"], row["ends_at"], row["is_disabled"], is_within_reach
    )


def _leaving(stay: Stay) -> tuple[bool, float]:
    return stay.ends_at is None, stay.ends_at.timestamp() if stay.ends_at else 0.0


def _storable(names: Iterable[str]) -> list[str]:
    """A text with the character 0 names nothing, and is none for the database."""
    return [name for name in set(names) if "\0" not in name]
