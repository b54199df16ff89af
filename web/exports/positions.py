"""Positions of a vehicle, a device or the fleet over a time: rows, or the ways that they make."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError

from sql import trips
from sql.audit import Row
from sql.queries import queries
from sql.streams import stream_rows
from web import values
from web.exports.asks import VEHICLE, ask_times, whose
from web.exports.exportable import Asked, Describe, Exportable
from web.exports.journeys import WHERE, amount, make_point, moment, read_matching
from web.forms import Field
from web.problems import InvalidFields
from web.records.references import Reference
from web.tables.writing.feature import Feature, Point
from web.trips.asked import DRIVERS

LONGEST_SILENCE = timedelta(minutes=5)
MOST_POINTS = 5_000
OF_A_WAY = ("device_id", "vehicle_id")  # what holds for all of its fixes


def read_positions(connection: psycopg.Connection, asked: Asked) -> Iterator[Row]:
    """The fixes of each device in turn, in order of time, with the vehicle that it sat in then."""
    matching = read_matching(asked, device_id=read_device(asked.get("device", "")))
    stretches = trips.list_stretches(connection, matching)
    stretches.sort(key=lambda stretch: (stretch.vehicle_id or 0, stretch.device_id, stretch.starts_at))
    return _read_stretches(connection, stretches)


def read_device(uid: str) -> int | None:
    """The device that is named; None where none is. Raises InvalidFields."""
    try:
        return int(Reference("device").deserialize(uid)) if uid.strip() else None
    except ValidationError as error:
        raise InvalidFields({"device": _("There is no such record.")}) from error


def _read_stretches(connection: psycopg.Connection, stretches: list[trips.Stretch]) -> Iterator[Row]:
    for stretch in stretches:
        asked = {
            "device_id": stretch.device_id,
            "vehicle_id": stretch.vehicle_id,
            "since": stretch.starts_at,
            "until": stretch.ends_at,
        }
        yield from stream_rows(connection, queries.export_positions.sql, asked)


def draw_ways(_connection: psycopg.Connection, rows: Iterator[Row], describe: Describe) -> Iterator[Feature]:
    """The ways that fixes make: a stretch for each time without a pause, and never too long to be held."""
    first: Row = {}
    points: list[Point] = []
    goes_on = False
    for row in rows:
        is_same = bool(points) and _is_same_way(first, points[-1], row)
        if points and (not is_same or len(points) == MOST_POINTS):
            yield _close(first, points, describe, goes_on)
            goes_on, points = is_same, points[-1:] if is_same else []
        if not is_same:
            first = row
        points.append(make_point(row))
    if points:
        yield _close(first, points, describe, goes_on)


def _is_same_way(first: Row, last: Point, row: Row) -> bool:
    assert last.time
    of = (first["device_id"], first["vehicle_id"])
    return of == (row["device_id"], row["vehicle_id"]) and row["fix_time"] - last.time <= LONGEST_SILENCE


def _close(first: Row, points: list[Point], describe: Describe, goes_on: bool) -> Feature:
    name, told = describe(first, OF_A_WAY)
    return Feature(name, told, None, tuple(points), points[0].time, goes_on)


POSITIONS = Exportable(
    name="positions",
    title=_l("Positions"),
    right="see trips",
    rows=read_positions,
    asks=(
        VEHICLE,
        whose("device", _l("All devices")),
        whose("driver", _l("All drivers"), DRIVERS),
        *ask_times("week"),
    ),
    columns=(
        Field("device_id", _l("Device"), values.whole(1, 2**31 - 1), of="device"),
        Field("vehicle_id", _l("Vehicle"), values.whole(1, 2**31 - 1), of="vehicle"),
        moment("fix_time", _l("Time")),
        *WHERE,
        amount("speed_mps", _l("Speed"), "speed"),
        amount("course", _l("Course")),
        amount("altitude_m", _l("Altitude"), "metres"),
        amount("accuracy_m", _l("Accuracy"), "metres"),
        Field("satellites", _l("Satellites"), values.whole(0, 1000)),
        Field("attributes", _l("Attributes"), values.text(100_000)),
        moment("received_at", _l("Received")),
    ),
    rare=("attributes", "received_at"),
    place=("latitude", "longitude"),
    tracks=draw_ways,
    named_by="vehicle_id",
    at="fix_time",
)
