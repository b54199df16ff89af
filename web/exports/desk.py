"""Where exports are asked for: what there is, and how many are made at once while somebody waits."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast

from flask import Flask, current_app, g
from flask_babel import gettext as _
from werkzeug.exceptions import Forbidden, NotFound, TooManyRequests

from config.settings import Settings
from web.exports.chronicles import ALERTS, CHANGES, READINGS, VISITS
from web.exports.exportable import Exportable
from web.exports.journeys import EVENTS, STOPS, TRIPS
from web.exports.positions import POSITIONS
from web.exports.records import make_exportable
from web.records.kind import Kind

MOST_AT_ONCE = 4
MOST_OF_A_PERSON = 2
RETRY_AFTER_S = 20


class Desk:
    """The exportables by their names, and the places for those who wait."""

    def __init__(self, url: str, kinds: Iterable[Kind]) -> None:
        others = (TRIPS, STOPS, EVENTS, ALERTS, VISITS, POSITIONS, READINGS, CHANGES)
        self.url = url
        self.exportables = {one.name: one for one in (*map(make_exportable, kinds), *others)}
        self._lock = threading.Lock()
        self._busy: Counter[int] = Counter()

    def find(self, name: str) -> Exportable:
        """The exportable of this name, where the person may see it. Raises NotFound, Forbidden."""
        exportable = self.exportables.get(name)
        if exportable is None:
            raise NotFound
        if not exportable.is_allowed:
            told = {"role": _(g.user.role), "right": _(exportable.right)}
            raise Forbidden(_("As %(role)s, you may not %(right)s.", **told))
        return exportable

    def list_allowed(self) -> list[Exportable]:
        """What the person who asks may export, by name."""
        allowed = [one for one in self.exportables.values() if one.is_allowed]
        return sorted(allowed, key=lambda one: str(one.title).casefold())

    @contextmanager
    def take_place(self, user_id: int) -> Iterator[None]:
        """One of the places, until the block ends. Raises TooManyRequests."""
        with self._lock:
            if self._busy[user_id] >= MOST_OF_A_PERSON or self._busy.total() >= MOST_AT_ONCE:
                said = _("Several exports are being made right now. Try again when one of them is done.")
                raise TooManyRequests(said, retry_after=RETRY_AFTER_S)
            self._busy[user_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[user_id] -= 1


def set_up(app: Flask, settings: Settings, kinds: Iterable[Kind]) -> None:
    """The desk of this app."""
    app.extensions["exports"] = Desk(settings.need("database_url"), kinds)


def find_desk() -> Desk:
    """The desk of the app that runs."""
    return cast(Desk, current_app.extensions["exports"])
