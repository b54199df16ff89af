"""Follows the fleet and tells the pages: one thread, one LISTENing connection, at most four frames a second.

What makes it hard: a notification is missed while the connection is away, and a page that arrives between
a change and its telling must see it exactly once. So every new connection begins by reading everything, a
full reading each 30 s nets what slipped through all the same, and one lock covers "change the picture and
tell of it" as well as "let a page in and send it the picture".
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg
import structlog
from prometheus_client import Counter, Gauge

from config.settings import Settings
from sql.pool import connect
from sql.queries import queries
from sql.sessions import find_session_users
from sql.users import list_reaches
from web.alerts.watch import AlertWatch, Change
from web.audience import Audience, Viewer
from web.picture import FIELDS, FIX_FIELDS, Bounds, Move, Picture, group_moves
from web.rights import may

log = structlog.get_logger()
FRAME_S = 0.25
HEARTBEAT_S = 5.0
FULL_READING_S = 30.0
LONGEST_WAIT_S = 10.0
OFFLINE_AFTER_MS = 600_000
CHANGES = ("device_changed", "vehicle_changed")
ALERTS = "alert_changed"

FOLLOWING = Gauge("motorpool_web_following", "1 while the fleet is being followed in the database")
READINGS = Counter("motorpool_web_full_readings", "Times the whole fleet was read")
FRAMES = Counter("motorpool_web_frames", "Messages sent to pages", ["event"])

Send = Callable[[str, dict[str, Any], str], None]


class Live:
    """The picture of the fleet, the pages that watch it, and the thread between database and both.

    `send(event, data, sid)`, `dismiss(sid)` and `close_all()` are the socket server's; web.sockets sets them.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.need("database_url")
        self.thresholds = {
            "late_after_ms": int(max(30.0, 3 * settings.gps_update_interval) * 1000),
            "offline_after_ms": OFFLINE_AFTER_MS,
        }
        self._requires_second_factor = settings.require_second_factor
        self.audience = Audience()
        self.is_loaded = False
        self.send: Send
        self.dismiss: Callable[[str], None]
        self.close_all: Callable[[], None]
        self._picture = Picture()
        self._alerts = AlertWatch()
        self._ingest: dict[str, Any] = {"is_reporting": None, "behind_s": 0.0}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Begin to follow the fleet; waits for the database as long as it takes."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread within a frame, and with it the live connections; the pages reconnect."""
        self._stopping.set()

    def show(self, sid: str, bounds: Bounds | None) -> None:
        """Send a page the picture, now or as soon as there is one, and from then on what changes in it."""
        with self._lock:
            self.audience.watch(sid, bounds)
            viewer = self.audience.find(sid)
            if self.is_loaded and viewer is not None:
                self._send_snapshot(sid, viewer)

    def tell_alerts(self, sid: str) -> None:
        """Tell a page of alerts from now on, whether or not it looks at the fleet."""
        viewer = self.audience.find(sid)
        if viewer is not None:
            viewer.asks_for_alerts = True

    def _run(self) -> None:
        wait_s = 0.5
        while not self._stopping.is_set():
            try:
                with connect(self._url, "web-live", autocommit=True) as connection:
                    for channel in ("positions_stored", ALERTS, *CHANGES):
                        connection.execute(f"LISTEN {channel}")
                    self._ingest = read_ingest_status(connection)
                    self._read_all(connection)
                    log.info("following the fleet")
                    FOLLOWING.set(1)
                    wait_s = 0.5
                    self._follow(connection)
            except psycopg.Error as error:
                log.warning("lost sight of the fleet", reason=str(error).strip(), retry_s=wait_s)
            except Exception:  # the pages would stand still for ever if this thread died of a fault of ours
                log.exception("failed to follow the fleet", retry_s=wait_s)
            finally:
                FOLLOWING.set(0)
            self._stopping.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        self.close_all()

    def _follow(self, connection: psycopg.Connection) -> None:
        read_at = beat_at = time.monotonic()
        while not self._stopping.is_set():
            heard = list(connection.notifies(timeout=FRAME_S))
            now = time.monotonic()
            if now - read_at >= FULL_READING_S or any(notify.channel in CHANGES for notify in heard):
                self._read_all(connection)
                read_at = now
            elif heard:
                self._advance(connection, heard)
            if now - beat_at >= HEARTBEAT_S:
                self._look_at_rights(connection)
                ingest = read_ingest_status(connection)
                with self._lock:
                    self._ingest = ingest
                    self._beat()
                beat_at = now

    def _read_all(self, connection: psycopg.Connection) -> None:
        rows = list(queries.list_live_vehicles(connection))
        alerts = list(queries.list_live_alerts(connection, ids=None))
        READINGS.inc()
        with self._lock:
            self._tell_alerts(self._alerts.replace(alerts))
            moves = self._picture.replace(rows)
            if moves is not None and self.is_loaded:
                self._tell(moves)
                return
            self.is_loaded = True
            for sid, viewer in self.audience.list_watching():
                self._send_snapshot(sid, viewer)

    def _advance(self, connection: psycopg.Connection, heard: Sequence[psycopg.Notify]) -> None:
        device_ids = read_ids(notify for notify in heard if notify.channel != ALERTS)
        ids = read_ids(notify for notify in heard if notify.channel == ALERTS)
        rows = list(queries.list_newest_fixes(connection, device_ids=device_ids)) if device_ids else []
        alerts = list(queries.list_live_alerts(connection, ids=ids)) if ids else []
        with self._lock:
            self._tell(self._picture.advance(rows))
            self._tell_alerts(self._alerts.advance(ids, alerts))

    def _tell_alerts(self, changes: list[Change]) -> None:
        for sid, viewer in self.audience.list_all() if changes else ():
            told = [one for change in changes if (one := change.tell(viewer.reach))]
            if told and viewer.hears_alerts:
                self._send("alert", {"alerts": told, "total": self._alerts.count(viewer.reach)}, sid)

    def _tell(self, moves: list[Move]) -> None:
        watching = self.audience.list_watching()
        is_bounded = any(viewer.reach is not None for _, viewer in watching)
        moves_of_depots = group_moves(moves) if is_bounded else {}
        for sid, viewer in watching:
            within = moves
            if viewer.reach is not None:
                within = [move for depot_id in viewer.reach for move in moves_of_depots.get(depot_id, ())]
            seen = [move.after for move in within if viewer.sees(move)]
            if seen:
                self._send("delta", {"vehicles": [vehicle[:FIX_FIELDS] for vehicle in seen]}, sid)

    def _beat(self) -> None:
        for sid, _viewer in self.audience.list_watching():
            self._send("delta", {"ingest": self._ingest, "vehicles": []}, sid)

    def _send_snapshot(self, sid: str, viewer: Viewer) -> None:
        bounds = viewer.bounds
        vehicles = list(self._picture.list_within(viewer.reach))
        seen = [v[: len(FIELDS)] for v in vehicles if bounds is None or v.is_within(bounds)]
        self._send(
            "snapshot",
            {
                "total": len(vehicles),
                "thresholds": self.thresholds,
                "ingest": self._ingest,
                "fields": FIELDS,
                "vehicles": seen,
                "alerts": self._alerts.describe(viewer.reach) if viewer.hears_alerts else None,
            },
            sid,
        )

    def _send(self, event: str, data: dict[str, Any], sid: str) -> None:
        self.send(event, {"server_time": int(time.time() * 1000), **data}, sid)
        FRAMES.labels(event).inc()

    def _look_at_rights(self, connection: psycopg.Connection) -> None:
        """Dismiss who may not watch any more, and show who may see more or less of the fleet just that."""
        viewers = self.audience.list_all()
        if not viewers:
            return
        users = find_session_users(connection, {viewer.session_id for _, viewer in viewers})
        reaches = list_reaches(connection, users.values())
        for sid, viewer in viewers:
            user = users.get(viewer.session_id)
            if user is None or not viewer.is_welcome(user, self._requires_second_factor):
                self.dismiss(sid)
                continue
            with self._lock:
                viewer.sees_alerts = may(user.role, "see alerts")
                if viewer.reach != reaches[user.id]:
                    viewer.reach = reaches[user.id]
                    if viewer.watching and self.is_loaded:
                        self._send_snapshot(sid, viewer)
                    elif viewer.hears_alerts:
                        self._send("alert", {"alerts": [], "total": self._alerts.count(viewer.reach)}, sid)


def read_ingest_status(connection: psycopg.Connection) -> dict[str, Any]:
    """Whether any daemon stores positions (None where none ever did), and how far the slowest is behind."""
    is_reporting, behind_s = queries.get_ingest_status(connection)
    return {"is_reporting": is_reporting, "behind_s": round(behind_s, 1)}


def read_ids(heard: Iterable[psycopg.Notify]) -> list[int]:
    """The ids in these notifications' comma-separated payloads, each once."""
    return sorted({int(id) for notify in heard for id in notify.payload.split(",") if id.isdigit()})
