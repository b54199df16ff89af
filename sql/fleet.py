"""Vehicles and their devices: adding, adopting, disabling. The pages and the command line both ask here."""

from collections.abc import Iterable

import psycopg

from sql.queries import queries


class FleetError(Exception):
    """The fleet's records do not allow this; the message says which and why."""


def adopt_devices(connection: psycopg.Connection, uids: Iterable[str]) -> int:
    """Make a device, and a vehicle of the same name, for each uid without one; returns how many were new."""
    with connection.transaction():
        return int(queries.add_devices_with_vehicles(connection, uids=sorted(set(uids))))


def add_device(connection: psycopg.Connection, uid: str, fleet_number: str | None) -> int:
    """Add a device, in the named vehicle where one is given; returns its id. Raises FleetError."""
    try:
        with connection.transaction():
            vehicle_id = None
            if fleet_number is not None:
                vehicle_id = queries.add_vehicle_if_absent(connection, fleet_number=fleet_number)
            return int(queries.register_device(connection, uid=uid, vehicle_id=vehicle_id))
    except psycopg.errors.UniqueViolation as error:
        taken = "vehicle" if "vehicle" in (error.diag.constraint_name or "") else "uid"
        subject = (
            f"vehicle {fleet_number!r} has a device already" if taken == "vehicle" else f"{uid!r} exists"
        )
        raise FleetError(f"{taken}: {subject}") from error
    except psycopg.errors.CheckViolation as error:
        raise FleetError("uid: must have between 1 and 200 characters") from error


def disable_device(connection: psycopg.Connection, uid: str) -> None:
    """Refuse what this device sends from now on. Raises FleetError."""
    if queries.disable_device(connection, uid=uid) == 0:
        raise FleetError(f"uid: no device has the uid {uid!r}")


def list_devices(connection: psycopg.Connection) -> list[dict[str, object]]:
    """Every device with its vehicle and newest fix, by uid."""
    names = ("uid", "fleet_number", "disabled_at", "fix_time", "latitude", "longitude")
    return [dict(zip(names, row, strict=True)) for row in queries.list_devices_with_fixes(connection)]
