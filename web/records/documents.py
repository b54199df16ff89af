"""Documents: the papers of a vehicle or a driver, with the day on which they expire and a scan.

A kind of owner has them by `documents.make_part(noun)` among its parts, `documents.make_pages(KIND)` and
`parts_api.make_documents_api(KIND)` in the app, and `of_documents` in web.rights.
"""

from typing import Any

import psycopg
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from sql.audit import Row
from sql.queries import fetch_rows, queries
from sql.records import Conflict, RecordError, RecordMissing, Records
from web import database, uploads, values
from web.forms import Field, read_form
from web.records import files
from web.records.kind import Kind, Part
from web.records.pages import explain, read_version
from web.rights import SIGNED_IN

LONGEST_SIDE = 2800
KINDS = (
    ("registration", _l("Registration")),
    ("insurance", _l("Insurance")),
    ("inspection", _l("Inspection")),
    ("permit", _l("Permit")),
    ("lease", _l("Lease")),
    ("licence", _l("Driving licence")),
    ("medical", _l("Medical certificate")),
    ("training", _l("Training")),
    ("other", _l("Other")),
)
KINDS_OF = {
    "vehicle": ("registration", "insurance", "inspection", "permit", "lease", "other"),
    "driver": ("licence", "medical", "training", "permit", "other"),
}
SCAN = Field(
    "scan",
    _l("Scan"),
    values.text(200),
    input="file",
    hint=_l("PDF, JPEG, PNG or WebP, up to 10 MB."),
)

DOCUMENTS = Kind(
    table="documents",
    noun="document",
    title=_l("Documents"),
    new=_l("New document"),
    search="",
    fields=(
        Field("kind", _l("Kind"), values.choice(dict(KINDS)), input="select", choices=KINDS),
        Field("number", _l("Number"), values.text(100)),
        Field("expires_on", _l("Expires on"), values.day(), input="day", show="day"),
        Field("notes", _l("Notes"), values.text(2000), input="area"),
    ),
    found=(Field("file_id", _l("Scan"), values.whole(1, 2**31 - 1), show="picture"),),
)


def make_part(noun: str, right: str = SIGNED_IN) -> Part:
    """The part of a page of a vehicle or a driver that lists its documents, for who has the right."""

    def load(connection: psycopg.Connection, row: Row) -> list[Row]:
        return list_documents(connection, noun, row["id"])

    return Part(_l("Documents"), "records/documents.html", load, right, DOCUMENTS)


def list_documents(connection: psycopg.Connection, noun: str, owner_id: int) -> list[Row]:
    """The documents of an owner."""
    owner = {"vehicle_id": None, "driver_id": None, f"{noun}_id": owner_id}
    return fetch_rows(connection, "list_documents", **owner)


def list_fields(noun: str) -> tuple[Field, ...]:
    """The fields of a document of this kind of owner."""
    choices = tuple((key, word) for key, word in KINDS if key in KINDS_OF[noun])
    kind = Field("kind", _l("Kind"), values.choice(dict(choices)), input="select", choices=choices)
    return (kind, *DOCUMENTS.fields[1:])


def find_document(records: Records, noun: str, owner_id: int, id: int) -> Row:
    """A document of this owner. Raises RecordMissing."""
    row = records.get(id)
    if row[f"{noun}_id"] != owner_id:
        raise RecordMissing(f"There is no document {id}.")
    return row


