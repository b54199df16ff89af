"""The API of exports: what there is, a file at once, and those that were made in the background."""

from typing import Any

from apiflask import APIBlueprint, Schema
from flask import Response, g, jsonify, make_response, request, url_for
from marshmallow import fields, validate

from sql.audit import Row
from sql.exports import list_runs
from web import database
from web.exports.cells import find_kind
from web.exports.delivery import deliver
from web.exports.desk import find_desk
from web.exports.exportable import Exportable
from web.exports.fetching import fetch as fetch_file
from web.exports.fetching import get_run
from web.exports.formats import FORMATS, list_formats
from web.exports.pages import queue
from web.exports.wanted import HEADERS, VALUES, read_wanted
from web.forms import make_schema
from web.records.api import make_many
from web.records.listing import PAGE, read_limit
from web.system.place import read_id

RUN = make_schema(
    (),
    "ExportRun",
    id=fields.Integer(),
    kind=fields.String(),
    format=fields.String(),
    way=fields.String(metadata={"description": "at once, background, schedule or command"}),
    state=fields.String(metadata={"description": "waiting, making, done or failed"}),
    created_at=fields.DateTime(),
    ended_at=fields.DateTime(allow_none=True),
    rows=fields.Integer(metadata={"description": "so far, while it is being made"}),
    bytes=fields.Integer(),
    file_name=fields.String(),
    kept_until=fields.DateTime(
        allow_none=True, metadata={"description": "until when its file can be fetched"}
    ),
    problem=fields.String(),
)


class ExportColumn(Schema):
    """A column that a file can have."""

    name = fields.String()
    label = fields.String()
    type = fields.String(metadata={"description": "text, whole, number, yes, day or moment"})
    is_usual = fields.Boolean(metadata={"description": "whether a file has it unless columns are named"})


class ExportKind(Schema):
    """What can be exported."""

    name = fields.String()
    title = fields.String()
    columns = fields.List(fields.Nested(ExportColumn))
    formats = fields.List(fields.String())
    filters = fields.List(fields.String(), metadata={"description": "which further parameters it takes"})


KINDS = make_schema((), "ExportKinds", items=fields.List(fields.Nested(ExportKind)))
QUERY = make_schema(
    (),
    "ExportQuery",
    format=fields.String(
        validate=validate.OneOf(list(FORMATS)), metadata={"description": "csv unless given"}
    ),
    columns=fields.String(metadata={"description": "names with commas between, in this order"}),
    values=fields.String(
        validate=validate.OneOf(VALUES),
        metadata={"description": "kept (SI units, for importing again; unless given) or words"},
    ),
    header=fields.String(validate=validate.OneOf(HEADERS), metadata={"description": "label unless given"}),
    delimiter=fields.String(metadata={"description": "of csv: comma, semicolon or tab"}),
    drawn_as=fields.String(metadata={"description": "on maps: lines or places"}),
)
RUNS_QUERY = make_schema((), "ExportRunQuery", after=fields.String(), limit=fields.Integer())

api = APIBlueprint("api_exports", __name__, url_prefix="/api/v1/exports", tag="Exports")


@api.get("/kinds")
@api.output(KINDS)
@api.doc(summary="List what can be exported", security="bearer", responses=[401, 403])
def list_kinds() -> Any:
    """What the person who asks may export."""
    return {"items": [describe(exportable) for exportable in find_desk().list_allowed()]}


@api.get("/<subject>")
@api.input(QUERY, location="query", arg_name="_asked")
@api.doc(
    summary="Export a list as a file",
    description="Takes the filters of the kind as further parameters. A workbook or Parquet file of more than"
    " 20,000 rows is made in the background: the answer is 202 with the run, and its address in Location.",
    security="bearer",
    responses=[202, 401, 403, 404, 422, 429],
)
def make(subject: str, _asked: dict[str, Any]) -> Any:
    """The file, or the run that makes it."""
    exportable = find_desk().find(subject)
    wanted = read_wanted(exportable, request.args, usual="kept")
    response = deliver(exportable, wanted)
    if response is not None:
        return response
    return accept(queue(wanted))


@api.get("/runs")
@api.input(RUNS_QUERY, location="query", arg_name="_asked")
@api.output(make_many("ExportRunList", RUN))
@api.doc(summary="List one's own exports, the newest first", security="bearer", responses=[401, 403, 422])
def list_all(_asked: dict[str, Any]) -> Any:
    """What the person who asks has exported."""
    after, most = read_id(request.args, "after"), read_limit(request.args.get("limit", "")) or PAGE
    with database.connection() as connection:
        rows, total = list_runs(connection, g.user.id, after, most + 1)
    following = str(rows[most - 1]["id"]) if rows[most:] else None
    return {"items": [tell(row) for row in rows[:most]], "total": total, "next": following}


@api.get("/runs/<int:id>")
@api.output(RUN)
@api.doc(summary="Get one of one's own exports", security="bearer", responses=[401, 403, 404])
def show(id: int) -> Any:
    """One export."""
    return tell(get_run(id))


@api.get("/runs/<int:id>/file")
@api.doc(summary="Get the file of an export", security="bearer", responses=[401, 403, 404])
def fetch(id: int) -> Response:
    """A file that was made in the background."""
    return fetch_file(id)


def accept(id: int) -> Response:
    """The answer that says where a file will be."""
    response = make_response(jsonify(RUN().dump(tell(get_run(id)))), 202)
    response.headers["Location"] = url_for("api_exports.show", id=id)
    return response


def tell(run: Row) -> Row:
    """An export as programs see it."""
    return {**run, "format": run["wanted"]["format"]}


def describe(exportable: Exportable) -> dict[str, Any]:
    """What programs are told of an exportable."""
    usual = exportable.chosen_at_first
    return {
        "name": exportable.name,
        "title": str(exportable.title),
        "columns": [
            {
                "name": field.name,
                "label": str(field.label),
                "type": "text" if field.of else find_kind(field),
                "is_usual": field.name in usual,
            }
            for field in exportable.shown
        ],
        "formats": [name for name, _format in list_formats(exportable)],
        "filters": [ask.name for ask in exportable.asks],
    }
