"""Who was within a geofence, and who is there now: a part of its page, and of the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from apiflask import APIBlueprint
from flask import Blueprint, Response, g, make_response, render_template, request
from flask_babel import gettext as _
from marshmallow import fields, validate

from sql.audit import Row
from sql.queries import fetch_rows, queries
from sql.users import list_reach
from web import database
from web.forms import make_schema
from web.problems import InvalidFields
from web.records.api import make_many
from web.records.kind import Kind
from web.records.listing import read_place, write_place

PAGE, LONGEST_PAGE = 50, 1000


@dataclass(frozen=True)
class Visits:
    """The visits that answer, how many there are in all and go on now, and where the next part begins."""

    items: list[Row]
    total: int
    inside: int
    next: str | None


def list_visits(
    connection: psycopg.Connection, geofence_id: int, after: str = "", limit: int = PAGE
) -> Visits:
    """The visits of vehicles within reach: who is there now, then the latest."""
    reach = list_reach(connection, g.user)
    of = {"geofence_id": geofence_id, "depot_ids": reach}
    rows = fetch_rows(connection, "list_visits", **of, **read_start(after), most=limit + 1)
    total, inside = queries.count_visits(connection, **of)
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = write_place(write_entry(last), last["device_id"])
    return Visits(rows[:limit], total, inside, following)


def write_entry(visit: Row) -> str:
    """Where a visit is in the list, but for its device."""
    return f"{'left' if visit['left_at'] else 'there'} {visit['entered_at'].isoformat()}"


def read_start(after: str) -> Row:
    """Where the next part of the list begins. Raises InvalidFields."""
    entry, device_id = read_place(after) or ("there", None)
    state, _space, entered_at = entry.partition(" ")
    try:
        start = datetime.fromisoformat(entered_at) if device_id is not None else None
    except ValueError as error:
        raise InvalidFields({"after": _("This is not the `next` of an earlier answer.")}) from error
    return {"is_inside": state == "there", "entered_at": start, "device_id": device_id}


def load(connection: psycopg.Connection, row: Row) -> Visits:
    """The newest of a geofence's visits."""
    return list_visits(connection, row["id"])


def make_pages(kind: Kind) -> Blueprint:
    """More of the visits, for htmx; its endpoints are named in web.rights."""
    pages = Blueprint("geofence_visits", __name__, url_prefix=f"/{kind.table}/<int:id>/visits")

    @pages.get("")
    def list_all(id: int) -> Response:
        """The rows after those that are shown."""
        with database.connection() as connection:
            row = kind.open(connection).get(id)
            visits = list_visits(connection, id, request.args.get("after", ""))
        shown = request.args.get("shown", 0, int)
        return make_response(render_template("geofences/visits.html", row=row, part=visits, shown=shown))

    return pages


def make_api(kind: Kind) -> APIBlueprint:
    """The visits of a geofence; its endpoints are named in web.rights."""
    api = APIBlueprint(
        "api_geofence_visits", __name__, url_prefix="/api/v1/geofences/<int:id>/visits", tag="Geofences"
    )
    one = make_schema(
        (),
        "Visit",
        device_id=fields.Integer(),
        uid=fields.String(metadata={"description": "of the device"}),
        vehicle_id=fields.Integer(allow_none=True),
        fleet_number=fields.String(allow_none=True),
        entered_at=fields.DateTime(),
        left_at=fields.DateTime(allow_none=True, metadata={"description": "null while it is there"}),
    )
    query = make_schema(
        (),
        "VisitQuery",
        after=fields.String(load_default="", metadata={"description": "the `next` of the part before"}),
        limit=fields.Integer(load_default=PAGE, validate=validate.Range(1, LONGEST_PAGE)),
    )

    @api.get("")
    @api.input(query, location="query", arg_name="asked")
    @api.output(make_many("VisitList", one))
    @api.doc(
        summary="List a geofence's visits: who is there now, then the latest",
        security="bearer",
        responses=[401, 403, 404, 422],
    )
    def list_all(id: int, asked: dict[str, Any]) -> Any:
        with database.connection() as connection:
            kind.open(connection).get(id)
            found = list_visits(connection, id, asked["after"], asked["limit"])
        return {"items": found.items, "total": found.total, "next": found.next}

    return api
