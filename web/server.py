"""The site under gunicorn: one process, and as many threads as it may hold open pages."""

import socket
from types import FrameType
from typing import Any

import click
import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from config.settings import Settings
from sql.processes import Process
from sql.pulse import Pulse
from web.app import create_app

log = structlog.get_logger()
GRACE_S = 3


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our settings in place of its command line."""

    def __init__(self, settings: Settings, sockets: list[socket.socket]) -> None:
        self._settings = settings
        self._sockets = sockets
        super().__init__()

    def load_config(self) -> None:
        """Hand gunicorn the sockets that are bound already, and keep its hands off our log."""
        values: dict[str, Any] = {
            "bind": [f"fd://{listening.fileno()}" for listening in self._sockets],
            "workers": 1,
            "threads": self._settings.web_threads,
            "worker_connections": 4 * self._settings.web_threads,
            "worker_class": LiveWorker,
            "logger_class": PlainLogger,
            "graceful_timeout": GRACE_S,
            "control_socket_disable": True,
        }
        for name, value in values.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The app, made in the worker, where its threads live."""
        app = create_app(self._settings)
        app.extensions["live"].start()
        process = Process("web", app.extensions["pool"], lambda: "serves pages")
        url = self._settings.need("database_url")
        app.extensions["pulse"] = Pulse(url, "web", process.report, farewell=process.leave)
        app.extensions["pulse"].start()
        return app


class LiveWorker(ThreadWorker):  # type: ignore[misc]
    """Closes the live connections when told to stop: they would outlast every grace period."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: finish the requests, close the live connections."""
        self.wsgi.extensions["live"].stop()
        self.wsgi.extensions["pulse"].stop()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """SIGINT or SIGQUIT: the same, without waiting for the requests."""
        self.wsgi.extensions["live"].stop()
        self.wsgi.extensions["pulse"].stop()
        super().handle_quit(sig, frame)


class PlainLogger(Logger):  # type: ignore[misc]
    """Leaves gunicorn's words to the log that config.logging has set up."""

    def setup(self, cfg: Any) -> None:
        """No handlers of its own."""
        self.error_log.propagate = True
        self.error_log.setLevel("WARNING")

    def access(self, *_: Any) -> None:
        """Nothing: web.journal writes a line for each request."""


def bind(settings: Settings) -> list[socket.socket]:
    """Take the ports that the site listens on. Raises ClickException where another program has one."""
    ports = [settings.web_port]
    if settings.websocket_port and settings.websocket_port != settings.web_port:
        ports.append(settings.websocket_port)
    return [_take(settings.web_host, port) for port in ports]


def _take(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {host} port {port}: {error.strerror}. "
            "Stop the program that does, or set WEB_PORT to another port."
        ) from error
    return listening
