"""Who a request speaks for: the token in its cookie, and the person as the database has them now."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Flask, Response, make_response, redirect, request, url_for
from flask_jwt_extended import JWTManager, current_user, unset_jwt_cookies, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError
from werkzeug.exceptions import Forbidden, Unauthorized

from sql.users import User, find_user
from web import database, problems
from web.rights import may

Arguments = ParamSpec("Arguments")


def set_up(app: Flask) -> None:
    """Read the token cookie of each request, and answer what is wrong with it."""
    tokens = JWTManager(app)

    @tokens.user_lookup_loader
    def look_up(_: object, claims: dict[str, str]) -> User | None:
        with database.connection() as connection:
            user = find_user(connection, int(claims["sub"]))
        return None if user is None or user.disabled else user

    tokens.unauthorized_loader(lambda _: ask_to_sign_in())
    tokens.invalid_token_loader(lambda _: ask_to_sign_in())
    tokens.expired_token_loader(lambda *_: ask_to_sign_in())
    tokens.user_lookup_error_loader(lambda *_: ask_to_sign_in())


def requires(right: str) -> Callable[[Callable[Arguments, Response]], Callable[Arguments, Response]]:
    """Let only signed-in people with this right reach a view."""

    def guard(view: Callable[Arguments, Response]) -> Callable[Arguments, Response]:
        @wraps(view)
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
            verify_jwt_in_request()
            if not may(current_user.role, right):
                raise Forbidden(f"As {current_user.role}, you may not {right}.")
            return view(*args, **kwargs)

        return guarded

    return guard


def find_signed_in_user() -> User | None:
    """Whoever this request's cookie speaks for, where it is a good one."""
    try:
        verify_jwt_in_request()
    except (JWTExtendedException, PyJWTError):
        return None
    user: User = current_user
    return user


def ask_to_sign_in() -> Response:
    """A browser goes to the form and comes back; a program is told 401."""
    if not problems.wants_page():
        return problems.answer(Unauthorized("Sign in first."))
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    response = make_response(redirect(url_for("session.sign_in", next=back)))
    unset_jwt_cookies(response)
    return response
