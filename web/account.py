"""A person's own page: how they read the pages, their password, and where they are signed in."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import refresh

from sql import second_factor, sessions, users
from sql.attempts import TooManyAttempts
from sql.audit import Author
from sql.people import People
from sql.users import UserError
from web import database, values
from web.forms import Field, read_form
from web.languages import LANGUAGES, list_time_zones
from web.password import explain
from web.sign_in import check_sign_in

pages = Blueprint("account", __name__, url_prefix="/account")
UNITS = (("metric", _l("Kilometres, litres")), ("imperial", _l("Miles, gallons")))
FIELDS = (
    Field("name", _l("Name"), values.text(200), autocomplete="name"),
    Field(
        "language",
        _l("Language"),
        values.choice(LANGUAGES),
        input="select",
        choices=tuple(LANGUAGES.items()),
    ),
    Field(
        "time_zone",
        _l("Time zone"),
        values.choice(("", *list_time_zones()), needed=False),
        input="select",
        choices=(("", _l("As the browser says")), *((zone, zone) for zone in list_time_zones())),
    ),
    Field("units", _l("Units"), values.choice(dict(UNITS)), input="select", choices=UNITS),
)


def show_page(status: int = 200, **problems: Any) -> Response:
    """The page, with what was wrong with the last try."""
    with database.connection() as connection:
        known = {
            "open_sessions": sessions.list_sessions(connection, g.user),
            "codes_left": second_factor.count_recovery_codes(connection, g.user),
        }
    page = render_template("account.html", fields=FIELDS, this_session=g.session_id, **known, **problems)
    return make_response(page, status)


def back(message: str) -> Response:
    """To the page, with good news."""
    flash(message)
    return make_response(redirect(url_for("account.show"), 303))


@pages.get("")
def show() -> Response:
    """The page."""
    return show_page()


@pages.post("")
def change_preferences() -> Response:
    """Keep how the person is called and reads the pages."""
    wanted, errors = read_form(FIELDS, request.form)
    if errors:
        return show_page(422, errors=errors, entered=wanted)
    with database.connection() as connection:
        people = People(connection, Author(g.user.id, g.request_id))
        before = people.get(g.user.id)
        users.change_preferences(connection, g.user, **wanted)
        people.record("change", before, g.user.id)
        g.user = users.find_user(connection, g.user.id)
    refresh()
    return back(_("Saved."))


@pages.post("/password")
def change_password() -> Response:
    """Another password for whoever knows the old one; the other sessions end."""
    try:
        if check_sign_in(g.user.email, request.form.get("old", "")) is None:
            return show_page(422, password_problem=_("This is not your password."))
        with database.connection() as connection:
            users.set_password(connection, g.user, request.form.get("new", ""))
            sessions.end_sessions(connection, g.user.id, "password changed", except_id=g.session_id)
    except TooManyAttempts:
        return show_page(429, password_problem=_("Too many attempts. Wait a minute, then try again."))
    except UserError as error:
        return show_page(422, password_problem=explain(error))
    return back(_("Your password has been changed, and you have been signed out everywhere else."))


@pages.post("/sessions/<uuid:session_id>/end")
def end_session(session_id: UUID) -> Response:
    """Sign out one browser or device."""
    with database.connection() as connection:
        sessions.end_session(connection, session_id, g.user, "revoked")
    return back(_("Signed out there."))


@pages.post("/sessions/end")
def end_other_sessions() -> Response:
    """Sign out everywhere else."""
    with database.connection() as connection:
        count = sessions.end_sessions(connection, g.user.id, "revoked", except_id=g.session_id)
    return back(_("Signed out everywhere else (%(count)s).", count=count))
