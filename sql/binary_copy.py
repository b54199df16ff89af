"""Rows of `positions` in PostgreSQL's binary COPY format.

Binary COPY takes twice as many rows a second as text COPY and costs the client a third (docs/decisions.md),
but the format is written here by hand: each field is a 4-byte length and its bytes in network order,
a null is the length -1. Layout: https://www.postgresql.org/docs/17/sql-copy.html, "Binary Format".
"""

import struct
from collections.abc import Iterable
from datetime import datetime

import orjson
from psycopg import Cursor

from devices.position import Position

COLUMNS = (
    "device_id, fix_time, received_at, latitude, longitude, "
    "speed_mps, course, altitude_m, accuracy_m, satellites, attributes"
)
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_EPOCH_2000_S = 946_684_800
_JSONB_VERSION = 1

_pack_head = struct.Struct(">hiiiqiqidid").pack
_pack_float4 = struct.Struct(">if").pack
_pack_int2 = struct.Struct(">ih").pack
_pack_jsonb_head = struct.Struct(">ib").pack


def timestamp_field(moment: datetime) -> int:
    """An aware datetime as PostgreSQL keeps it: microseconds since 2000-01-01 UTC."""
    return round((moment.timestamp() - _EPOCH_2000_S) * 1_000_000)


def encode_row(device_id: int, received: int, position: Position) -> bytes:
    """One row; `received` is a `timestamp_field`. Raises ValueError where a value does not fit its column."""
    _, fix_time, latitude, longitude, speed, course, altitude, accuracy, satellites, _, attributes = position
    fix = timestamp_field(fix_time)
    try:
        row = (
            _pack_head(11, 4, device_id, 8, fix, 8, received, 8, latitude, 8, longitude)
            + (_NULL if speed is None else _pack_float4(4, speed))
            + (_NULL if course is None else _pack_float4(4, course))
            + (_NULL if altitude is None else _pack_float4(4, altitude))
            + (_NULL if accuracy is None else _pack_float4(4, accuracy))
            + (_NULL if satellites is None else _pack_int2(2, satellites))
        )
        if not attributes:
            return row + _NULL
        document = orjson.dumps(attributes)
    except (struct.error, OverflowError, TypeError) as error:
        raise ValueError(f"a value does not fit its column: {error}") from error
    return row + _pack_jsonb_head(len(document) + 1, _JSONB_VERSION) + document


def row_key(encoded: bytes) -> bytes:
    """What makes an encoded row unique: its device and time of fix."""
    return encoded[2:22]


def copy_rows(cursor: Cursor, table: str, rows: Iterable[bytes]) -> None:
    """Send encoded rows into `table`, one of our own names (never a user's text)."""
    with cursor.copy(f"COPY {table} ({COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"".join((_HEADER, *rows, _TRAILER)))
