"""Who watches the fleet right now: one viewer for each live connection, with what it looks at."""

import threading
from dataclasses import dataclass
from uuid import UUID

from prometheus_client import Gauge

from sql.users import User
from web.picture import Bounds, Move, Reach
from web.rights import lacks_second_factor, may

VIEWERS = Gauge("motorpool_web_viewers", "Live connections open")


@dataclass
class Viewer:
    """One live connection. It is sent nothing before it has said what it looks at (`watching`).

    `reach` is how far its person's rights go, and `sees_alerts` one of them; web.live keeps both up to date.
    """

    session_id: UUID
    reach: Reach
    watching: bool = False
    bounds: Bounds | None = None
    sees_alerts: bool = False
    asks_for_alerts: bool = False

    @property
    def hears_alerts(self) -> bool:
        """Whether it is told of alerts: because it looks at the map, or asked for them alone."""
        return self.sees_alerts and (self.watching or self.asks_for_alerts)

    def sees(self, move: Move) -> bool:
        """Whether this view has to change: the vehicle is in it, or just left it."""
        return self.bounds is None or move.after.is_within(self.bounds) or move.before.is_within(self.bounds)

    @staticmethod
    def is_welcome(user: User | None, requires_second_factor: bool) -> bool:
        """Whether the person of the session may watch; nobody where the session has ended."""
        if user is None or lacks_second_factor(user, requires_second_factor):
            return False
        return may(user.role, "see the live map")


class Audience:
    """The viewers by the id of their connection; safe to use from any thread."""

    def __init__(self) -> None:
        self._viewers: dict[str, Viewer] = {}
        self._lock = threading.Lock()

    def admit(self, sid: str, viewer: Viewer) -> None:
        """A connection opened."""
        with self._lock:
            self._viewers[sid] = viewer
            VIEWERS.set(len(self._viewers))

    def watch(self, sid: str, bounds: Bounds | None) -> None:
        """A connection said what it looks at; None is everything."""
        with self._lock:
            if viewer := self._viewers.get(sid):
                viewer.watching, viewer.bounds = True, bounds

    def find(self, sid: str) -> Viewer | None:
        """The viewer of a connection."""
        with self._lock:
            return self._viewers.get(sid)

    def leave(self, sid: str) -> None:
        """A connection closed."""
        with self._lock:
            self._viewers.pop(sid, None)
            VIEWERS.set(len(self._viewers))

    def list_all(self) -> list[tuple[str, Viewer]]:
        """Every connection."""
        with self._lock:
            return list(self._viewers.items())

    def list_watching(self) -> list[tuple[str, Viewer]]:
        """The connections that have said what they look at."""
        return [(sid, viewer) for sid, viewer in self.list_all() if viewer.watching]
