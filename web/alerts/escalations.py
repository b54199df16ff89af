"""Who is told of an alert that nobody acknowledges, and after how long: the settings page."""

from collections.abc import Mapping

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from sql import audit
from sql.audit import Author
from sql.escalations import (
    LONGEST_S,
    MOST_LEVELS,
    ROLES_TOLD,
    SEVERITIES,
    TABLE,
    Escalation,
    EscalationsChanged,
    find_version,
    list_escalations,
    replace_escalations,
)
from web import database
from web.alerts import words

pages = Blueprint("escalations", __name__, url_prefix="/alerts/escalations")
LONGEST_MIN = LONGEST_S // 60


@pages.get("")
def show() -> Response:
    """The levels of each severity, with room for one more."""
    with database.connection() as connection:
        levels = list_escalations(connection)
    entered = {name: [(f"{one.after_s / 60:g}", one.role) for one in levels[name]] for name in SEVERITIES}
    return show_form(entered, "")


@pages.post("")
def change() -> Response:
    """Other levels from now on, or the form with what is wrong with it."""
    entered = {name: read_levels(request.form, name) for name in SEVERITIES}
    try:
        wanted = [
            Escalation(severity, read_seconds(minutes), role)
            for severity, levels in entered.items()
            for minutes, role in levels
        ]
    except ValueError:
        return show_form(entered, _("Minutes must be a number from 0 to %(most)s.", most=LONGEST_MIN))
    if any(one.role not in ROLES_TOLD for one in wanted):
        return show_form(entered, _("There is no such role."))
    try:
        with database.connection() as connection:
            version = read_version(request.form)
            replace_escalations(connection, Author(g.user.id, g.request_id), version, wanted)
    except EscalationsChanged:
        flash(_("Somebody has changed this in the meantime. Look at it, then try again."), "problem")
    else:
        flash(_("Saved; it is so for alerts that are raised or escalate from now on."))
    return make_response(redirect(url_for("escalations.show"), 303))


def show_form(entered: Mapping[str, list[tuple[str, str]]], problem: str) -> Response:
    """The form, with an empty line below the levels of each severity where there is room."""
    rooms = {
        severity: [*levels, *([("", "")] if len(levels) < MOST_LEVELS else [])]
        for severity, levels in entered.items()
    }
    with database.connection() as connection:
        version = find_version(connection)
        changes = audit.list_changes(connection, TABLE, 1, most=1)
    page = render_template(
        "alerts/escalations.html",
        levels=rooms,
        roles=ROLES_TOLD,
        words=words,
        version=version,
        problem=problem,
        last=changes[0] if changes else None,
        longest=LONGEST_MIN,
    )
    return make_response(page, 422 if problem else 200)


def read_levels(form: MultiDict[str, str], severity: str) -> list[tuple[str, str]]:
    """The lines of a severity that name a role, as they were entered."""
    lines = zip(form.getlist(f"{severity}_after"), form.getlist(f"{severity}_role"), strict=False)
    return [(minutes.strip(), role) for minutes, role in lines if role][:MOST_LEVELS]


def read_seconds(minutes: str) -> int:
    """Seconds from minutes, such as 0.5. Raises ValueError."""
    seconds = round(float(minutes.replace(",", ".")) * 60) if len(minutes) <= 10 else -1
    if not 0 <= seconds <= LONGEST_S:
        raise ValueError(minutes)
    return seconds


def read_version(form: Mapping[str, str]) -> int:
    """What the form was made from; an impossible one has changed."""
    text = form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
