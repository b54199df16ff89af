"""Signing in to the API: tokens for a phone or a program, in answers and headers instead of cookies."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint, Schema
from flask import Flask, g, request
from flask_babel import gettext as _
from flask_jwt_extended import get_jwt, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from jwt.exceptions import PyJWTError
from marshmallow import fields, validate
from werkzeug.exceptions import TooManyRequests, Unauthorized

from config.settings import Settings
from sql import sessions
from sql.attempts import TooManyAttempts
from sql.sessions import Session, SessionEnded, open_session
from sql.users import User
from web import database, tokens
from web.guard import describe_me
from web.sign_in import check_second_factor, check_sign_in

pages = APIBlueprint("api_auth", __name__, url_prefix="/api/v1", tag="Sign-in")
limiter = Limiter(get_remote_address, headers_enabled=True)


class Credentials(Schema):
    """Who signs in, on which device; `code` where the person has a second factor."""

    email = fields.String(required=True)
    password = fields.String(required=True)
    device_id = fields.String(required=True, validate=validate.Length(1, 200))
    code = fields.String(load_default="")


class Tokens(Schema):
    """A pair of tokens, and the seconds for which the access token is good."""

    access_token = fields.String()
    refresh_token = fields.String()
    expires_in = fields.Integer()


class Me(Schema):
    """The person who is signed in."""

    email = fields.String()
    role = fields.String()
    name = fields.String()
    language = fields.String()
    time_zone = fields.String(allow_none=True, metadata={"description": "null: as the browser says"})
    units = fields.String()
    scope = fields.String()


class CodeNeeded(Unauthorized):
    """The password is right, and a code is needed too."""

    kind = "code-needed"


def set_up(app: Flask, settings: Settings) -> None:
    """Count requests to the API; sign-in has limits of its own, in the database."""
    limiter.init_app(app)
    limit = f"{settings.api_rate_limit} per {settings.api_rate_window} seconds"
    app.before_request(lambda: check_rate(limit))


def check_rate(limit: str) -> None:
    """Refuse a client of the API that asks too often. Raises TooManyRequests."""
    if not request.path.startswith("/api/"):
        return
    with limiter.limit(limit, key_func=get_remote_address):
        pass


@pages.post("/auth/login")
@pages.input(Credentials, arg_name="given")
@pages.output(Tokens)
@pages.doc(summary="Sign in on a device", responses=[401, 422, 429])
def login(given: dict[str, Any]) -> Any:
    """Tokens for the right password, and the right code where one is needed."""
    try:
        user = check_sign_in(given["email"], given["password"])
        if user and user.has_second_factor:
            if not given["code"]:
                raise CodeNeeded(_("Send the code of the second factor too."))
            user = check_second_factor(user.id, given["code"])
    except TooManyAttempts as error:
        raise TooManyRequests(
            _("Too many attempts. Wait a minute, then try again."), retry_after=60
        ) from error
    if user is None:
        raise Unauthorized(_("This e-mail address and password do not belong together."))
    with database.connection() as connection:
        agent, client = request.user_agent.string, request.remote_addr or ""
        session = open_session(connection, user, "device", agent, client, given["device_id"])
    return answer_tokens(user.id, session)


@pages.post("/auth/refresh")
@pages.output(Tokens)
@pages.doc(
    summary="Fetch the next tokens; the refresh token goes into the header",
    security="bearer",
    responses=[401],
)
def refresh() -> Any:
    """The next pair; a refresh token that was used before ends the session for whoever has it."""
    try:
        verify_jwt_in_request(refresh=True, locations=["headers"])
        claims = get_jwt()
        session_id = UUID(claims["sid"])
        with database.connection() as connection:
            token_id = sessions.rotate(connection, session_id, UUID(claims["jti"]), "device")
    except (JWTExtendedException, PyJWTError, SessionEnded) as error:
        raise Unauthorized(_("Sign in first.")) from error
    assert token_id is not None
    return answer_tokens(int(claims["sub"]), Session(session_id, token_id))


@pages.post("/auth/logout")
@pages.output({}, status_code=204)
@pages.doc(
    summary='End the session; {"everywhere": true} ends all of them', security="bearer", responses=[401]
)
def logout() -> Any:
    """End this session, or all of the person's."""
    wish = request.get_json(silent=True)
    user: User = g.user
    with database.connection() as connection:
        if isinstance(wish, dict) and wish.get("everywhere") is True:
            sessions.end_sessions(connection, user.id, "signed out")
        else:
            sessions.end_session(connection, g.session_id, user, "signed out")
    return ""


@pages.get("/me")
@pages.output(Me)
@pages.doc(summary="Who is signed in", security="bearer", responses=[401])
def me() -> Any:
    """The person who is signed in."""
    return describe_me(g.user)


def answer_tokens(user_id: int, session: Session) -> dict[str, Any]:
    """A pair of tokens for a device."""
    return {
        "access_token": tokens.make_access_token(user_id, session.id),
        "refresh_token": tokens.make_refresh_token(user_id, session.id, session.token_id, "device"),
        "expires_in": int(tokens.ACCESS_LIFETIME.total_seconds()),
    }
