"""The API of assignments: that of any record, and what else can be done to them."""

from datetime import UTC, datetime
from typing import Any

from apiflask import APIBlueprint
from marshmallow import fields

from sql.records import Conflict, RecordError
from web import database
from web.forms import make_schema
from web.problems import Changed, InvalidFields
from web.records.api import OUT, make_api
from web.records.assignments import ASSIGNMENTS, INSTEAD
from web.records.pages import explain

FIELDS = (*ASSIGNMENTS.fields, *ASSIGNMENTS.found)
VERSION = {"version": fields.Integer(required=True)}


def make_assignments_api() -> APIBlueprint:
    """The blueprint; its endpoints are named in web.rights."""
    one = make_schema(FIELDS, "Assignment", **OUT)
    versioned = make_schema((), "Version", **VERSION)
    instead = make_schema(INSTEAD, "Substitution", **VERSION)(
        partial=("vehicle_id", "driver_id", "ends_at", "notes")
    )
    api = make_api(ASSIGNMENTS)

    def act(action: str, id: int, version: int, *given: Any) -> Any:
        try:
            with database.connection() as connection:
                return getattr(ASSIGNMENTS.open(connection), action)(id, version, *given)
        except RecordError as error:
            raise InvalidFields(explain(ASSIGNMENTS, error, {})) from error
        except Conflict as conflict:
            raise Changed(one().dump(conflict.current)) from conflict

    @api.post("/<int:id>/end")
    @api.input(versioned, arg_name="values")
    @api.output(one)
    @api.doc(summary="End an assignment now", security="bearer", responses=[401, 403, 404, 409, 422])
    def end(id: int, values: dict[str, Any]) -> Any:
        return act("end", id, values["version"], datetime.now(UTC))

    @api.post("/<int:id>/substitute")
    @api.input(instead, arg_name="values")
    @api.output(one, status_code=201)
    @api.doc(
        summary="Another vehicle or driver for a part of an assignment",
        security="bearer",
        responses=[401, 403, 404, 409, 422],
    )
    def substitute(id: int, values: dict[str, Any]) -> Any:
        given = {"vehicle_id": None, "driver_id": None, "ends_at": None, "notes": "", **values}
        return act("substitute", id, given.pop("version"), given)

    @api.delete("/<int:id>")
    @api.input(versioned, location="query", arg_name="values")
    @api.output({}, status_code=204)
    @api.doc(summary="Remove an assignment", security="bearer", responses=[401, 403, 404, 409, 422])
    def remove(id: int, values: dict[str, Any]) -> Any:
        act("remove", id, values["version"])
        return ""

    return api
