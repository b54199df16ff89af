"""The pages of exports: choosing what is taken out and how, templates, and the files that have been made."""

from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound, TooManyRequests

from sql.exports import add_run, list_runs, remove_file
from sql.queries import queries
from sql.users import list_reach
from web import database, formats
from web.exports import templates
from web.exports.delivery import deliver
from web.exports.desk import find_desk
from web.exports.exportable import Exportable
from web.exports.fetching import fetch as fetch_file
from web.exports.fetching import get_run
from web.exports.formats import FORMATS, list_formats
from web.exports.timetable import REPEATS
from web.exports.wanted import DELIMITER_NAMES, OPTIONS, Wanted, read_wanted
from web.problems import InvalidFields
from web.rights import N_
from web.shell import render_part
from web.system.place import read_id

pages = Blueprint("exports", __name__, url_prefix="/exports")
PAGE = 50
MOST_WAITING = 10
STOPPED = N_("It was stopped.")


@pages.app_template_global("export_address")
def find_export(subject: str, **asked: Any) -> str:
    """The address of the form that exports a list as it is filtered."""
    address: str = url_for(
        "exports.begin", subject=subject, **{name: value for name, value in asked.items() if value}
    )
    return address


@pages.app_template_filter("file_size")
def show_size(size: int) -> str:
    """Bytes as people count them."""
    if size < 1_000_000:
        return f"{formats.number(max(size / 1000, 1))} kB"
    return f"{formats.number(size / 1_000_000, 1)} MB"


@pages.get("")
def list_all() -> Response:
    """Templates, what can be exported, and what the person has, or only the rows of that for htmx."""
    return show_list(g.user.id)


@pages.get("/everybody")
def list_everybody() -> Response:
    """The same with what everybody has exported."""
    return show_list(None)


def show_list(user_id: int | None) -> Response:
    """The page, with the exports of a person or of everybody."""
    after = read_id(request.args, "after")
    with database.connection() as connection:
        runs, total = list_runs(connection, user_id, after, PAGE + 1)
    has_more, runs = len(runs) > PAGE, runs[:PAGE]
    shown = (read_id(request.args, "shown") or 0) + len(runs)
    return render_part(
        "exports/list.html",
        "exports/runs.html",
        runs=runs,
        total=total,
        shown=shown,
        more=url_for(str(request.endpoint), after=runs[-1]["id"], shown=shown) if has_more else None,
        is_everybody=user_id is None,
        exportables=find_desk().list_allowed(),
        titles={one.name: one.title for one in find_desk().exportables.values()},
        templates=templates.list_usable(),
        formats=FORMATS,
        describe_repeats=templates.describe_repeats,
        repeats=REPEATS,
        weekdays=templates.WEEKDAYS,
    )


@pages.get("/<subject>/new")
def begin(subject: str) -> Response:
    """What is to be taken out: rows, columns and format, as a template or the list before has them."""
    exportable = find_desk().find(subject)
    sent = fill_in(exportable, request.args) if "template" in request.args else request.args
    return show_form(exportable, sent, {})


@pages.post("/<subject>")
def make(subject: str) -> Response:
    """The file, or the way to where it will be."""
    exportable = find_desk().find(subject)
    try:
        return hand_out(exportable, read_wanted(exportable, request.form))
    except InvalidFields as error:
        return show_form(exportable, request.form, error.more["errors"])


@pages.post("/<subject>/arrange")
def arrange_columns(subject: str) -> Response:
    """The form as it was filled in, with a column moved: for browsers without scripts."""
    return show_form(find_desk().find(subject), request.form, {})


@pages.post("/<subject>/templates")
def save(subject: str) -> Response:
    """What is wanted, kept as a template."""
    exportable = find_desk().find(subject)
    try:
        wanted = read_wanted(exportable, request.form)
        templates.save(request.form.get("name", ""), wanted, "is_shared" in request.form)
    except InvalidFields as error:
        return show_form(exportable, request.form, error.more["errors"])
    flash(_("The template has been saved."))
    return make_response(redirect(url_for(".list_all"), 303))


@pages.post("/templates/<int:id>/run")
def run_template(id: int) -> Response:
    """The file of a template, as it is."""
    row = templates.get_template(id)
    exportable = find_desk().find(row["kind"])
    return hand_out(exportable, Wanted.load(row["wanted"]).limit_to(exportable), id)


