"""The API of a kind of record: the same fields, rules and rights as its pages, described in OpenAPI."""

from typing import Any

from apiflask import APIBlueprint, Schema
from flask import request
from marshmallow import fields, validate

from sql.records import Conflict, RecordError
from web import database
from web.forms import make_schema
from web.problems import Changed, InvalidFields
from web.records import kind as kinds
from web.records.kind import Kind
from web.records.listing import LONGEST_PAGE, PAGE, list_page, read_wish
from web.records.pages import explain

OUT: dict[str, fields.Field[Any]] = {
    "id": fields.Integer(),
    "version": fields.Integer(metadata={"description": "send it back with a change"}),
    "created_at": fields.DateTime(),
    "archived_at": fields.DateTime(allow_none=True),
}


def make_api(kind: Kind) -> APIBlueprint:
    """The blueprint of this kind; its endpoints are named in web.rights."""
    noun, title = kind.noun.capitalize(), str(kind.table).capitalize()
    names = tuple(field.name for field in kind.fields)
    one = make_schema((*kind.fields, *kind.found), noun, **OUT)
    given = make_schema(kind.fields, f"New{noun}")
    changed = make_schema(
        kind.fields, f"Changed{noun}", version=fields.Integer(required=True), archived=fields.Boolean()
    )(partial=(*names, "archived"))
    many = make_many(f"{noun}List", one)
    api = APIBlueprint(f"api_{kind.table}", __name__, url_prefix=f"/api/v1/{kind.table}", tag=title)

    @api.get("")
    @api.input(make_query(kind), location="query", arg_name="asked")
    @api.output(many)
    @api.doc(summary=f"List {kind.table}", security="bearer", responses=[401, 403, 422])
    def list_all(asked: dict[str, Any]) -> Any:
        with database.connection() as connection:
            found = list_page(kind.open(connection), read_wish(kind, request.args))
            return {
                "items": [kind.trim(row) for row in found.items],
                "total": found.total,
                "next": found.next,
            }

    @api.get("/<int:id>")
    @api.output(one)
    @api.doc(summary=f"Get one {kind.noun}", security="bearer", responses=[401, 403, 404])
    def show(id: int) -> Any:
        return kind.trim(kinds.get(kind, id))

    @api.post("")
    @api.input(given, arg_name="values")
    @api.output(one, status_code=201)
    @api.doc(summary=f"Add a {kind.noun}", security="bearer", responses=[401, 403, 422])
    def add(values: dict[str, Any]) -> Any:
        try:
            with database.connection() as connection:
                return kind.open(connection).add({**dict.fromkeys(names), **defaults(kind), **values})
        except RecordError as error:
            raise InvalidFields(explain(kind, error, values)) from error

    @api.patch("/<int:id>")
    @api.input(changed, arg_name="values")
    @api.output(one)
    @api.doc(summary=f"Change a {kind.noun}", security="bearer", responses=[401, 403, 404, 409, 422])
    def change(id: int, values: dict[str, Any]) -> Any:
        version, archived = values.pop("version"), values.pop("archived", None)
        try:
            with database.connection() as connection:
                records = kind.open(connection)
                row = records.change(id, version, values)
                if archived is not None and archived != (row["archived_at"] is not None):
                    row = (records.archive if archived else records.restore)(id, row["version"])
                return row
        except RecordError as error:
            raise InvalidFields(explain(kind, error, values)) from error
        except Conflict as conflict:
            raise Changed(one().dump(conflict.current)) from conflict

    return api


def make_many(name: str, one: type[Schema]) -> type[Schema]:
    """The schema of a part of a list.

    Its items have a name of their own: a schema that OpenAPI meets inside another first is described twice.
    """
    listed = type(f"Listed{one.__name__}", (one,), {})
    return make_schema(
        (),
        name,
        items=fields.List(fields.Nested(listed)),
        total=fields.Integer(metadata={"description": "how many there are in all"}),
        next=fields.String(allow_none=True, metadata={"description": "the `after` of the next part"}),
    )


def make_query(kind: Kind) -> type[Schema]:
    """What a list may be asked for."""
    sorts = [field.name for field in (*kind.fields, *kind.found) if field.sorts]
    orders = [order for name in sorts for order in (name, f"-{name}")]
    size = {"description": f"{PAGE} unless given"}
    filters: dict[str, fields.Field[Any]] = {field.name: fields.String() for field in kind.filters}
    return make_schema(
        (),
        f"{kind.noun.capitalize()}Query",
        search=fields.String(),
        archived=fields.Boolean(metadata={"description": "the archived ones instead"}),
        sort=fields.String(validate=validate.OneOf(orders)),
        after=fields.String(metadata={"description": "the `next` of the part before"}),
        limit=fields.Integer(validate=validate.Range(1, LONGEST_PAGE), metadata=size),
        **filters,
    )


def defaults(kind: Kind) -> dict[str, str]:
    """Texts that are not given are empty, not null."""
    return {field.name: "" for field in kind.fields if isinstance(field.value, fields.String)}
