"""The wizard: choose a file, say what its columns are, see what would happen, import it, take it back."""

import re
from typing import Any, BinaryIO, cast

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError
from werkzeug.exceptions import NotFound

from sql import imports
from sql.imports import NotReady
from sql.queries import queries
from sql.users import list_reach
from web import database
from web.imports import access, beginning, blanks, mapping_form, rejected, report, steps
from web.imports.beginning import Draft
from web.imports.cells import Reader
from web.imports.kind import Candidate, Finding
from web.imports.kinds import KINDS
from web.imports.mapping import DAYS
from web.imports.said import ENCODINGS
from web.languages import list_time_zones
from web.problems import InvalidFields
from web.records import references
from web.rights import may
from web.shell import render_part
from web.system.place import read_id
from web.tables.table import Unreadable
from web.uploads import clean_name

pages = Blueprint("imports", __name__, url_prefix="/imports")
PAGE, PREVIEWED = 50, 8
IMPORTED = re.compile(r"(?:undo-)?import-([0-9]{1,9})")
STATES = {
    "mapping": (_l("not checked yet"), "unknown"),
    "checking": (_l("is being checked"), "busy"),
    "checked": (_l("checked, not imported yet"), "warn"),
    "committing": (_l("is being imported"), "busy"),
    "done": (_l("imported"), "good"),
    "undoing": (_l("is being taken back"), "busy"),
    "undone": (_l("taken back"), "unknown"),
    "cancelled": (_l("cancelled"), "unknown"),
    "failed": (_l("could not be read"), "bad"),
}


@pages.context_processor
def describe() -> dict[str, Any]:
    """What the templates of these pages may use."""
    return {
        "states_of_imports": STATES,
        "kinds_of_imports": KINDS,
        "shorten": mapping_form.shorten,
        "find_address": report.find_address,
        "endpoints": current_app.view_functions,
    }


@pages.app_template_global("is_imported")
def is_imported(name: str) -> bool:
    """Whether the person who asks may import records of this kind."""
    return g.user is not None and may(g.user.role, "import") and name in {k.name for k in access.list_kinds()}


@pages.app_template_global("find_import")
def find_import(request_id: str | None, user_id: int | None) -> int | None:
    """The import that a change was made by, where the person who asks may see it."""
    told = IMPORTED.fullmatch(request_id or "")
    if told is None or not may(g.user.role, "import"):
        return None
    return int(told[1]) if g.user.role == "admin" or user_id == g.user.id else None


@pages.get("")
def list_all() -> Response:
    """Where a file is chosen, and what has been imported so far; or only the rows of that for htmx."""
    return show_start(request.args.get("kind", ""))


def show_start(chosen: str, problem: str = "") -> Response:
    """The form of a new import, with what is wrong with it, above the history."""
    after = read_id(request.args, "after")
    with database.connection() as connection:
        rows, total = access.list_page(connection, after, PAGE + 1)
    has_more, rows = len(rows) > PAGE, rows[:PAGE]
    shown = request.args.get("shown", 0, int) + len(rows)
    response = render_part(
        "imports/list.html",
        "imports/list.html" if problem else "imports/results.html",
        kinds=access.list_kinds(),
        chosen=chosen,
        problem=problem,
        most_bytes=current_app.config["IMPORT_MAX_BYTES"],
        rows=rows,
        total=total,
        shown=shown,
        more=url_for(".list_all", after=rows[-1]["id"], shown=shown) if has_more else None,
    )
    response.status_code = 422 if problem else 200
    return response


@pages.post("")
def add() -> Response:
    """Keep a file, and go on to what its columns are; or say why it cannot be read."""
    sent, chosen = request.files.get("file"), request.form.get("kind", "")
    if not chosen:
        return show_start(chosen, _("Choose what the file has in it."))
    kind = access.find_kind(chosen)
    if sent is None or not sent.filename:
        return show_start(chosen, _("Choose a file first."))
    try:
        with database.connection() as connection, sent.stream as stream:
            name, content = clean_name(sent.filename), cast(BinaryIO, stream)
            draft = beginning.begin(connection, kind, g.user.id, name, content)
    except Unreadable as error:
        return show_start(chosen, str(error))
    return go_to(".begin_mapping", draft.row["id"])


def go_to(endpoint: str, id: int) -> Response:
    """To a page of an import, however it was asked for."""
    address = url_for(endpoint, id=id)
    if "HX-Request" in request.headers:
        response = make_response("", 204)
        response.headers["HX-Redirect"] = address
        return response
    return make_response(redirect(address, 303))


@pages.get("/<int:id>")
def show(id: int) -> Response:
    """An import as it stands: how far it is, what would happen, or what has happened."""
    with database.connection() as connection:
        row = access.find(connection, id)
        if row["state"] == "mapping" and access.is_own(row):
            return make_response(redirect(url_for(".begin_mapping", id=id), 303))
        if row["state"] in steps.WORKING:
            return render_part("imports/progress.html", "imports/progress_part.html", row=row)
        told = report.read_report(connection, row, request.args)
    response = render_part("imports/report.html", "imports/report_rows.html", row=row, report=told)
    if request.headers.get("HX-Target") == "progress":
        response.headers["HX-Refresh"] = "true"
    return response


