"""Stands before the live connections, which Flask's own request handling never sees.

An open socket holds one thread for as long as it lasts. Without this gate a stranger could hold every
thread by opening sockets and never saying who they are, and so many pages left open would do the same.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.exceptions import HTTPException, ServiceUnavailable, Unauthorized

from config.settings import Settings
from web import problems
from web.guard import find_signed_in_user
from web.headers import list_headers
from web.live import Live

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

THREADS_KEPT_FREE = 8


def set_up(app: Flask, live: Live, settings: Settings) -> None:
    """Let only signed-in people open live connections, and leave some threads to the pages."""
    most_sockets = max(1, settings.web_threads - THREADS_KEPT_FREE)
    told = list_headers(settings)
    app.wsgi_app = Gate(app, app.wsgi_app, live, most_sockets, told)  # type: ignore[method-assign]


class Gate:
    """Passes everything on but live connections that are not welcome."""

    def __init__(
        self,
        app: Flask,
        inner: "WSGIApplication",
        live: Live,
        most_sockets: int,
        told: dict[str, str],
    ) -> None:
        self._app = app
        self._inner = inner
        self._live = live
        self._most_sockets = most_sockets
        self._told = told

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith("/socket.io/"):
            return self._inner(environ, start_response)
        answer = self._add_headers(start_response)
        with self._app.request_context(environ):
            try:
                self._check(environ)
            except HTTPException as error:
                return problems.answer(error)(environ, answer)
        return self._inner(environ, answer)

    def _add_headers(self, start_response: "StartResponse") -> "StartResponse":
        """Tell the browser of these answers too what to refuse."""

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            given = {name.lower() for name, _ in headers}
            more = [(name, value) for name, value in self._told.items() if name.lower() not in given]
            return start_response(status, headers + more, *rest)

        return start

    def _check(self, environ: "WSGIEnvironment") -> None:
        if find_signed_in_user() is None:
            raise Unauthorized("Sign in first.")
        opens = "sid=" not in environ.get("QUERY_STRING", "")
        if opens and len(self._live.audience.list_all()) >= self._most_sockets:
            raise ServiceUnavailable("As many live maps are open as this server has room for.")
