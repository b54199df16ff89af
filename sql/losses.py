"""The loss ledger: what became of each device's fixes on each UTC day, and where some are missing.

What counts as a gap is said by the SQL function measure_device_day; docs/ledger.md says it for people. One
device's day is measured when asked for. A whole fleet's day is recorded once, some devices at a time, so that
no transaction lasts long and one that is interrupted goes on where it stopped.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import psycopg

from sql.fleet import FleetError
from sql.queries import queries

DEVICES_AT_ONCE = 200
ROWS_SHOWN = 20


class DeviceDay(NamedTuple):
    """One device's day. received = stored + duplicate + quarantined; interval_s is None below two fixes.

    missing_s is the length of all gaps together, missing_fixes how many fixes would have lain in them.
    """

    uid: str
    received: int
    stored: int
    duplicate: int
    quarantined: int
    interval_s: float | None
    gaps: int
    longest_gap_s: float
    missing_s: float
    missing_fixes: int


class FleetDay(NamedTuple):
    """The day of all devices together; `silent` is how many of them sent nothing at all."""

    devices: int
    received: int
    stored: int
    duplicate: int
    quarantined: int
    gaps: int
    missing_fixes: int
    silent: int


def measure_device_day(connection: psycopg.Connection, uid: str, day: date) -> DeviceDay:
    """The ledger of one device on one UTC day, as of now. Raises FleetError for an unknown uid."""
    row = queries.get_device_day(connection, uid=uid, day=day)
    if row is None:
        raise FleetError(f"uid: no device has the uid {uid!r}")
    return DeviceDay(uid, *row)


def record_day(connection: psycopg.Connection, day: date, again: bool = False) -> int:
    """Record the ledger of every device, with `again` also of those that have one; returns of how many.

    The connection must not be in a transaction: each few devices are one of their own.
    """
    recorded, after = 0, 0
    while True:
        with connection.transaction():
            count, last = queries.record_device_days(
                connection, day=day, after=after, again=again, most=DEVICES_AT_ONCE
            )
        if not count:
            return recorded
        recorded, after = recorded + count, last


def list_fleet_day(connection: psycopg.Connection, day: date) -> list[DeviceDay]:
    """The recorded ledgers of one day, the greatest losses first; empty where none were recorded."""
    return [DeviceDay(*row) for row in queries.list_device_days(connection, day=day)]


def sum_fleet_day(connection: psycopg.Connection, day: date) -> FleetDay:
    """What the recorded ledgers of one day come to."""
    return FleetDay(*queries.sum_device_days(connection, day=day))


def describe_device_days(days: Sequence[tuple[date, DeviceDay]]) -> str:
    """Ledgers for a person, a line each under a heading."""
    heading = (
        f"{'day':10}  {'device':24}  {'received':>8}  {'stored':>8}  {'double':>8}  {'aside':>8}"
        f"  {'every':>8}  {'gaps':>5}  {'longest':>8}  {'missing':>8}"
    )
    lines = [
        f"{day}  {row.uid:24}  {row.received:8}  {row.stored:8}  {row.duplicate:8}  {row.quarantined:8}"
        f"  {_say_seconds(row.interval_s):>8}  {row.gaps:5}  {_say_seconds(row.longest_gap_s):>8}"
        f"  {row.missing_fixes:8}"
        for day, row in days
    ]
    return "\n".join([heading, *lines])


def describe_fleet_day(day: date, total: FleetDay, rows: Sequence[DeviceDay]) -> str:
    """A fleet's day for a person: the sums, and the devices that lost most."""
    sums = (
        f"{day}: {total.received} received, of these {total.stored} stored, {total.duplicate} duplicate and"
        f" {total.quarantined} quarantined; {total.gaps} gaps with about {total.missing_fixes} fixes missing;"
        f" {total.silent} of {total.devices} devices silent"
    )
    shown = [(day, row) for row in rows[:ROWS_SHOWN]]
    return "\n".join([sums, describe_device_days(shown), f"{len(shown)} of {total.devices} devices"])


def _say_seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.0f} s"