def make_pages(owner: Kind) -> Blueprint:
    """The pages of the documents of this kind of owner; its endpoints are named in web.rights."""
    noun = owner.noun
    fields = list_fields(noun)
    pages = Blueprint(f"{noun}_documents", __name__, url_prefix=f"/{owner.table}/<int:owner_id>/documents")

    def find_owner(owner_id: int) -> Row:
        with database.connection() as connection:
            return owner.open(connection).get(owner_id)

    def find(owner_id: int, id: int) -> tuple[Row, Row]:
        with database.connection() as connection:
            row = owner.open(connection).get(owner_id)
            return row, find_document(DOCUMENTS.open(connection), noun, owner_id, id)

    @pages.get("/new")
    def begin(owner_id: int) -> Response:
        """An empty form."""
        return show_form(find_owner(owner_id), None, {}, {})

    @pages.post("")
    def add(owner_id: int) -> Response:
        """A new document, or the form with what is wrong with it."""
        row = find_owner(owner_id)
        entered, scan, errors = read()
        if errors:
            return show_form(row, None, entered, errors)
        with database.connection() as connection:
            file_id = files.keep(connection, scan) if scan else None
            whose = {"vehicle_id": None, "driver_id": None, f"{noun}_id": owner_id, "file_id": file_id}
            DOCUMENTS.open(connection).add({**entered, **whose})
        return show_owner(owner_id, _("The document has been added."))

    @pages.get("/<int:id>/edit")
    def begin_change(owner_id: int, id: int) -> Response:
        """The document in a form."""
        row, document = find(owner_id, id)
        return show_form(row, document, document, {})

    @pages.post("/<int:id>")
    def change(owner_id: int, id: int) -> Response:
        """The changed document, or the form with what is wrong with it."""
        row, document = find(owner_id, id)
        version = read_version()
        entered, scan, errors = read()
        if errors:
            return show_form(row, {**document, "version": version}, entered, errors)
        try:
            with database.connection() as connection:
                file_id = document["file_id"]
                if scan or request.form.get("drops_scan"):
                    file_id = files.keep(connection, scan) if scan else None
                DOCUMENTS.open(connection).change(id, version, {**entered, "file_id": file_id})
                if document["file_id"] not in (None, file_id):
                    queries.remove_file(connection, id=document["file_id"])
        except RecordError as error:
            return show_form(
                row, {**document, "version": version}, entered, explain(DOCUMENTS, error, entered)
            )
        except Conflict as conflict:
            changed = _("Somebody has changed this document in the meantime: this is what you entered.")
            return show_form(row, conflict.current, entered, {"": changed})
        return show_owner(owner_id, _("The document has been saved."))

    @pages.post("/<int:id>/archive")
    def archive(owner_id: int, id: int) -> Response:
        """Out of the way, with a way back."""
        return move(owner_id, id, "archive", _("The document has been archived."))

    @pages.post("/<int:id>/restore")
    def restore(owner_id: int, id: int) -> Response:
        """Back again."""
        return move(owner_id, id, "restore", _("The document has been restored."))

    @pages.get("/<int:id>/scan/<int:file_id>")
    def show_scan(owner_id: int, id: int, file_id: int) -> Response:
        """Its scan; this address never has another."""
        _row, document = find(owner_id, id)
        if document["file_id"] != file_id:
            raise RecordMissing("There is no such scan.")
        with database.connection() as connection:
            return files.hand_out(files.find(connection, file_id))

    def move(owner_id: int, id: int, action: str, message: str) -> Response:
        find(owner_id, id)
        try:
            with database.connection() as connection:
                getattr(DOCUMENTS.open(connection), action)(id, read_version())
        except Conflict:
            message = _("Somebody has changed this in the meantime.")
        return show_owner(owner_id, message)

    def read() -> tuple[Row, uploads.Upload | None, dict[str, str]]:
        entered, errors = read_form(fields, request.form)
        try:
            return entered, uploads.read(SCAN.name, LONGEST_SIDE, takes_pdf=True), errors
        except uploads.BadUpload as error:
            return entered, None, {**errors, SCAN.name: str(error)}

    def show_form(row: Row, document: Row | None, entered: Any, errors: dict[str, str]) -> Response:
        where = {"owner_id": row["id"]}
        action = url_for(f"{noun}_documents.add", **where)
        if document:
            action = url_for(f"{noun}_documents.change", id=document["id"], **where)
        page = render_template(
            "records/part_form.html",
            kind=owner,
            row=row,
            part=DOCUMENTS,
            heading=_("Edit document") if document else DOCUMENTS.new,
            fields=(*fields, SCAN),
            entered=entered,
            errors=errors,
            document=document,
            action=action,
        )
        return make_response(page, 422 if errors else 200)

    def show_owner(owner_id: int, message: str) -> Response:
        flash(message)
        return make_response(redirect(url_for(f"{owner.table}.show", id=owner_id), 303))

    return pages
