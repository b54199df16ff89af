"""Setting up the second factor: a QR code for the phone, the first code back, and the recovery codes once."""

from typing import Any

import segno
from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from markupsafe import Markup

from sql import second_factor
from sql.attempts import TooManyAttempts
from web import database
from web.account import back, show_page
from web.sign_in import check_sign_in

pages = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")


def draw(address: str) -> Markup:
    """The QR code of an address, as SVG without any style of its own."""
    return Markup(segno.make(address, error="m").svg_inline(scale=5, border=2, svgclass="qr"))  # noqa: S704


def show_code(status: int, secret: str, **problems: Any) -> Response:
    """The code to scan, and the field for the phone's answer."""
    address = second_factor.make_address(g.user, secret)
    page = render_template("second_factor.html", picture=draw(address), secret=secret, **problems)
    return make_response(page, status)


@pages.post("")
def begin() -> Response:
    """A new secret to scan."""
    if g.user.has_second_factor:
        return make_response(redirect(url_for("account.show"), 303))
    with database.connection() as connection:
        secret = second_factor.begin(connection, g.user, current_app.extensions["seal"])
    return show_code(200, secret)


@pages.post("/confirm")
def confirm() -> Response:
    """Put the secret in force, and show the recovery codes this once."""
    seal = current_app.extensions["seal"]
    with database.connection() as connection:
        codes = second_factor.confirm(connection, g.user, request.form.get("code", ""), seal)
        secret = second_factor.find_secret(connection, g.user, seal)
    if codes is None and secret and not g.user.has_second_factor:
        return show_code(422, secret, problem=_("This code is not right."))
    if codes is None:
        return make_response(redirect(url_for("account.show"), 303))
    return make_response(render_template("recovery_codes.html", codes=codes))


@pages.post("/codes")
def renew_codes() -> Response:
    """New recovery codes in place of the older ones, for whoever knows the password."""
    if (refused := refuse_stranger()) is not None:
        return refused
    if not g.user.has_second_factor:
        return make_response(redirect(url_for("account.show"), 303))
    with database.connection() as connection:
        codes = second_factor.renew_recovery_codes(connection, g.user)
    return make_response(render_template("recovery_codes.html", codes=codes))


@pages.post("/remove")
def remove() -> Response:
    """Let the password be enough again, for whoever knows it."""
    if (refused := refuse_stranger()) is not None:
        return refused
    with database.connection() as connection:
        second_factor.remove(connection, g.user)
    return back(_("The second factor is off."))


def refuse_stranger() -> Response | None:
    """The answer to whoever sits at this page but does not know the password."""
    try:
        if check_sign_in(g.user.email, request.form.get("password", "")):
            return None
    except TooManyAttempts:
        return show_page(429, factor_problem=_("Too many attempts. Wait a minute, then try again."))
    return show_page(422, factor_problem=_("This is not your password."))