@pages.get("/<int:id>/mapping")
def begin_mapping(id: int) -> Response:
    """What was found in the file, and what is still to be said."""
    with database.connection() as connection:
        row = access.find_own(connection, id)
        if row["state"] not in imports.STEPS["checking"]:
            return make_response(redirect(url_for(".show", id=id), 303))
        if not row["has_file"]:
            raise InvalidFields({"file": _("The file is kept no longer. Send it again.")})
        try:
            return show_mapping(beginning.load(connection, id))
        except Unreadable as error:
            raise InvalidFields({"file": str(error)}) from error


def show_mapping(draft: Draft, errors: dict[str, str] | None = None) -> Response:
    """The form, with what is wrong with what it said."""
    with database.connection() as connection:
        file_sha256, id = draft.row["file_sha256"], draft.row["id"]
        asked = {"file_sha256": file_sha256, "kind": draft.kind.name, "id": id}
        earlier = queries.find_import_of_file(connection, **asked)
        preview, problem = read_preview(connection, draft)
        sheets = beginning.list_sheets(connection, draft)
    given = {*draft.mapping.columns, *draft.mapping.fixed}
    response = render_part(
        "imports/mapping.html",
        "imports/mapping_form.html",
        draft=draft,
        row=draft.row,
        kind=draft.kind,
        mapping=draft.mapping,
        questions=draft.questions,
        errors=errors or {},
        file_columns=mapping_form.list_file_columns(draft),
        orders=mapping_form.list_orders(draft),
        decimals=mapping_form.list_decimals(draft),
        words=mapping_form.list_unknown_words(draft),
        has_times=any(draft.kind.by_name[name].type in DAYS[1:] for name in given),
        time_zones=list_time_zones(),
        encodings=ENCODINGS,
        delimiters=mapping_form.DELIMITERS,
        sheets=sheets,
        earlier=earlier,
        preview=preview,
        problem=problem,
    )
    response.status_code = 422 if errors else 200
    return response


def read_preview(connection: Any, draft: Draft) -> tuple[list[Candidate | Finding], str]:
    """The first rows as they are understood, or why none can be."""
    try:
        reader = Reader(connection, draft.kind, draft.mapping, list_reach(connection, g.user))
    except Unreadable as error:
        return [], str(error)
    rows = [reader.read(line) for line in draft.sample.lines[:PREVIEWED]]
    read = [row.values for row in rows if isinstance(row, Candidate)]
    for column in draft.kind.columns:
        if column.field.of:
            known = [values for values in read if values.get(column.name) is not None]
            references.learn_names([column.field], known)
    return rows, ""


@pages.post("/<int:id>/mapping")
def change_mapping(id: int) -> Response:
    """Understand the file as the form says; and go on to check it, where that was asked for."""
    with database.connection() as connection:
        access.find_own(connection, id)
        try:
            draft = beginning.load(connection, id)
            said = mapping_form.read_said(draft, request.form)
            draft = beginning.change_mapping(connection, id, said)
        except Unreadable as error:
            raise InvalidFields({"file": str(error)}) from error
    if "check" not in request.form:
        return show_mapping(draft)
    if draft.questions:
        return show_mapping(draft, draft.questions)
    steps.ask(id, "checking")
    return go_to(".show", id)


@pages.post("/<int:id>/reading")
def change_reading(id: int) -> Response:
    """Read the file another way, and guess anew what it means."""
    with database.connection() as connection:
        access.find_own(connection, id)
        draft = beginning.load(connection, id)
        try:
            reading = mapping_form.read_reading(draft.reading, request.form)
            with connection.transaction():
                beginning.change_reading(connection, id, reading)
        except InvalidFields as error:
            return show_mapping(draft, error.more["errors"])
        except (Unreadable, ValidationError) as error:
            return show_mapping(draft, {"reading": str(error)})
    return go_to(".begin_mapping", id)


@pages.post("/<int:id>/check")
def check(id: int) -> Response:
    """Find out what would happen."""
    steps.ask(id, "checking")
    return go_to(".show", id)


@pages.post("/<int:id>/commit")
def commit(id: int) -> Response:
    """Let it happen."""
    steps.ask(id, "committing")
    return go_to(".show", id)


@pages.post("/<int:id>/undo")
def undo(id: int) -> Response:
    """Take it back."""
    steps.ask(id, "undoing")
    return go_to(".show", id)


@pages.post("/<int:id>/stop")
def stop(id: int) -> Response:
    """Stop what is being done; what was is rolled back."""
    try:
        steps.stop(id)
    except NotReady:
        flash(_("It had ended already."))
    return go_to(".show", id)


@pages.post("/<int:id>/cancel")
def cancel(id: int) -> Response:
    """Let go of it: nothing of it has happened."""
    steps.cancel(id)
    flash(_("The import has been cancelled. Nothing has been changed."))
    return make_response(redirect(url_for(".list_all"), 303))


@pages.get("/<int:id>/rejected.<suffix>")
def download_rejected(id: int, suffix: str) -> Response:
    """The rejected rows with the reason beside each, to be mended and sent again."""
    with database.connection() as connection:
        row = access.find(connection, id)
    return rejected.send(row, suffix)


@pages.get("/templates/<name>.<suffix>")
def download_template(name: str, suffix: str) -> Response:
    """An empty file of a kind, to be filled in."""
    return blanks.send(access.find_kind(name), suffix)


@pages.get("/samples/<name>")
def download_sample(name: str) -> Response:
    """A small file of a kind, to try first."""
    kind = access.find_kind(name)
    if not kind.sample:
        raise NotFound
    return blanks.send_sample(kind)
