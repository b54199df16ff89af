"""Work that answers no request: the app for it, and in whose name it is done."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask, g
from pydantic import SecretStr

from config.settings import Settings
from sql.users import User

# A command has all rights, and speaks as the code does.
NOBODY = User(
    id=0,
    email="",
    role="admin",
    disabled=False,
    name="",
    language="en",
    time_zone="UTC",
    units="metric",
    scope="fleet",
    has_second_factor=True,
)


@contextmanager
def open_app(settings: Settings) -> Iterator[Flask]:
    """The app, for work that answers no requests: it signs nothing, and needs no secret to do so."""
    from web.app import create_app  # which knows all that can be worked on

    made_up = SecretStr(secrets.token_hex(32))
    app = create_app(settings.model_copy(update={"jwt_secret": made_up}))
    try:
        yield app
    finally:
        app.extensions["pool"].close()


@contextmanager
def speak_for(
    app: Flask, user: User, language: str = "en", time_zone: str = "UTC", request_id: str | None = None
) -> Iterator[None]:
    """As in a request of this person; language and time zone count where they have chosen none."""
    with app.test_request_context():
        g.user = replace(user, language=user.language or language, time_zone=user.time_zone or time_zone)
        g.request_id = request_id
        yield
