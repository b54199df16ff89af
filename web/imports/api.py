"""The API of imports: the same engine, steps and rights as the wizard, described in OpenAPI."""

from dataclasses import asdict
from typing import Any, cast

from apiflask import APIBlueprint, Schema
from apiflask.fields import File
from flask import Response, g
from marshmallow import fields, validate

from sql import imports
from sql.audit import Row
from web import database
from web.forms import make_schema
from web.imports import access, beginning, mapping_form, rejected, steps
from web.imports.beginning import Draft
from web.imports.kind import CHANGED, NEW, REJECTED
from web.imports.said import NAMES, OF_READING, check_mapping, check_reading
from web.problems import InvalidFields
from web.records.api import make_many
from web.records.listing import LONGEST_PAGE, PAGE
from web.tables.table import Reading, Unreadable
from web.uploads import clean_name


def told(description: str) -> dict[str, str]:
    """What OpenAPI says of a field."""
    return {"description": description}


def named(name: str, members: dict[str, fields.Field[Any]]) -> type[Schema]:
    """The schema of these, where one of them is called `name` itself."""
    return cast(type[Schema], Schema.from_dict(members, name=name))


OBSTACLE = named(
    "Obstacle",
    {
        "name": fields.String(),
        "sentence": fields.String(),
        "record_id": fields.Integer(allow_none=True),
    },
)
ROWS = {
    name: fields.Integer(attribute=f"rows_{name}") for name in ("read", "new", "changed", "same", "rejected")
}
OUT: dict[str, fields.Field[Any]] = {
    "id": fields.Integer(),
    "kind": fields.String(),
    "state": fields.String(
        metadata=told(
            "mapping, checked, done, undone, cancelled or failed; "
            "checking, committing and undoing while it is being worked on"
        )
    ),
    "file_name": fields.String(),
    "file_bytes": fields.Integer(),
    "file_sha256": fields.String(),
    "who": fields.String(allow_none=True, metadata=told("null: the command line")),
    "created_at": fields.DateTime(),
    "committed_at": fields.DateTime(allow_none=True),
    "undone_at": fields.DateTime(allow_none=True),
    "rows": fields.Nested(make_schema((), "ImportRows", **ROWS), attribute="counts"),
    "share_done": fields.Float(metadata=told("of what is being done, from 0 to 1")),
    "problem": fields.String(metadata=told("why it stands where it does; empty where all is well")),
    "obstacles": fields.List(
        fields.Nested(OBSTACLE),
        metadata=told("what stands in the way of taking it back"),
    ),
}
READING: dict[str, fields.Field[Any]] = {
    "format": fields.String(dump_only=True, metadata=told("delimited, workbook, gpx, nmea or rec")),
    "inside": fields.String(dump_only=True, metadata=told("the name of the file within an archive")),
    "encoding": fields.String(),
    "delimiter": fields.String(),
    "quote": fields.String(),
    "sheet": fields.String(),
    "header_line": fields.Integer(metadata=told("counted from 1; 0 where there are no headers")),
}
TEXTS = fields.Dict(keys=fields.String(), values=fields.String())
MAPPING: dict[str, fields.Field[Any]] = {
    "columns": fields.Dict(
        keys=fields.String(),
        values=fields.Integer(strict=True),
        metadata=told("the place of each field's column, counted from 0"),
    ),
    "fixed": fields.Dict(
        keys=fields.String(), values=fields.String(), metadata=told("what a field has in every row")
    ),
    "key": fields.String(metadata=told("the field by which a row finds its record")),
    "dates": fields.String(metadata=told("dmy, mdy or ymd; empty where it does not matter")),
    "decimals": fields.String(metadata=told("a dot or a comma; empty where it does not matter")),
    "units": fields.Dict(keys=fields.String(), values=fields.String(), metadata=told("what numbers are in")),
    "words": fields.Dict(
        keys=fields.String(), values=TEXTS, metadata=told("of each field what stands for which choice")
    ),
    "time_zone": fields.String(metadata=told("that of times without an offset")),
    "clears": fields.Boolean(metadata=told("an empty cell empties its field")),
}
COLUMN: dict[str, fields.Field[Any]] = {
    "place": fields.Integer(),
    "header": fields.String(),
    "first_values": fields.List(fields.String(), attribute="texts"),
    "field": fields.String(allow_none=True),
}
ROW: dict[str, fields.Field[Any]] = {
    "line": fields.Integer(),
    "name": fields.String(),
    "record_id": fields.Integer(allow_none=True),
    "changes": fields.Raw(allow_none=True, metadata=told("each field as [before, after]")),
    "reasons": fields.Raw(allow_none=True, metadata=told("[[field, sentence], …]; the field may be empty")),
    "cells": fields.Raw(allow_none=True, metadata=told("the row as the file has it, where it was rejected")),
}
REFUSALS = [401, 403, 404]