@pages.post("/templates/<int:id>/schedule")
def schedule(id: int) -> Response:
    """A template is exported by itself, or no more."""
    templates.schedule(id, request.form)
    flash(_("The schedule has been saved."))
    return make_response(redirect(url_for(".list_all"), 303))


@pages.post("/templates/<int:id>/remove")
def remove_template(id: int) -> Response:
    """A template less."""
    templates.remove(id)
    flash(_("The template has been removed. What was made from it stays."))
    return make_response(redirect(url_for(".list_all"), 303))


@pages.get("/runs/<int:id>/file")
def fetch(id: int) -> Response:
    """A file that was made before."""
    return fetch_file(id)


@pages.post("/runs/<int:id>/remove")
def remove(id: int) -> Response:
    """A file less; what is not done yet is stopped."""
    get_run(id)
    with database.connection() as connection:
        remove_file(connection, id, g.user.id, STOPPED)
    return make_response(redirect(url_for(".list_all"), 303))


def hand_out(exportable: Exportable, wanted: Wanted, template_id: int | None = None) -> Response:
    """The file at once where it can be, else the way to where it will be."""
    response = deliver(exportable, wanted, template_id)
    if response is not None:
        return response
    queue(wanted, template_id)
    flash(_("This is long: it is being made, and will be here to be fetched."))
    return make_response(redirect(url_for(".list_all"), 303))


def queue(wanted: Wanted, template_id: int | None = None) -> int:
    """Have it made in the background; the id of the run. Raises TooManyRequests."""
    with database.connection() as connection:
        if queries.count_waiting_export_runs(connection, user_id=g.user.id) >= MOST_WAITING:
            raise TooManyRequests(_("So many of your exports wait already: let some of them be made first."))
        reach = list_reach(connection, g.user)
        return add_run(connection, "background", g.user.id, wanted.dump(), reach, template_id)


def fill_in(exportable: Exportable, sent: MultiDict[str, str]) -> MultiDict[str, str]:
    """What a template says, with the rows of the list that somebody comes from where they come from one."""
    row = templates.get_template(read_id(sent, "template") or 0)
    if row["kind"] != exportable.name:
        raise NotFound
    wanted = Wanted.load(row["wanted"]).limit_to(exportable)
    names = ("format", "values", "header", "drawn_as")
    filled = MultiDict({name: getattr(wanted, name) for name in names})
    filled["delimiter"] = next(name for name, sign in DELIMITER_NAMES.items() if sign == wanted.delimiter)
    filled.setlist("column", wanted.columns)
    asked = {name: text for name, text in sent.items() if name not in OPTIONS}
    filled.update(asked or dict(wanted.asked))
    return filled


def show_form(exportable: Exportable, sent: MultiDict[str, str], errors: dict[str, str]) -> Response:
    """The form, as it was filled in."""
    columns = arrange(exportable, sent)
    page = render_template(
        "exports/form.html",
        exportable=exportable,
        sent=sent,
        errors=errors,
        columns=columns,
        formats=list_formats(exportable),
        usual_delimiter="comma" if formats.decimal(0.5) == "0.5" else "semicolon",
        templates=templates.list_usable(exportable.name),
        filters={ask.name: sent[ask.name] for ask in exportable.asks if sent.get(ask.name)},
    )
    return make_response(page, 422 if errors else 200)


def arrange(exportable: Exportable, sent: MultiDict[str, str]) -> list[tuple[Any, bool]]:
    """All columns in the order that was chosen, each with whether it is ticked; one may have been moved."""
    fields = {field.name: field for field in exportable.shown}
    chosen = [name for name in sent.getlist("column") if name in fields]
    if not sent.getlist("order") and not chosen:
        chosen = exportable.chosen_at_first
    order = list(dict.fromkeys([*sent.getlist("order"), *chosen, *fields]))
    order = [name for name in order if name in fields]
    for step, name in ((-1, sent.get("up")), (1, sent.get("down"))):
        if name in order:
            place = order.index(name)
            order.remove(name)
            order.insert(max(place + step, 0), name)
    return [(fields[name], name in chosen) for name in order]
