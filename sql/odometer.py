"""How far vehicles have gone: a reading goes in where it fits between those before and after it."""

from datetime import datetime, timedelta
from typing import Any

import psycopg

from sql import audit
from sql.audit import Author, Row
from sql.queries import fetch_rows, queries
from sql.records import RecordError

LAST_OF_MINUTE = timedelta(seconds=59)


class DoesNotFit(RecordError):
    """A reading is lower than an earlier one, or higher than a later one: `other` is that one."""

    def __init__(self, reason: str, other: Row) -> None:
        super().__init__("odometer_m", reason)
        self.other = other


def add_reading(
    connection: psycopg.Connection,
    author: Author,
    vehicle_id: int,
    read_at: datetime,
    odometer_m: float,
    is_correction: bool = False,
    notes: str = "",
    source: str = "entered",
) -> Row:
    """Keep a reading. Raises RecordError.

    A correction may be lower than what came before it, and everything after it counts from there; a
    reading that is none may not. Of several in one minute, which is as exact as people enter it, the
    later entered is the later one.
    """
    try:
        with connection.transaction():
            queries.lock_vehicle(connection, vehicle_id=vehicle_id)
            where: dict[str, Any] = {"vehicle_id": vehicle_id, "read_at": read_at}
            if read_at.second == 0 and read_at.microsecond == 0:
                where["read_at"] = read_at + LAST_OF_MINUTE
            before = fetch_rows(connection, "find_reading_before", **where)
            where["read_at"] = read_at
            if before and before[0]["read_at"] >= read_at:
                if before[0]["odometer_m"] == odometer_m:
                    raise RecordError("read_at", "taken")
                where["read_at"] = before[0]["read_at"] + timedelta(seconds=1)
            if before and not is_correction and odometer_m < before[0]["odometer_m"]:
                raise DoesNotFit("lower", before[0])
            after = fetch_rows(connection, "find_reading_after", **where)
            if after and not after[0]["is_correction"] and odometer_m > after[0]["odometer_m"]:
                raise DoesNotFit("higher", after[0])
            reading = fetch_rows(
                connection,
                "add_reading",
                **where,
                odometer_m=odometer_m,
                source=source,
                is_correction=is_correction,
                notes=notes,
                user_id=author.user_id,
            )[0]
            audit.record_change(connection, author, "add", "odometer_readings", None, reading)
    except psycopg.errors.UniqueViolation as error:
        raise RecordError("read_at", "taken") from error
    return reading
