"""A new password for whoever forgot the old one: a link by mail, good once and for an hour."""

from flask import Blueprint, Response, current_app, make_response, redirect, request, url_for
from flask_babel import gettext as _

from sql import attempts, password_resets
from sql.attempts import TooManyAttempts
from sql.users import UserError, find_user_by_email
from web import database
from web.mail import do_soon
from web.sign_in import is_own_form, show_form

pages = Blueprint("password", __name__, url_prefix="/password")


@pages.get("/forgotten")
def ask() -> Response:
    """The form that asks for the address."""
    return show_form("password_forgotten.html", "", 200)


@pages.post("/forgotten")
def send_link() -> Response:
    """Send the link, if anybody has the address; the answer does not tell."""
    if not is_own_form():
        return show_form(
            "password_forgotten.html", _("This page had been open for too long. Try again."), 400
        )
    email = request.form.get("email", "")
    try:
        with database.connection() as connection:
            # Not forgotten when it was good: mail is limited whether the address exists or not.
            attempts.begin(connection, f"{request.remote_addr} mail", f"mail to {email}")
    except TooManyAttempts:
        problem = _("Too many attempts. Wait a minute, then try again.")
        return show_form("password_forgotten.html", problem, 429)
    do_soon(lambda: mail_link(email))
    return show_form("password_sent.html", "", 200)


def mail_link(email: str) -> None:
    """Send a link to whoever has this address; to nobody where nobody has."""
    with database.connection() as connection:
        user = find_user_by_email(connection, email)
        if user is None or user.disabled:
            return
        token = password_resets.make_link_token(connection, user.id, password_resets.FORGOTTEN)
    text = _(
        "Somebody, most likely you, asked for a new password for Motorpool.\n\n"
        "Choose it here within an hour; the link works once:\n\n%(link)s\n\n"
        "If it was not you, ignore this mail: nothing has changed.\n",
        link=make_link(token),
    )
    current_app.extensions["mailer"].send(user.email, _("A new password for Motorpool"), text)


def make_link(token: str) -> str:
    """The address at which a password is chosen."""
    return str(current_app.config["WEB_URL"] + url_for("password.choose", token=token))


@pages.get("/new/<token>")
def choose(token: str) -> Response:
    """The form that asks for the new password, where the link still works."""
    with database.connection() as connection:
        is_good = password_resets.is_good(connection, token)
    return show_form("password_new.html", "", 200 if is_good else 410, token=token if is_good else "")


@pages.post("/new/<token>")
def set_new(token: str) -> Response:
    """Keep the new password, and sign out wherever the old one was used."""
    if not is_own_form():
        return show_form(
            "password_new.html", _("This page had been open for too long. Try again."), 400, token=token
        )
    try:
        with database.connection() as connection:
            is_done = password_resets.use_link_token(connection, token, request.form.get("password", ""))
    except UserError as error:
        return show_form("password_new.html", explain(error), 422, token=token)
    if not is_done:
        return show_form("password_new.html", "", 410, token="")
    return make_response(redirect(url_for("session.sign_in", changed=1), 303))


def explain(error: UserError) -> str:
    """Why a password is not taken."""
    if "at least" in str(error):
        return str(_("A password needs at least 12 characters."))
    return str(_("This password cannot be used. Choose another one."))
