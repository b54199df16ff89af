"""The pages of a kind of record: list, form, record, and what to do when two people changed the same."""

from functools import partial
from typing import Any

import psycopg
from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from sql import audit
from sql.bulk import read_mark
from sql.queries import queries
from sql.records import Conflict, RecordError
from web import database
from web.forms import read_form
from web.records import bulk, references
from web.records import kind as kinds
from web.records.conflict import compare
from web.records.kind import Kind
from web.records.listing import find_list, list_page, read_wish
from web.rights import may
from web.shell import render_part


def make_pages(kind: Kind) -> Blueprint:
    """The blueprint of this kind; its endpoints are named in web.rights."""
    pages = Blueprint(kind.table, __name__, url_prefix=f"/{kind.table}")

    @pages.get("")
    def list_all() -> Response:
        """The list, or only its rows for htmx."""
        wish = read_wish(kind, request.args)
        with database.connection() as connection:
            listing = list_page(kind.open(connection), wish)
            mark = read_mark(connection) if kind.bulk is not None else 0
        references.learn_names(kind.columns, listing.items)
        shown = request.args.get("shown", 0, int) + len(listing.items)
        return render_part(
            kind.list_template,
            "records/results.html",
            kind=kind,
            wish=wish,
            listing=listing,
            shown=shown,
            address=partial(find_list, kind, wish),
            mark=mark,
        )

    @pages.post("/bulk")
    def change_many() -> Response:
        """The same change to all that were picked, after a question where it cannot be seen at a glance."""
        return bulk.change_many(kind, request.form)

    @pages.get("/names")
    def suggest() -> Response:
        """Options for a field that picks one of these records, by what has been typed so far."""
        typed = next(iter(request.args.values()), "")
        names = references.list_names(kind.noun, typed, references.MOST_SUGGESTED)
        return make_response(render_template("records/names.html", names=names))

    @pages.get("/new")
    def begin() -> Response:
        """An empty form."""
        return show_form(kind, None, kind.begin(), {})

    @pages.post("")
    def add() -> Response:
        """A new record, or the form with what is wrong with it."""
        entered, errors = read_form(kind.fields_of(request.form), request.form)
        if errors:
            return show_form(kind, None, entered, errors)
        try:
            with database.connection() as connection:
                row = kind.open(connection).add(entered)
        except RecordError as error:
            return show_form(kind, None, entered, explain(kind, error, entered))
        return show_done(kind, row, _("%(name)s has been added.", name=kind.name_of(row)))

    @pages.get("/<int:id>")
    def show(id: int) -> Response:
        """The record, with its history."""
        with database.connection() as connection:
            row = kind.open(connection).get(id)
            seen = [part for part in kind.parts if may(g.user.role, part.right)]
            parts = [(part, part.load(connection, row)) for part in seen]
            told = [(part.kind.table, one["id"]) for part, found in parts if part.kind for one in found]
            changes = audit.list_changes(connection, kind.table, id, parts=told)
            farewell = kind.farewell(connection, [id]) if kind.farewell else []
        page = render_template(
            kind.record_template, kind=kind, row=row, parts=parts, changes=changes, farewell=farewell
        )
        return make_response(page)

    @pages.get("/<int:id>/edit")
    def begin_change(id: int) -> Response:
        """The record in a form."""
        row = kinds.get(kind, id)
        return show_form(kind, row, row, {})

    @pages.post("/<int:id>")
    def change(id: int) -> Response:
        """The changed record, the form with what is wrong, or both versions where another was faster."""
        entered, errors = read_form(kind.fields_of(request.form), request.form)
        version = read_version()
        if errors:
            return show_form(kind, {"id": id, "version": version}, entered, errors)
        try:
            with database.connection() as connection:
                row = kind.open(connection).change(id, version, entered)
        except RecordError as error:
            return show_form(kind, {"id": id, "version": version}, entered, explain(kind, error, entered))
        except Conflict as conflict:
            return show_conflict(kind, version, entered, conflict.current)
        return show_done(kind, row, _("%(name)s has been saved.", name=kind.name_of(row)))

    @pages.post("/<int:id>/archive")
    def archive(id: int) -> Response:
        """Out of the way, with a way back."""
        return move(id, "archive", str(kind.words.has_been_archived))

    @pages.post("/<int:id>/restore")
    def restore(id: int) -> Response:
        """Back again."""
        return move(id, "restore", str(kind.words.has_been_restored))

    def move(id: int, action: str, message: str) -> Response:
        try:
            with database.connection() as connection:
                row = getattr(kind.open(connection), action)(id, read_version())
        except RecordError as error:
            told = explain(kind, error, {"id": id}).items()
            flash(" ".join(f"{name_field(kind, name)}: {said}" for name, said in told), "problem")
            return make_response(redirect(url_for(f"{kind.table}.show", id=id), 303))
        except Conflict as conflict:
            return show_done(kind, conflict.current, _("Somebody has changed this in the meantime."))
        return show_done(kind, row, message.replace("%(name)s", str(kind.name_of(row))))

    return pages


def name_field(kind: Kind, name: str) -> Any:
    """What a field is called, where the person may see it."""
    return kind.by_name[name].label if name in kind.by_name else name


def read_version() -> int:
    """The version that a form was made from; an impossible one conflicts with every record."""
    return request.form.get("version", -1, int) if len(request.form.get("version", "")) < 10 else -1


def show_form(kind: Kind, row: dict[str, Any] | None, entered: Any, errors: dict[str, str]) -> Response:
    """The form of a new record or of this one."""
    page = render_template(kind.form_template, kind=kind, row=row, entered=entered, errors=errors)
    return make_response(page, 422 if errors else 200)


def show_done(kind: Kind, row: dict[str, Any], message: str) -> Response:
    """To the record, with the news."""
    flash(message)
    return make_response(redirect(url_for(f"{kind.table}.show", id=row["id"]), 303))


def show_conflict(
    kind: Kind, version: int, entered: dict[str, Any], current: dict[str, Any], table: str = ""
) -> Response:
    """Both versions, field by field, to choose from; `table` where the kind is not named after its own."""
    of = {"table": table or kind.table, "record_id": current["id"]}
    with database.connection() as connection:
        opened = queries.find_version(connection, **of, version=version)
        last = queries.find_last_change(connection, **of)
    rows = compare(kind.fields_of(current), opened, entered, current)
    page = render_template("records/conflict.html", kind=kind, current=current, rows=rows, last=last)
    return make_response(page, 409)


def explain(kind: Kind, error: RecordError, values: dict[str, Any]) -> dict[str, str]:
    """What the database does not take, as a sentence at its field."""
    with database.connection() as connection:
        return {error.field: say(kind, connection, error, values)}


def say(kind: Kind, connection: psycopg.Connection, error: RecordError, values: dict[str, Any]) -> Any:
    """Why the database does not take a record."""
    if own := kind.explain(connection, error, values):
        return own
    sentences = {
        "taken": _("This is taken by another record, maybe an archived one."),
        "unknown": _("There is no such record."),
        "beyond_reach": _("This must be one that you look after."),
        "shared": _("What concerns the whole fleet is changed by those who reach all of it."),
        "needed": _("This is needed."),
        "last_admin": _("The last admin stays: make somebody else one first."),
        "own": _("Nobody changes how far their own rights go: another admin has to."),
        "admin": _("An admin reaches the whole fleet."),
        "goes_with_latitude": _("Latitude and longitude go together: give both or none."),
    }
    return sentences.get(error.reason, _("This cannot be kept like this."))
