"""Who a request speaks for, and whether they may: asked before every request, of the table in web.rights."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from flask import Flask, Response, current_app, g, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import refresh
from flask_jwt_extended import JWTManager, current_user, get_jwt, unset_jwt_cookies, verify_jwt_in_request
from flask_jwt_extended.exceptions import CSRFError, JWTExtendedException, NoAuthorizationError
from jwt.exceptions import ExpiredSignatureError, PyJWTError
from werkzeug.exceptions import Forbidden, HTTPException, Unauthorized

from sql.sessions import SessionEnded, find_session_users, rotate
from sql.users import User
from web import database, problems, tokens
from web.rights import ANYBODY, SIGNED_IN, find_right, lacks_second_factor, may

log = structlog.get_logger()


class SecondFactorNeeded(Forbidden):
    """Admins must have a second factor here, and this one has none yet."""

    kind = "second-factor-needed"


def set_up(app: Flask) -> None:
    """Ask before every request, and answer who is not let in."""
    manager = JWTManager(app)

    @manager.user_lookup_loader
    def look_up(_header: object, claims: Mapping[str, str]) -> User | None:
        try:
            session_id = UUID(claims["sid"])
        except (KeyError, ValueError):
            return None
        with database.connection() as connection:
            return find_session_users(connection, [session_id]).get(session_id)

    app.before_request(check)
    app.after_request(hand_out_tokens)
    app.register_error_handler(Unauthorized, ask_to_sign_in)
    app.register_error_handler(SecondFactorNeeded, ask_for_second_factor)


def check() -> None:
    """Refuse whoever may not have what is asked for. Raises Unauthorized, Forbidden."""
    if request.endpoint is None:
        return  # no such page, which is what the answer will say
    right = find_right(request.endpoint)
    if right == ANYBODY:
        return
    user = identify()
    if right is None:
        log.error("an endpoint is missing in web.rights", endpoint=request.endpoint)
        raise Forbidden(_("Nobody may do this."))
    if not may(user.role, right):
        raise Forbidden(_("As %(role)s, you may not %(right)s.", role=_(user.role), right=_(right)))
    if right != SIGNED_IN and lacks_second_factor(user, current_app.config["REQUIRE_SECOND_FACTOR"]):
        raise SecondFactorNeeded(_("Set up a second factor first: as an admin, you need one here."))


def identify(renews: bool = True) -> User:
    """The person this request speaks for. Raises Unauthorized, and Forbidden for a forged form.

    A bad Authorization header is refused, however good the cookie beside it: who sends one means it.
    """
    try:
        if "Authorization" in request.headers:
            verify_jwt_in_request(locations=["headers"])
        else:
            _verify_cookies(renews)
    except CSRFError as error:
        raise Forbidden(_("This did not come from a form of ours. Load the page again.")) from error
    except (JWTExtendedException, PyJWTError, SessionEnded) as error:
        raise Unauthorized(_("Sign in first.")) from error
    user: User = current_user
    g.user, g.session_id = user, UUID(get_jwt()["sid"])
    refresh()  # the language and time zone are this person's from here on
    return user


def _verify_cookies(renews: bool) -> None:
    shown = (request.headers.get("X-CSRF-TOKEN", ""), request.form.get("csrf_token", ""))
    if not all(value.isascii() for value in shown):
        raise CSRFError  # which the library would not say of it, but fail
    try:
        verify_jwt_in_request(locations=["cookies"])
    except (ExpiredSignatureError, NoAuthorizationError) as error:
        if isinstance(error, CSRFError) or not renews:
            raise
        _renew()


def _renew() -> None:
    """Fetch the next pair of tokens for the browser whose short one has expired. Raises SessionEnded."""
    verify_jwt_in_request(refresh=True, locations=["cookies"])
    claims = get_jwt()
    session_id = UUID(claims["sid"])
    with database.connection() as connection:
        token_id = rotate(connection, session_id, UUID(claims["jti"]), "browser")
    g.new_tokens = (int(claims["sub"]), session_id, token_id)


def hand_out_tokens(response: Response) -> Response:
    """Give a browser the tokens that this request has renewed."""
    if new := g.pop("new_tokens", None):
        tokens.set_cookies(response, *new)
    return response


def find_signed_in_user(renews: bool = False) -> User | None:
    """Whoever this request speaks for, where that is clear."""
    try:
        return identify(renews)
    except (Unauthorized, Forbidden):
        return None


def ask_to_sign_in(error: HTTPException) -> Response:
    """A browser goes to the form and comes back; a program is told 401."""
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    address = url_for("session.sign_in", next=back)
    if "HX-Request" in request.headers:
        response = problems.answer(error)
        if (
            request.endpoint != "alerts.bell"
        ):  # which asks by itself, and must take nobody from what they write
            response.headers["HX-Redirect"] = address
    elif problems.wants_page() and "Authorization" not in request.headers:
        response = make_response(redirect(address))
        unset_jwt_cookies(response)
    else:
        response = problems.answer(error)
    return response


def ask_for_second_factor(error: HTTPException) -> Response:
    """A browser goes to where it is set up; a program is told 403."""
    if problems.wants_page() and request.method == "GET" and "HX-Request" not in request.headers:
        return make_response(redirect(url_for("account.show", _anchor="second-factor")))
    return problems.answer(error)


def describe_me(user: User) -> dict[str, Any]:
    """A person as they are told about themselves."""
    return {
        "email": user.email,
        "role": user.role,
        "name": user.name,
        "language": user.language,
        "time_zone": user.time_zone,
        "units": user.units,
        "scope": user.scope,
    }
