"""The API of trips, stops, events and positions: what has happened, for programs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apiflask import APIBlueprint
from flask_babel import gettext as _
from marshmallow import fields, validate

from sql import trips
from sql.audit import Row
from sql.trips import KINDS, Matching
from web import database
from web.forms import make_schema
from web.problems import InvalidFields
from web.records.api import make_many
from web.records.listing import LONGEST_PAGE, PAGE
from web.trips.asked import match, read_event_key, read_key, write_event_key, write_key, write_start
from web.trips.pages import find_trip

MOST_POSITIONS = 10_000
DEFAULT_SPAN = timedelta(days=1)
LARGEST_ID = 2**31 - 1
REFUSALS = [401, 403, 422]

api = APIBlueprint("api_trips", __name__, url_prefix="/api/v1", tag="Trips")


def number(description: str = "") -> fields.Field[Any]:
    """An amount that may be unknown."""
    return fields.Float(allow_none=True, metadata={"description": description} if description else {})


WHO: dict[str, fields.Field[Any]] = {
    "device_id": fields.Integer(),
    "vehicle_id": fields.Integer(allow_none=True, metadata={"description": "in which the device sat then"}),
    "vehicle": fields.String(
        metadata={"description": "its fleet number; the device's uid where it sat in none"}
    ),
    "driver_id": fields.Integer(
        allow_none=True, metadata={"description": "who drove then; null to who may not know"}
    ),
    "driver": fields.String(allow_none=True),
    "started_at": fields.DateTime(),
}
PLACE = {"description": "the depot or geofence: kind, id and name; null where it was at none"}
TRIP = make_schema(
    (),
    "Trip",
    **WHO,
    ended_at=fields.DateTime(),
    is_open=fields.Boolean(metadata={"description": "whether it goes on"}),
    distance_m=fields.Float(),
    moving_s=fields.Float(),
    idle_s=fields.Float(),
    top_speed_mps=number(),
    mean_speed_mps=number("while it moved"),
    start_latitude=fields.Float(),
    start_longitude=fields.Float(),
    start_place=fields.Dict(allow_none=True, metadata=PLACE),
    end_latitude=fields.Float(),
    end_longitude=fields.Float(),
    end_place=fields.Dict(allow_none=True, metadata=PLACE),
    start_odometer_m=number(),
    end_odometer_m=number(),
    fuel_used_l=number(),
    fuel_used_percent=number(),
    fixes=fields.Integer(),
    stop_started_at=fields.DateTime(allow_none=True, metadata={"description": "of the stop that followed"}),
    stop_ended_at=fields.DateTime(allow_none=True),
    stop_is_open=fields.Boolean(allow_none=True),
    stop_idle_s=number(),
)
STOP = make_schema(
    (),
    "Stop",
    **WHO,
    ended_at=fields.DateTime(),
    is_open=fields.Boolean(metadata={"description": "whether it stands there still"}),
    idle_s=fields.Float(metadata={"description": "how long its engine ran"}),
    latitude=fields.Float(),
    longitude=fields.Float(),
    place=fields.Dict(allow_none=True, metadata=PLACE),
)
EVENT = make_schema(
    (),
    "Event",
    **WHO,
    kind=fields.String(validate=validate.OneOf(KINDS)),
    ended_at=fields.DateTime(allow_none=True, metadata={"description": "null while it lasts"}),
    latitude=fields.Float(),
    longitude=fields.Float(),
    value=number("in the unit of the kind: m/s, m/s2, metres, percent or volts"),
    limit_value=number("in the same"),
    detail=fields.String(),
    geofence_id=fields.Integer(metadata={"description": "0 where it has nothing to do with one"}),
    geofence=fields.String(allow_none=True),
    place=fields.Dict(allow_none=True, metadata=PLACE),
    trip_started_at=fields.DateTime(
        allow_none=True, metadata={"description": "of the trip it fell in or followed"}
    ),
    fixes=fields.List(
        fields.Raw(), metadata={"description": "that show it: epoch ms, latitude, longitude, m/s, course"}
    ),
)
POSITION = make_schema(
    (),
    "StoredPosition",
    device_id=fields.Integer(),
    vehicle_id=fields.Integer(),
    fix_time=fields.DateTime(),
    received_at=fields.DateTime(),
    latitude=fields.Float(),
    longitude=fields.Float(),
    speed_mps=number(),
    course=number(),
    altitude_m=number(),
    accuracy_m=number(),
    satellites=fields.Integer(allow_none=True),
    attributes=fields.Dict(allow_none=True),
)


def make_query(name: str, longest: int = LONGEST_PAGE, **more: fields.Field[Any]) -> Any:
    """What a list may be asked for."""
    an_id = validate.Range(1, LARGEST_ID)
    span = {
        "from": fields.AwareDateTime(
            default_timezone=UTC, metadata={"description": "a day before `to` unless given"}
        ),
        "to": fields.AwareDateTime(default_timezone=UTC, metadata={"description": "now unless given"}),
    }
    members: dict[str, fields.Field[Any]] = {
        "vehicle": fields.Integer(validate=an_id, metadata={"description": "the id of a vehicle"}),
        "driver": fields.Integer(validate=an_id, metadata={"description": "the id of a driver"}),
        **span,
        "after": fields.String(metadata={"description": "the `next` of the part before"}),
        "limit": fields.Integer(
            validate=validate.Range(1, longest),
            metadata={"description": f"{PAGE} unless given, at most {longest}"},
        ),
        **more,
    }
    return make_schema((), name, **members)


@api.get("/trips")
@api.input(make_query("TripQuery"), location="query", arg_name="asked")
@api.output(make_many("TripList", TRIP))
@api.doc(
    summary="List the trips that began in a time, the newest first", security="bearer", responses=REFUSALS
)
def list_trips(asked: dict[str, Any]) -> Any:
    """Trips of the fleet, of a vehicle or of a driver."""
    return page(asked, trips.list_trips, lambda *given: trips.sum_trips(*given)["trips"], read_key, write_key)


@api.get("/trips/<int:device_id>/<started_at>")
@api.output(TRIP)
@api.doc(summary="Get one trip", security="bearer", responses=[401, 403, 404])
def show_trip(device_id: int, started_at: str) -> Any:
    """One trip, by its device and the moment at which it began."""
    return find_trip(device_id, started_at)


@api.get("/stops")
@api.input(make_query("StopQuery"), location="query", arg_name="asked")
@api.output(make_many("StopList", STOP))
@api.doc(
    summary="List the stops that began in a time, the newest first", security="bearer", responses=REFUSALS
)
def list_stops(asked: dict[str, Any]) -> Any:
    """Stops of the fleet, of a vehicle or of a driver."""
    return page(asked, trips.list_stops, trips.count_stops, read_key, write_key)


@api.get("/events")
@api.input(
    make_query("EventQuery", kind=fields.String(validate=validate.OneOf(KINDS))),
    location="query",
    arg_name="asked",
)
@api.output(make_many("EventList", EVENT))
@api.doc(
    summary="List the events that began in a time, the newest first", security="bearer", responses=REFUSALS
)
def list_events(asked: dict[str, Any]) -> Any:
    """Events of the fleet, of a vehicle or of a driver."""
    count = lambda *given: sum(trips.count_events(*given).values())  # noqa: E731
    return page(asked, trips.list_events, count, read_event_key, write_event_key)


@api.get("/positions")
@api.input(make_query("PositionQuery", MOST_POSITIONS), location="query", arg_name="asked")
@api.output(make_many("PositionList", POSITION))
@api.doc(
    summary="List the positions of a vehicle in a time, the first first",
    security="bearer",
    responses=REFUSALS,
)
def list_positions(asked: dict[str, Any]) -> Any:
    """Positions of a vehicle, or of a driver within their assignments."""
    if not asked.keys() & {"vehicle", "driver"}:
        raise InvalidFields({"vehicle": _("Name a vehicle or a driver.")})
    most = asked.get("limit", PAGE)
    matching, after = read_matching(asked), read_key(asked.get("after", ""))
    with database.connection() as connection:
        rows, total = trips.list_positions(connection, matching, after, most + 1)
    return {
        "items": rows[:most],
        "total": total,
        "next": write_key(rows[most - 1], "fix_time") if rows[most:] else None,
    }


def page(
    asked: dict[str, Any],
    list_rows: Callable[..., list[Row]],
    count: Callable[..., int],
    read_after: Callable[[str], Any],
    write_after: Callable[[Row], str],
) -> dict[str, Any]:
    """The part of a list that is asked for."""
    most = asked.get("limit", PAGE)
    matching, after = read_matching(asked), read_after(asked.get("after", ""))
    with database.connection() as connection:
        rows = list_rows(connection, matching, after, most + 1)
        has_more = len(rows) > most
        total = count(connection, matching) if has_more or after else len(rows)
    return {"items": rows[:most], "total": total, "next": write_after(rows[most - 1]) if has_more else None}


def read_matching(asked: dict[str, Any]) -> Matching:
    """What the database is asked for. Raises InvalidFields, Forbidden."""
    until = asked.get("to") or datetime.now(UTC)
    since = asked.get("from") or until - DEFAULT_SPAN
    if since >= until:
        raise InvalidFields({"from": _("This must be before %(time)s.", time=write_start(until))})
    kinds = [asked["kind"]] if "kind" in asked else None
    return match(since, until, vehicle_id=asked.get("vehicle"), driver_id=asked.get("driver"), kinds=kinds)
