"""Trips, stops and events as they are exported: what began in a time, as far as the person may see it."""

from collections.abc import Iterator
from typing import Any

import psycopg
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from sql import trips
from sql.audit import Row
from sql.queries import queries
from sql.streams import stream_rows
from web import values
from web.event_kinds import EVENT_KINDS, find_kind
from web.exports.asks import DEPOT, VEHICLE, ask_times, read_id, read_times, whose
from web.exports.exportable import Asked, Describe, Exportable
from web.forms import Field
from web.problems import InvalidFields
from web.tables.writing.feature import Feature, Point
from web.trips.asked import DRIVERS, match

LARGEST = 1e12
KINDS = tuple((name, kind.label) for name, kind in EVENT_KINDS.items())


def text(name: str, label: Any, **more: Any) -> Field:
    """A column of words."""
    return Field(name, label, values.text(1000), **more)


def amount(name: str, label: Any, show: str = "plain") -> Field:
    """A column of numbers, in SI units."""
    return Field(name, label, values.number(-LARGEST, LARGEST), show=show)


def moment(name: str, label: Any) -> Field:
    """A column of moments."""
    return Field(name, label, values.moment())


def yes(name: str, label: Any) -> Field:
    """A column of what is so or not."""
    return Field(name, label, values.yes())


WHO = (
    text("vehicle", _l("Vehicle")),
    text("driver", _l("Driver"), right=DRIVERS),
    moment("started_at", _l("Began")),
    moment("ended_at", _l("Ended")),
)
WHERE = (amount("latitude", _l("Latitude")), amount("longitude", _l("Longitude")))
DEVICE = Field("device_id", _l("Device"), values.whole(1, 2**31 - 1), of="device")
ASKS = (VEHICLE, whose("driver", _l("All drivers"), DRIVERS), DEPOT)


def read_matching(asked: Asked, usual: str = "week", **more: Any) -> trips.Matching:
    """What the database is asked for. Raises InvalidFields, Forbidden."""
    since, until = read_times(asked, usual)
    ids = {f"{noun}_id": read_id(asked, noun) for noun in ("vehicle", "driver", "depot")}
    return match(since, until, **ids, **more)


def name_places(rows: Iterator[Row], *columns: str) -> Iterator[Row]:
    """The rows with the names of their places instead of all that is known of these."""
    for row in rows:
        for column in columns:
            row[column] = (row[column] or {}).get("name")
        yield row


def read_trips(connection: psycopg.Connection, asked: Asked) -> Iterator[Row]:
    """The trips that began in a time, the newest first."""
    statement = trips.ask_for_all(connection, "list_trips", read_matching(asked))
    return name_places(stream_rows(connection, *statement), "start_place", "end_place")


def read_stops(connection: psycopg.Connection, asked: Asked) -> Iterator[Row]:
    """The stops that began in a time, the newest first."""
    statement = trips.ask_for_all(connection, "list_stops", read_matching(asked))
    return name_places(stream_rows(connection, *statement), "place")


def read_events(connection: psycopg.Connection, asked: Asked) -> Iterator[Row]:
    """The events that began in a time, the newest first."""
    kind = asked.get("kind", "")
    if kind and kind not in EVENT_KINDS:
        raise InvalidFields({"kind": _("There is no such kind of event.")})
    matching = read_matching(asked, kinds=[kind] if kind else None)
    statement = trips.ask_for_all(connection, "list_events", matching)
    return name_places(stream_rows(connection, *statement), "place")


def make_point(fix: Row) -> Point:
    """A fix as a point of a way."""
    names = ("longitude", "latitude", "fix_time", "altitude_m", "speed_mps", "course")
    return Point(*(fix[name] for name in names))


def draw_trips(connection: psycopg.Connection, rows: Iterator[Row], describe: Describe) -> Iterator[Feature]:
    """The way of each trip, with all its fixes."""
    for row in rows:
        until = min(filter(None, (row["ended_at"], row["installed_until"])))
        asked = {"device_id": row["device_id"], "since": row["started_at"], "until": until}
        fixes = stream_rows(connection, queries.export_trip_positions.sql, asked)
        track = tuple(map(make_point, fixes))
        name, told = describe(row, None)
        yield Feature(name, told, None, track, row["started_at"])


TRIPS = Exportable(
    name="trips",
    title=_l("Trips"),
    right="see trips",
    rows=read_trips,
    asks=(*ASKS, *ask_times("week")),
    columns=(
        *WHO,
        yes("is_open", _l("Goes on")),
        amount("distance_m", _l("Distance"), "distance"),
        amount("moving_s", _l("Driving"), "hours"),
        amount("idle_s", _l("Idling"), "hours"),
        amount("top_speed_mps", _l("Top speed"), "speed"),
        amount("mean_speed_mps", _l("Mean speed"), "speed"),
        text("start_place", _l("From place")),
        amount("start_latitude", _l("From latitude")),
        amount("start_longitude", _l("From longitude")),
        text("end_place", _l("To place")),
        amount("end_latitude", _l("To latitude")),
        amount("end_longitude", _l("To longitude")),
        amount("start_odometer_m", _l("Odometer at the beginning"), "odometer"),
        amount("end_odometer_m", _l("Odometer at the end"), "odometer"),
        amount("fuel_used_l", _l("Fuel"), "volume"),
        amount("fuel_used_percent", _l("Fuel, of the tank"), "percent"),
        Field("fixes", _l("Fixes"), values.whole(0, 2**31 - 1)),
        DEVICE,
    ),
    rare=("is_open", "start_odometer_m", "end_odometer_m", "fuel_used_percent", "fixes", "device_id"),
    tracks=draw_trips,
    named_by="vehicle",
    at="started_at",
)
STOPS = Exportable(
    name="stops",
    title=_l("Stops"),
    right="see trips",
    rows=read_stops,
    asks=(*ASKS, *ask_times("week")),
    columns=(
        *WHO,
        yes("is_open", _l("Goes on")),
        amount("idle_s", _l("Idling"), "hours"),
        text("place", _l("Place")),
        *WHERE,
        DEVICE,
    ),
    rare=("is_open", "device_id"),
    place=("latitude", "longitude"),
    named_by="vehicle",
    at="started_at",
)
EVENTS = Exportable(
    name="events",
    title=_l("Events"),
    right="see events",
    rows=read_events,
    asks=(
        Field("kind", _l("All kinds"), values.text(40), input="select", choices=KINDS),
        *ASKS,
        *ask_times("week"),
    ),
    columns=(
        Field("kind", _l("Kind"), values.text(40), choices=KINDS),
        *WHO,
        amount("value", _l("Value")),
        amount("limit_value", _l("Limit")),
        text("detail", _l("Detail")),
        text("geofence", _l("Geofence")),
        text("place", _l("Place")),
        *WHERE,
        moment("trip_started_at", _l("Trip began")),
        DEVICE,
    ),
    rare=("trip_started_at", "device_id"),
    place=("latitude", "longitude"),
    named_by="vehicle",
    at="started_at",
    tell={
        "value": lambda row: find_kind(row["kind"]).measure(row["value"]),
        "limit_value": lambda row: find_kind(row["kind"]).measure(row["limit_value"]),
    },
)
