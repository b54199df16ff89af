"""Stretches of positions as arrays, for whoever computes over many: a million rows in a few seconds.

Each row comes by binary COPY with every column present (NaN where the device did not say), so that all rows
are equally long and numpy reads the whole answer in one step.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import psycopg

from sql.queries import queries

Fixes = npt.NDArray[Any]  # a structured array of FIX

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's own
MICROSECOND = timedelta(microseconds=1)
IGNITION_UNKNOWN, IGNITION_OFF, IGNITION_ON = -1, 0, 1

# As the query read_fixes selects them: times are microseconds since EPOCH, the rest SI units and degrees.
COLUMNS = (
    ("stretch", "i4"),
    ("time", "i8"),
    ("received", "i8"),
    ("latitude", "f8"),
    ("longitude", "f8"),
    ("speed", "f4"),
    ("course", "f4"),
    ("accuracy", "f4"),
    ("ignition", "i2"),
    ("odometer", "f8"),
    ("fuel_percent", "f8"),
    ("fuel_l", "f8"),
    ("battery", "f8"),
    ("power", "f8"),
    ("has_event", "i2"),
)
FIX = np.dtype(list(COLUMNS))
WIRE = np.dtype(
    [
        ("columns", ">i2"),
        *(
            part
            for name, kind in COLUMNS
            for part in ((f"{name} length", ">i4"), (name, np.dtype(kind).newbyteorder(">")))
        ),
    ]
)
HEADER_BYTES, TRAILER_BYTES = 19, 2


class Stretch(NamedTuple):
    """The fixes of a device from `since` to `until`, which is left out."""

    device_id: int
    since: datetime
    until: datetime


def read_fixes(connection: psycopg.Connection, stretches: Sequence[Stretch], most: int) -> list[Fixes]:
    """The fixes of each stretch, in order of time, at most the first `most` of each."""
    parameters = {
        "most": most,
        "device_ids": [stretch.device_id for stretch in stretches],
        "since": [stretch.since for stretch in stretches],
        "until": [stretch.until for stretch in stretches],
    }
    with connection.cursor() as cursor, cursor.copy(queries.read_fixes.sql, parameters) as copy:
        answer = b"".join(bytes(piece) for piece in copy)
    rows = np.frombuffer(answer[HEADER_BYTES:-TRAILER_BYTES], WIRE)
    fixes = np.empty(len(rows), FIX)
    for name, _ in COLUMNS:
        fixes[name] = rows[name]
    fixes = fixes[np.lexsort((fixes["time"], fixes["stretch"]))]
    edges = np.searchsorted(fixes["stretch"], np.arange(1, len(stretches)))
    return np.split(fixes, edges)


def read_event_names(
    connection: psycopg.Connection, stretches: Sequence[Stretch]
) -> dict[tuple[int, datetime], str]:
    """What the devices themselves called an event, by device and time of the fix."""
    rows = queries.list_event_names(
        connection,
        device_ids=[stretch.device_id for stretch in stretches],
        since=[stretch.since for stretch in stretches],
        until=[stretch.until for stretch in stretches],
    )
    return {(device_id, fix_time): name for device_id, fix_time, name in rows}


def to_moment(microseconds: int) -> datetime:
    """A time of these arrays as a moment in UTC."""
    return EPOCH + timedelta(microseconds=int(microseconds))


def from_moment(moment: datetime) -> int:
    """A moment as these arrays have it; the ends of time stay within what they can hold."""
    return (moment - EPOCH) // MICROSECOND
