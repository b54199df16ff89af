"""The two tokens of a session: a short one that is shown with each request, and one that fetches the next.

The value against forged requests is the session's own, not the token's: a form that has been open for an
hour must still be good when the tokens have been renewed in between.
"""

import hashlib
import hmac
from datetime import timedelta
from uuid import UUID

from flask import Response, current_app
from flask_jwt_extended import (
    create_access_token,
    create_refresh_token,
    set_access_cookies,
    set_refresh_cookies,
)

from sql.sessions import LIFETIMES

ACCESS_LIFETIME = timedelta(minutes=15)


def make_access_token(user_id: int, session_id: UUID) -> str:
    """What a request shows."""
    token: str = create_access_token(str(user_id), additional_claims=_claims(session_id))
    return token


def make_refresh_token(user_id: int, session_id: UUID, token_id: UUID, kind: str) -> str:
    """What fetches the next pair; `token_id` is the session's newest."""
    claims = {**_claims(session_id), "jti": str(token_id)}
    token: str = create_refresh_token(str(user_id), expires_delta=LIFETIMES[kind], additional_claims=claims)
    return token


def set_cookies(response: Response, user_id: int, session_id: UUID, token_id: UUID | None) -> None:
    """Hand a browser the pair; without a token id only the short one."""
    longest = int(LIFETIMES["browser"].total_seconds())
    set_access_cookies(response, make_access_token(user_id, session_id), max_age=longest)
    if token_id is not None:
        refresh = make_refresh_token(user_id, session_id, token_id, "browser")
        set_refresh_cookies(response, refresh, max_age=longest)


def make_form_token(session_id: UUID) -> str:
    """What a session's forms and scripts show beside the cookie."""
    key = f"forms of {session_id}".encode()
    return hmac.new(current_app.config["JWT_SECRET_KEY"].encode(), key, hashlib.sha256).hexdigest()


def _claims(session_id: UUID) -> dict[str, str]:
    return {"sid": str(session_id), "csrf": make_form_token(session_id)}
