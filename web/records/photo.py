"""The photo of a vehicle: shown on its page and small in the list."""

from typing import Any

import psycopg
from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from sql import audit
from sql.audit import Row
from sql.queries import fetch_rows, queries
from sql.records import RecordMissing
from web import database, pictures, uploads
from web.records import files
from web.records.kind import Kind, Part
from web.uploads import Upload

LONGEST_SIDE = 1280
SMALL_SIDE = 96
PHOTO = Part(_l("Photo"), "records/photo.html", lambda _connection, row: row["photo_id"], beside=False)


def make_pages(kind: Kind) -> Blueprint:
    """The addresses of the photos of vehicles; its endpoints are named in web.rights."""
    pages = Blueprint("vehicle_photo", __name__, url_prefix="/vehicles/<int:id>/photo")

    @pages.get("/<int:file_id>")
    def show(id: int, file_id: int) -> Response:
        """The photo; this address never has another."""
        return files.hand_out(find(id, file_id))

    @pages.get("/<int:file_id>/small")
    def show_small(id: int, file_id: int) -> Response:
        """The photo as the list shows it."""
        photo = find(id, file_id)
        return files.hand_out(Upload(photo.name, *pictures.redraw(photo.content, SMALL_SIDE)))

    def find(id: int, file_id: int) -> Upload:
        with database.connection() as connection:
            if kind.open(connection).get(id)["photo_id"] != file_id:
                raise RecordMissing("There is no such photo.")
            return files.find(connection, file_id)

    @pages.get("")
    def begin(id: int) -> Response:
        """The form for another photo."""
        return show_form(id)

    @pages.post("")
    def replace(id: int) -> Response:
        """Another photo, or what is wrong with it."""
        try:
            photo = uploads.read("photo", LONGEST_SIDE)
        except uploads.BadUpload as error:
            return show_form(id, str(error))
        if photo is None:
            return show_form(id, _("Choose a picture first."))
        with database.connection() as connection:
            exchange(connection, id, photo)
        return show_record(id, _("The photo has been saved."))

    @pages.post("/remove")
    def remove(id: int) -> Response:
        """No photo any more."""
        with database.connection() as connection:
            exchange(connection, id, None)
        return show_record(id, _("The photo has been removed."))

    def exchange(connection: psycopg.Connection, id: int, photo: Upload | None) -> None:
        records = kind.open(connection)
        before = records.get(id)
        if before["photo_id"] is None and photo is None:
            return
        photo_id = files.keep(connection, photo) if photo else None
        after = fetch_rows(connection, "change_vehicle_photo", id=id, photo_id=photo_id)[0]
        audit.record_change(connection, records.author, "change", kind.table, before, after)
        if before["photo_id"] is not None:
            queries.remove_file(connection, id=before["photo_id"])

    def show_form(id: int, error: str = "") -> Response:
        with database.connection() as connection:
            row: Row = kind.open(connection).get(id)
        asked: dict[str, Any] = {"kind": kind, "row": row, "error": error}
        return make_response(render_template("records/photo_form.html", **asked), 422 if error else 200)

    def show_record(id: int, message: str) -> Response:
        flash(message)
        return make_response(redirect(url_for("vehicles.show", id=id), 303))

    return pages