class NewImport(Schema):
    """A file to import from."""

    kind = fields.String(required=True, metadata={"description": "what the file has in it, such as vehicles"})
    file = File(required=True)  # type: ignore[no-untyped-call]


def make_imports_api() -> APIBlueprint:
    """The blueprint; its endpoints are named in web.rights."""
    one = make_schema((), "Import", **OUT)
    reading, mapping = make_schema((), "Reading", **READING), make_schema((), "Mapping", **MAPPING)
    draft_of = make_schema(
        (),
        "ImportDraft",
        **OUT,
        reading=fields.Nested(reading),
        mapping=fields.Nested(mapping),
        columns=fields.List(fields.Nested(make_schema((), "ImportColumn", **COLUMN))),
        questions=fields.Dict(
            keys=fields.String(), values=fields.String(), metadata=told("what has to be said before a check")
        ),
    )
    api = APIBlueprint("api_imports", __name__, url_prefix="/api/v1/imports", tag="Imports")

    @api.post("")
    @api.input(NewImport, location="form_and_files", arg_name="sent")
    @api.output(draft_of, status_code=201)
    @api.doc(
        summary="Send a file to import from; nothing of it counts yet",
        security="bearer",
        responses=[401, 403, 404, 413, 422],
    )
    def add(sent: dict[str, Any]) -> Any:
        kind, file = access.find_kind(sent["kind"]), sent["file"]
        try:
            with database.connection() as connection, file.stream as stream:
                draft = beginning.begin(connection, kind, g.user.id, clean_name(file.filename or ""), stream)
        except Unreadable as error:
            raise InvalidFields({"file": str(error)}) from error
        return describe(draft)

    @api.get("")
    @api.input(make_schema((), "ImportQuery", **PAGING), location="query", arg_name="asked")
    @api.output(make_many("ImportList", one))
    @api.doc(summary="List imports, the newest first", security="bearer", responses=[401, 403, 422])
    def list_all(asked: dict[str, Any]) -> Any:
        limit = asked.get("limit", PAGE)
        with database.connection() as connection:
            rows, total = access.list_page(connection, asked.get("after"), limit + 1)
        items = [describe_row(row) for row in rows[:limit]]
        return {
            "items": items,
            "total": total,
            "next": str(items[-1]["id"]) if rows[limit:] else None,
        }

    @api.get("/<int:id>")
    @api.output(draft_of)
    @api.doc(summary="Get one import", security="bearer", responses=REFUSALS)
    def show(id: int) -> Any:
        with database.connection() as connection:
            row = access.find(connection, id)
            if not row["has_file"] or not row["reading"]:
                return describe_row(row)
            try:
                return describe(beginning.load(connection, id))
            except Unreadable:
                return describe_row(row)

    @api.patch("/<int:id>")
    @api.input(
        make_schema((), "ChangedImport", reading=fields.Nested(reading), mapping=fields.Nested(mapping)),
        arg_name="said",
    )
    @api.output(draft_of)
    @api.doc(
        summary="Say how the file is read, and what it means; another reading is guessed anew",
        security="bearer",
        responses=[*REFUSALS, 409, 422],
    )
    def change(id: int, said: dict[str, Any]) -> Any:
        with database.connection() as connection:
            access.find_own(connection, id)
            try:
                return describe(change_draft(connection, id, said))
            except Unreadable as error:
                raise InvalidFields({"reading": str(error)}) from error

    @api.get("/<int:id>/rows")
    @api.input(
        make_schema((), "ImportRowQuery", verdict=VERDICT, **PAGING), location="query", arg_name="asked"
    )
    @api.output(make_many("ImportRowList", named("ImportRow", ROW)))
    @api.doc(
        summary="List what was found of the rows of one verdict, in the order of the file",
        security="bearer",
        responses=[*REFUSALS, 422],
    )
    def list_rows(id: int, asked: dict[str, Any]) -> Any:
        limit, verdict = asked.get("limit", PAGE), asked["verdict"]
        with database.connection() as connection:
            row = access.find(connection, id)
            rows = imports.list_rows(connection, id, verdict, asked.get("after") or 0, limit + 1)
        items = rows[:limit]
        more = str(items[-1]["line"]) if rows[limit:] else None
        return {"items": items, "total": row[f"rows_{verdict}"], "next": more}

    @api.get("/<int:id>/rejected.csv")
    @api.doc(
        summary="Get the rejected rows with the reason beside each, as CSV",
        security="bearer",
        responses=REFUSALS,
    )
    def download_rejected(id: int) -> Response:
        with database.connection() as connection:
            row = access.find(connection, id)
        return rejected.send(row, "csv")

    for action, (state, summary) in STEPS.items():
        add_step(api, action, state, summary, one)
    return api


