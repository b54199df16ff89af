"""Stands before the live connections, which Flask's own request handling never sees.

An open socket holds one thread for as long as it lasts. Without this gate a stranger could hold every
thread by opening sockets and never saying who they are, and so many pages left open would do the same.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.exceptions import HTTPException, ServiceUnavailable, Unauthorized

from web import problems
from web.guard import find_signed_in_user
from web.live import Live

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

THREADS_KEPT_FREE = 8


def set_up(app: Flask, live: Live, most_sockets: int) -> None:
    """Let only signed-in people open live connections, and leave some threads to the pages."""
    app.wsgi_app = Gate(app, app.wsgi_app, live, max(1, most_sockets))  # type: ignore[method-assign]


class Gate:
    """Passes everything on but live connections that are not welcome."""

    def __init__(self, app: Flask, inner: "WSGIApplication", live: Live, most_sockets: int) -> None:
        self._app = app
        self._inner = inner
        self._live = live
        self._most_sockets = most_sockets

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith("/socket.io/"):
            with self._app.request_context(environ):
                try:
                    self._check(environ)
                except HTTPException as error:
                    return problems.answer(error)(environ, start_response)
        return self._inner(environ, start_response)

    def _check(self, environ: "WSGIEnvironment") -> None:
        if find_signed_in_user() is None:
            raise Unauthorized("Sign in first.")
        opens = "sid=" not in environ.get("QUERY_STRING", "")
        if opens and len(self._live.audience.list_all()) >= self._most_sockets:
            raise ServiceUnavailable("As many live maps are open as this server has room for.")
