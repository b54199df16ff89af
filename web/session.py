"""Signing in and out: a password once, then a token in a cookie."""

import re
import threading

import structlog
from flask import (
    Blueprint,
    Flask,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_jwt_extended import (
    create_access_token,
    current_user,
    set_access_cookies,
    unset_jwt_cookies,
    verify_jwt_in_request,
)
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import generate_csrf, validate_csrf  # type: ignore[import-untyped]
from wtforms import ValidationError  # type: ignore[import-untyped]

from sql.users import verify_password
from web import database
from web.guard import find_signed_in_user

log = structlog.get_logger()
pages = Blueprint("session", __name__)
limiter = Limiter(get_remote_address)
# One password check takes 64 MiB; without a bound, as many at once as there are threads could take them all.
_checks_at_once = threading.BoundedSemaphore(4)
# A path of this site: //host and /\host name another one, and browsers drop control characters.
LOCAL_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")


def set_up(app: Flask) -> None:
    """Count wrong passwords."""
    limiter.init_app(app)


def find_way_back() -> str:
    """Where to go after signing in: the page asked for, where it is one of ours."""
    wanted = request.values.get("next", "")
    return wanted if LOCAL_PATH.fullmatch(wanted) else url_for("live_map.show")


def show_form(problem: str, status: int) -> Response:
    """The sign-in form, with what was wrong with the last try."""
    page = render_template(
        "sign_in.html",
        problem=problem,
        email=request.form.get("email", ""),
        back=find_way_back(),
        csrf_token=generate_csrf(),
    )
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def refuse_many(_: object) -> Response:
    """The form, after more wrong passwords than a person mistypes."""
    return show_form("Too many attempts. Wait a minute, then try again.", 429)


def is_wrong(response: Response) -> bool:
    """Whether an attempt counts against the limit."""
    return response.status_code == 401


@pages.get("/")
def home() -> Response:
    """The page to begin with."""
    return make_response(redirect(url_for("live_map.show")))


@pages.get("/sign-in")
def sign_in() -> Response:
    """The form, or straight on for whoever is signed in."""
    if find_signed_in_user():
        return make_response(redirect(find_way_back()))
    return show_form("", 200)


@pages.post("/sign-in")
@limiter.limit("10 per minute; 60 per hour", deduct_when=is_wrong, on_breach=refuse_many)
@limiter.limit(
    "60 per hour",
    key_func=lambda: request.form.get("email", "").strip().lower(),
    deduct_when=is_wrong,
    on_breach=refuse_many,
)
def check_password() -> Response:
    """A cookie for the right password; the same answer whatever was wrong."""
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return show_form("This page had been open for too long. Try again.", 400)
    with _checks_at_once, database.connection() as connection:
        user = verify_password(connection, request.form.get("email", ""), request.form.get("password", ""))
    if user is None:
        log.warning("sign-in refused", client=request.remote_addr)
        return show_form("This e-mail address and password do not belong together.", 401)
    response = make_response(redirect(find_way_back(), 303))
    set_access_cookies(response, create_access_token(identity=str(user.id)))
    log.info("signed in", user=user.id, client=request.remote_addr)
    return response


@pages.post("/sign-out")
def sign_out() -> Response:
    """Drop the cookies."""
    verify_jwt_in_request()
    response = make_response(redirect(url_for("session.sign_in"), 303))
    unset_jwt_cookies(response)
    return response


@pages.get("/session")
def who_am_i() -> Response:
    """Who is signed in, for a page that wonders why its live connection was refused."""
    verify_jwt_in_request()
    return jsonify(email=current_user.email, role=current_user.role)