PAGING: dict[str, fields.Field[Any]] = {
    "after": fields.Integer(
        validate=validate.Range(0, 2**62), metadata=told("the `next` of the part before")
    ),
    "limit": fields.Integer(validate=validate.Range(1, LONGEST_PAGE), metadata=told(f"{PAGE} unless given")),
}
VERDICT = fields.String(required=True, validate=validate.OneOf([NEW, CHANGED, REJECTED]))
STEPS = {
    "check": ("checking", "Find out what would happen"),
    "commit": ("committing", "Import what was checked, all or nothing"),
    "undo": ("undoing", "Take it back: every record as it was before"),
    "stop": ("", "Stop what is being done"),
}


def add_step(api: APIBlueprint, action: str, state: str, summary: str, one: type[Schema]) -> None:
    """The route of one step: it is asked for, and `state` tells how far it is."""

    def act(id: int) -> Any:
        if state == "checking":
            refuse_questions(id)
        if state:
            steps.ask(id, state)
        else:
            steps.stop(id)
        with database.connection() as connection:
            return describe_row(access.find(connection, id))

    act.__name__ = action
    described = api.doc(summary=summary, security="bearer", responses=[*REFUSALS, 409, 422])(act)
    api.post(f"/<int:id>/{action}")(api.output(one, status_code=202)(described))


def refuse_questions(id: int) -> None:
    """Nothing is checked while something is open. Raises InvalidFields."""
    with database.connection() as connection:
        row = access.find_own(connection, id)
        if row["state"] not in imports.STEPS["checking"] or not row["has_file"]:
            return
        try:
            questions = beginning.load(connection, id).questions
        except Unreadable as error:
            raise InvalidFields({"file": str(error)}) from error
    if questions:
        raise InvalidFields({f"mapping.{name}": question for name, question in questions.items()})


def change_draft(connection: Any, id: int, said: dict[str, Any]) -> Draft:
    """First how it is read, then what it means. Raises InvalidFields, Unreadable, NotReady."""
    draft = beginning.load(connection, id)
    if told_reading := {
        name: said["reading"][name] for name in OF_READING if name in said.get("reading", {})
    }:
        check_reading(draft.reading, told_reading)
        draft = beginning.change_reading(connection, id, Reading(**{**asdict(draft.reading), **told_reading}))
    if told_mapping := {name: said["mapping"][name] for name in NAMES if name in said.get("mapping", {})}:
        check_mapping(draft, told_mapping)
        draft = beginning.change_mapping(connection, id, told_mapping)
    return draft


def describe_row(row: Row) -> Row:
    """An import as a program is told of it."""
    names = ("name", "sentence", "record_id")
    obstacles = [dict(zip(names, one, strict=True)) for one in row["obstacles"] or []]
    return {**row, "counts": row, "obstacles": obstacles}


def describe(draft: Draft) -> Row:
    """The same with what was found in the file."""
    columns = [
        {**vars(one), "field": one.column.name if one.column else None}
        for one in mapping_form.list_file_columns(draft)
    ]
    return {
        **describe_row(draft.row),
        "reading": asdict(draft.reading),
        "mapping": draft.mapping.as_json(),
        "columns": columns,
        "questions": draft.questions,
    }
