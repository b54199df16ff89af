"""The live connection: Socket.IO, namespace /live. The page sends `view`, the server `snapshot` and `delta`.

`view`      {"bounds": [west, south, east, north] or null, "zoom": number, "filters": {}}; bounds alone counts
`snapshot`  {"server_time": ms, "total": n, "thresholds": {...}, "ingest": {...}, "fields": [...],
            "vehicles": [[...], ...], "alerts": {"total": n, "open": [at most 200]} or null}
`delta`     {"server_time": ms, "vehicles": [the first six of those fields, ...]}; one without vehicles each
            5 s says that the server itself still hears from the database, and brings `ingest`
`ingest`    {"is_reporting": whether a daemon stores positions, null where none ever did, "behind_s": s}
`alerts`    {}: a page that does not look at the fleet asks for alerts alone
`alert`     {"server_time": ms, "total": how many are open, "alerts": [{"id", "device_id", "label", "kind",
            "severity", "standing", "raised_ms", "storm_id"}]}: what changed; where one may see an alert no
            more, its "standing" is gone
"""

from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, current_app, g, request
from flask_socketio import (  # type: ignore[import-untyped]
    ConnectionRefusedError,
    Namespace,
    SocketIO,
)

from config.settings import Settings
from sql.users import list_reaches
from web import database
from web.audience import Viewer
from web.guard import find_signed_in_user
from web.live import Live
from web.picture import Bounds
from web.rights import may

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = structlog.get_logger()
NAMESPACE = "/live"


def set_up(app: Flask, live: Live, settings: Settings) -> None:
    """Serve live connections on this app, from its own pages and WEBSOCKET_ALLOWED_ORIGINS only."""
    others = frozenset(settings.websocket_allowed_origins)

    def is_allowed(origin: str, environ: "WSGIEnvironment") -> bool:
        return origin in others or origin == f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST')}"

    server = SocketIO(
        app,
        async_mode="threading",
        cors_allowed_origins=is_allowed,
        manage_session=False,
        max_http_buffer_size=16 * 1024,
    )
    server.on_namespace(LiveNamespace(NAMESPACE, live))
    live.send = lambda event, data, sid: server.emit(event, data, namespace=NAMESPACE, to=sid)
    live.dismiss = lambda sid: dismiss(server, sid)
    live.close_all = server.server.eio.disconnect
    app.extensions["live"] = live


def dismiss(server: SocketIO, sid: str) -> None:
    """Close a connection altogether: one that only left the namespace would go on holding its thread."""
    carrier = server.server.manager.eio_sid_from_sid(sid, NAMESPACE)
    server.server.disconnect(sid, namespace=NAMESPACE)
    if carrier is not None:
        server.server.eio.disconnect(carrier)


class LiveNamespace(Namespace):  # type: ignore[misc]
    """What a page may say on its live connection."""

    def __init__(self, namespace: str, live: Live) -> None:
        super().__init__(namespace)
        self._live = live

    def on_connect(self, _auth: object = None) -> None:
        """Admit whoever's cookie is good and may see the live map."""
        user = find_signed_in_user()
        if user is None or not Viewer.is_welcome(user, current_app.config["REQUIRE_SECOND_FACTOR"]):
            raise ConnectionRefusedError("You may not see the live map.")
        with database.connection() as connection:
            reach = list_reaches(connection, [user])[user.id]
        viewer = Viewer(g.session_id, reach, sees_alerts=may(user.role, "see alerts"))
        self._live.audience.admit(find_sid(), viewer)
        log.info("page connected", user=user.id)

    def on_view(self, view: Any) -> dict[str, str]:
        """Take what the page looks at; the answer is empty, or names the field that is wrong."""
        try:
            bounds = read_bounds(view)
        except ValueError as error:
            return {"error": str(error)}
        self._live.show(find_sid(), bounds)
        return {}

    def on_alerts(self, _asked: Any = None) -> dict[str, str]:
        """Tell a page of alerts that does not look at the fleet."""
        self._live.tell_alerts(find_sid())
        return {}

    def on_disconnect(self, _reason: object = None) -> None:
        """Forget the page."""
        self._live.audience.leave(find_sid())


def find_sid() -> str:
    """The id of the connection that speaks; Flask-SocketIO adds it to the request."""
    sid: str = request.sid  # type: ignore[attr-defined]
    return sid


def read_bounds(view: Any) -> Bounds | None:
    """The bounds of a `view` message, None where it asks for everything. Raises ValueError."""
    match view:
        case {"bounds": [int() | float(), int() | float(), int() | float(), int() | float()]}:
            return Bounds(*view["bounds"])
        case {"bounds": None}:
            return None
    raise ValueError("bounds: must be [west, south, east, north] in degrees, or null for everything")
