"""Signing in and out: a password, a code where the person has a second factor, then tokens in cookies."""

import re
import threading
import time

import structlog
from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as forms
from flask_babel import gettext as _
from flask_jwt_extended import unset_jwt_cookies
from flask_wtf.csrf import generate_csrf, validate_csrf  # type: ignore[import-untyped]
from wtforms import ValidationError  # type: ignore[import-untyped]

from sql import attempts, second_factor
from sql.attempts import TooManyAttempts
from sql.sessions import end_session, open_session
from sql.users import User, find_user, verify_password
from web import database, tokens
from web.guard import describe_me, find_signed_in_user
from web.shell import find_first_page

log = structlog.get_logger()
pages = Blueprint("session", __name__)
# One password check takes 64 MiB; without a bound, as many at once as there are threads could take them all.
checks_at_once = threading.BoundedSemaphore(4)
# A path of this site: //host and /\host name another one, and browsers drop control characters.
LOCAL_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")
CODE_PATIENCE_S = 300


def find_way_back(user: User | None = None) -> str:
    """Where to go after signing in: the page asked for, where it is one of ours."""
    wanted = request.values.get("next", "")
    if LOCAL_PATH.fullmatch(wanted):
        return wanted
    return find_first_page(user) if user else url_for("session.home")


def show_form(template: str, problem: str, status: int, **values: str) -> Response:
    """A form for somebody who is not signed in, with what was wrong with the last try."""
    page = render_template(template, problem=problem, csrf_token=generate_csrf(), **values)
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def show_sign_in(problem: str, status: int) -> Response:
    """The sign-in form."""
    return show_form(
        "sign_in.html", problem, status, email=request.form.get("email", ""), back=find_way_back()
    )


def is_own_form() -> bool:
    """Whether what was sent comes from a form that we have shown to this browser."""
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return False
    return True


@pages.get("/")
def home() -> Response:
    """The page to begin with."""
    return make_response(redirect(find_first_page(g.user)))


@pages.get("/sign-in")
def sign_in() -> Response:
    """The form, or straight on for whoever is signed in."""
    if user := find_signed_in_user(renews=True):
        return make_response(redirect(find_way_back(user)))
    return show_sign_in("", 200)


@pages.post("/sign-in")
def check_password() -> Response:
    """A session for the right password; the same answer whatever was wrong."""
    if not is_own_form():
        return show_sign_in(_("This page had been open for too long. Try again."), 400)
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        user = check_sign_in(email, password)
    except TooManyAttempts:
        return show_sign_in(_("Too many attempts. Wait a minute, then try again."), 429)
    if user is None:
        return show_sign_in(_("This e-mail address and password do not belong together."), 401)
    if user.has_second_factor:
        forms["half"] = (user.id, int(time.time()))
        return make_response(redirect(url_for("session.ask_code", next=find_way_back(user)), 303))
    return let_in(user)


def check_sign_in(email: str, password: str) -> User | None:
    """The person with this address and password, or None. Raises TooManyAttempts."""
    client = request.remote_addr or ""
    with checks_at_once, database.connection() as connection:
        attempt = attempts.begin(connection, client, email)
        user = verify_password(connection, email, password)
        if user is not None:
            attempt.forget(connection)
    if user is None:
        log.warning("sign-in refused", client=client)
    return user


@pages.get("/sign-in/code")
def ask_code() -> Response:
    """The form for the code of the second factor."""
    if "half" not in forms:
        return make_response(redirect(url_for("session.sign_in")))
    return show_form("sign_in_code.html", "", 200, back=find_way_back())


@pages.post("/sign-in/code")
def check_code() -> Response:
    """A session for the right code, within some minutes of the right password."""
    user_id, at = forms.get("half", (0, 0))
    if not is_own_form() or time.time() - at > CODE_PATIENCE_S:
        forms.pop("half", None)
        return make_response(redirect(url_for("session.sign_in"), 303))
    try:
        user = check_second_factor(user_id, request.form.get("code", ""))
    except TooManyAttempts:
        problem = _("Too many attempts. Wait a minute, then try again.")
        return show_form("sign_in_code.html", problem, 429, back=find_way_back())
    if user is None:
        return show_form("sign_in_code.html", _("This code is not right."), 401, back=find_way_back())
    return let_in(user)


def check_second_factor(user_id: int, code: str) -> User | None:
    """The person, where the code is theirs. Raises TooManyAttempts."""
    with database.connection() as connection:
        attempt = attempts.begin(connection, request.remote_addr or "", f"code of {user_id}")
        user = find_user(connection, user_id)
        seal = current_app.extensions["seal"]
        if user is None or user.disabled or not second_factor.verify(connection, user, code, seal):
            return None
        attempt.forget(connection)
    return user


def let_in(user: User) -> Response:
    """Open a session, and go where the person wanted to go."""
    forms.pop("half", None)
    agent, client = request.user_agent.string, request.remote_addr or ""
    with database.connection() as connection:
        session = open_session(connection, user, "browser", agent, client)
    response = make_response(redirect(find_way_back(user), 303))
    tokens.set_cookies(response, user.id, session.id, session.token_id)
    log.info("signed in", user=user.id, client=client)
    return response


@pages.post("/sign-out")
def sign_out() -> Response:
    """End the session and drop the cookies."""
    with database.connection() as connection:
        end_session(connection, g.session_id, g.user, "signed out")
    response = make_response(redirect(url_for("session.sign_in"), 303))
    unset_jwt_cookies(response)
    return response


@pages.get("/session")
def who_am_i() -> Response:
    """Who is signed in, for a page that wonders why its live connection was refused."""
    return jsonify(describe_me(g.user))
