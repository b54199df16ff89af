"""The alerts that wait for somebody, as this process knows them, and what changed since last asked.

Whoever's rights reach only some depots hears only of those; the depot itself never travels.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from web.picture import Reach

MOST_TOLD = 200
RANKS = {"critical": 0, "warning": 1, "info": 2}


class Alert(NamedTuple):
    """An alert as the pages hear of it."""

    id: int
    device_id: int
    label: str
    kind: str
    severity: str
    standing: str
    raised_ms: int
    storm_id: int | None
    depot_id: int | None

    def is_within(self, reach: Reach) -> bool:
        """Whether somebody of this reach may see it; without a depot it is the whole fleet's."""
        return reach is None or self.depot_id in reach

    def tell(self) -> dict[str, Any]:
        """What travels."""
        told = self._asdict()
        del told["depot_id"]
        return told


class Change(NamedTuple):
    """One alert before and after: None where nobody was or is told of it."""

    before: Alert | None
    after: Alert | None

    def tell(self, reach: Reach) -> dict[str, Any] | None:
        """What somebody of this reach hears of it."""
        if self.after is not None and self.after.is_within(reach):
            return self.after.tell()
        if self.before is not None and self.before.is_within(reach):
            return {"id": self.before.id, "standing": "gone"}
        return None


class AlertWatch:
    """The open alerts by id. Not locked: web.live holds one lock over changing it and telling of it."""

    def __init__(self) -> None:
        self._open: dict[int, Alert] = {}

    def replace(self, rows: Iterable[tuple[Any, ...]]) -> list[Change]:
        """Take rows of list_live_alerts as all that is open; what changed."""
        before, self._open = self._open, {row[0]: Alert(*row) for row in rows}
        ids = sorted(before.keys() | self._open.keys())
        changes = [Change(before.get(id), self._open.get(id)) for id in ids]
        return [change for change in changes if change.before != change.after]

    def advance(self, ids: Iterable[int], rows: Iterable[tuple[Any, ...]]) -> list[Change]:
        """Take the rows of the alerts that were heard of; one without a row is gone."""
        now = {row[0]: Alert(*row) for row in rows}
        changes = []
        for id in ids:
            after = now.get(id)
            changes.append(Change(self._open.pop(id, None), after))
            if after is not None and after.standing == "open":
                self._open[id] = after
        return changes

    def describe(self, reach: Reach) -> dict[str, Any]:
        """What is open within reach: the worst and newest of it, and how many there are in all."""
        within = [alert for alert in self._open.values() if alert.is_within(reach)]
        within.sort(key=lambda alert: (RANKS.get(alert.severity, 9), -alert.id))
        return {"total": len(within), "open": [alert.tell() for alert in within[:MOST_TOLD]]}

    def count(self, reach: Reach) -> int:
        """How many are open within reach."""
        if reach is None:
            return len(self._open)
        return sum(alert.is_within(reach) for alert in self._open.values())
