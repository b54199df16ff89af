"""The API of what belongs to a record: documents and odometer readings, by the rules of their pages."""

from typing import Any

from apiflask import APIBlueprint
from marshmallow import fields

from sql.queries import queries
from sql.records import Conflict, RecordError
from web import database
from web.forms import Field, make_schema
from web.problems import Changed, InvalidFields
from web.records import documents, odometer
from web.records.api import OUT, make_many
from web.records.kind import Kind
from web.records.pages import explain

REFUSALS = [401, 403, 404, 422]


def make_odometer_api(kind: Kind) -> APIBlueprint:
    """The readings of a vehicle's odometer; its endpoints are named in web.rights."""
    api = APIBlueprint(
        "api_vehicle_odometer", __name__, url_prefix="/api/v1/vehicles/<int:id>/odometer", tag="Vehicles"
    )
    kept = (*odometer.READINGS.fields, *odometer.READINGS.found)
    one = make_schema(kept, "Reading", id=fields.Integer(), created_at=fields.DateTime())
    given = make_schema(odometer.READINGS.fields, "NewReading")

    @api.get("")
    @api.output(make_many("ReadingList", one))
    @api.doc(summary="List a vehicle's odometer readings, the newest first", security="bearer")
    def list_all(id: int) -> Any:
        with database.connection() as connection:
            row = kind.open(connection).get(id)
            items = odometer.load(connection, row)
            return {
                "items": items,
                "total": queries.count_readings(connection, vehicle_id=id),
                "next": None,
            }

    @api.post("")
    @api.input(given, arg_name="values")
    @api.output(one, status_code=201)
    @api.doc(
        summary="Add an odometer reading",
        description="One that is lower than what the trips before it lead to comes back as a correction.",
        security="bearer",
        responses=REFUSALS,
    )
    def add(id: int, values: dict[str, Any]) -> Any:
        try:
            with database.connection() as connection:
                return odometer.keep(kind, connection, id, {"notes": "", **values})
        except RecordError as error:
            raise InvalidFields(odometer.explain(error)) from error

    return api


def make_documents_api(owner: Kind) -> APIBlueprint:
    """The documents of this kind of owner, without their scans; its endpoints are named in web.rights."""
    noun = owner.noun
    given_fields: tuple[Field, ...] = documents.list_fields(noun)
    names = [field.name for field in given_fields]
    api = APIBlueprint(
        f"api_{noun}_documents",
        __name__,
        url_prefix=f"/api/v1/{owner.table}/<int:owner_id>/documents",
        tag=owner.table.capitalize(),
    )
    prefix = noun.capitalize()
    one = make_schema(given_fields, f"{prefix}Document", **OUT)
    given = make_schema(given_fields, f"New{prefix}Document")
    changed = make_schema(
        given_fields,
        f"Changed{prefix}Document",
        version=fields.Integer(required=True),
        archived=fields.Boolean(),
    )(partial=(*names, "archived"))

    @api.get("")
    @api.output(make_many(f"{prefix}DocumentList", one))
    @api.doc(summary=f"List the documents of a {noun}", security="bearer", responses=[401, 403, 404])
    def list_all(owner_id: int) -> Any:
        with database.connection() as connection:
            owner.open(connection).get(owner_id)
            items = documents.list_documents(connection, noun, owner_id)
            return {"items": items, "total": len(items), "next": None}

    @api.post("")
    @api.input(given, arg_name="values")
    @api.output(one, status_code=201)
    @api.doc(summary=f"Add a document of a {noun}", security="bearer", responses=REFUSALS)
    def add(owner_id: int, values: dict[str, Any]) -> Any:
        empty = {"number": "", "notes": "", "expires_on": None, "file_id": None}
        whose = {"vehicle_id": None, "driver_id": None, f"{noun}_id": owner_id}
        with database.connection() as connection:
            owner.open(connection).get(owner_id)
            return documents.DOCUMENTS.open(connection).add({**empty, **values, **whose})

    @api.patch("/<int:id>")
    @api.input(changed, arg_name="values")
    @api.output(one)
    @api.doc(summary=f"Change a document of a {noun}", security="bearer", responses=[*REFUSALS, 409])
    def change(owner_id: int, id: int, values: dict[str, Any]) -> Any:
        version, archived = values.pop("version"), values.pop("archived", None)
        try:
            with database.connection() as connection:
                owner.open(connection).get(owner_id)
                records = documents.DOCUMENTS.open(connection)
                documents.find_document(records, noun, owner_id, id)
                row = records.change(id, version, values)
                if archived is not None and archived != (row["archived_at"] is not None):
                    row = (records.archive if archived else records.restore)(id, row["version"])
                return row
        except RecordError as error:
            raise InvalidFields(explain(documents.DOCUMENTS, error, values)) from error
        except Conflict as conflict:
            raise Changed(one().dump(conflict.current)) from conflict

    return api
