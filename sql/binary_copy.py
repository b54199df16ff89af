"""Rows of `positions` in PostgreSQL's binary COPY format.

Binary COPY takes twice as many rows a second as text COPY and costs the client a third (docs/decisions.md),
but the format is written here by hand: each field is a 4-byte length and its bytes in network order,
a null is the length -1. Layout: https://www.postgresql.org/docs/17/sql-copy.html, "Binary Format".
"""

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import orjson
from psycopg import Cursor

from devices.position import Position

COLUMNS = (
    "device_id, fix_time, received_at, latitude, longitude, "
    "speed_mps, course, altitude_m, accuracy_m, satellites, attributes"
)
KEY_COLUMNS = "device_id, fix_time"
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_JSONB_VERSION = 1

_pack_head = struct.Struct(">hii").pack
_pack_key = struct.Struct(">hiiiq").pack
_pack_place = struct.Struct(">iqiqidid").pack
_pack_motion = struct.Struct(">iqiqididifif").pack
_pack_float4 = struct.Struct(">if").pack
_pack_int2 = struct.Struct(">ih").pack
_pack_jsonb_head = struct.Struct(">ib").pack

_FIX_TIME_BYTES = 12


def timestamp_field(moment: datetime) -> int:
    """An aware datetime as PostgreSQL keeps it: microseconds since 2000-01-01 UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def encode_head(device_id: int) -> bytes:
    """How each row of a device begins; `encode_fields` gives the rest."""
    return _pack_head(11, 4, device_id)


def read_head(head: bytes) -> int:
    """The device id in a head."""
    return int.from_bytes(head[6:], "big")


def encode_fields(received: int, position: Position) -> bytes:
    """A row behind its head; `received` is a `timestamp_field`. ValueError where a value does not fit."""
    _, fix_time, latitude, longitude, speed, course, altitude, accuracy, satellites, _, attributes = position
    fix = (fix_time - _EPOCH) // _MICROSECOND
    try:
        if speed is None or course is None:
            row = (
                _pack_place(8, fix, 8, received, 8, latitude, 8, longitude)
                + (_NULL if speed is None else _pack_float4(4, speed))
                + (_NULL if course is None else _pack_float4(4, course))
            )
        else:  # what nearly every device says costs one call
            row = _pack_motion(8, fix, 8, received, 8, latitude, 8, longitude, 4, speed, 4, course)
        if altitude is None and accuracy is None and satellites is None:
            row += _NULL * 3
        else:
            row += (
                (_NULL if altitude is None else _pack_float4(4, altitude))
                + (_NULL if accuracy is None else _pack_float4(4, accuracy))
                + (_NULL if satellites is None else _pack_int2(2, satellites))
            )
        if not attributes:
            return row + _NULL
        document = orjson.dumps(attributes)
    except (struct.error, OverflowError, TypeError) as error:
        raise ValueError(f"a value does not fit its column: {error}") from error
    return row + _pack_jsonb_head(len(document) + 1, _JSONB_VERSION) + document


def row_key(head: bytes, fields: bytes) -> bytes:
    """What makes a row unique: its device and time of fix."""
    return head + fields[:_FIX_TIME_BYTES]


def encode_key(device_id: int, fix_time: datetime) -> bytes:
    """A row of KEY_COLUMNS alone."""
    return _pack_key(2, 4, device_id, 8, timestamp_field(fix_time))


def copy_rows(cursor: Cursor, table: str, pieces: Iterable[bytes], columns: str = COLUMNS) -> None:
    """Send encoded rows, whole or in pieces, into `table`, one of our own names (never a user's text)."""
    with cursor.copy(f"/* copy_rows */ COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"".join((_HEADER, *pieces, _TRAILER)))
