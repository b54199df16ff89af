"""The life of an alert in the hands of people: acknowledged, assigned, snoozed, noted, resolved, reopened.

Each action is a step in alert_steps, in the transaction that changes the alert; that is its audit. It names
the version that it was made from, unless it is for many at once: then it is for those that it still fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from sql.alerts import add_steps
from sql.audit import Author, Row
from sql.queries import fetch_rows, queries
from sql.records import Conflict, RecordError, RecordMissing

STATES = ("to_do", "open", "acknowledged", "snoozed", "resolved")
KINDS = (
    "sos",
    "device_alarm",
    "overspeed",
    "tow",
    "unauthorised",
    "off_route",
    "fence_enter",
    "fence_leave",
    "fence_dwell",
    "offline",
    "power_cut",
    "low_battery",
    "fuel_drop",
    "harsh_braking",
    "harsh_acceleration",
    "harsh_cornering",
    "idling",
    "ignition_on",
    "ignition_off",
)
ASSIGNEES = ("admin", "dispatcher", "mechanic")
LONGEST_NOTE = 2000
LARGEST_ID = 2**63 - 1
MOST_EVENTS = 50
MOST_STEPS = 200

ACTIONS = {
    "acknowledge": "acknowledged",
    "assign": "assigned",
    "snooze": "snoozed",
    "note": "noted",
    "resolve": "resolved",
    "reopen": "reopened",
}


@dataclass(frozen=True)
class Matching:
    """Which alerts: empty texts and None match all; `state` is one of STATES."""

    state: str = ""
    kind: str = ""
    severity: str = ""
    depot_id: int | None = None
    vehicle_id: int | None = None
    assigned_to: int | None = None
    storm_id: int | None = None
    search: str = ""


class Alerts:
    """The alerts, as one author acts on them and as far as their reach goes."""

    def __init__(self, connection: psycopg.Connection, author: Author, reach: list[int] | None) -> None:
        self.connection, self.author, self.reach = connection, author, reach

    def get(self, id: int) -> Row:
        """One alert. Raises RecordMissing."""
        rows = fetch_rows(self.connection, "get_alert", id=id, depot_ids=self.reach)
        if not rows:
            raise RecordMissing(f"There is no alert {id}.")
        return rows[0]

    def list_page(
        self, matching: Matching, after: tuple[int, int] | None, limit: int, is_folded: bool = False
    ) -> list[Row]:
        """The next alerts that match, after the one of this rank and id; folded, a storm is one line of them.

        What is resolved is never folded: a storm is a way to work, not a way to look back.
        """
        name = "list_alert_lines" if is_folded else "list_alerts"
        rank, id = after or (None, None)
        place = {"after_rank": rank, "after_id": id, "most": limit, "depot_ids": self.reach}
        return fetch_rows(self.connection, name, **vars(matching), **place)

    def count(self, matching: Matching) -> int:
        """How many alerts match."""
        total: int = queries.count_alerts(self.connection, **vars(matching), depot_ids=self.reach)
        return total

    def count_open(self) -> tuple[int, int, int]:
        """How many wait for somebody, how many of these are critical, and the newest alert's id."""
        waiting, critical, newest = queries.count_open_alerts(self.connection, depot_ids=self.reach)
        return waiting, critical, newest

    def list_news(self, after: int, most: int) -> list[Row]:
        """What waits for somebody, is worth a word and was raised after this one, the newest first."""
        asked = {"after": after, "most": most, "depot_ids": self.reach}
        return fetch_rows(self.connection, "list_alert_news", **asked)

    def list_events(self, row: Row) -> list[Row]:
        """What led to an alert, the newest first; a silence is where its last fix was."""
        events = fetch_rows(self.connection, "list_alert_events", id=row["id"], most=MOST_EVENTS)
        for event in events:
            if event["fixes"] is None:
                found = queries.find_fix_at(
                    self.connection, device_id=row["device_id"], at=event["started_at"]
                )
                event["latitude"], event["longitude"] = found or (None, None)
                event["fixes"] = []
        return events

    def list_steps(self, id: int) -> list[Row]:
        """The life of an alert, the latest step first."""
        return fetch_rows(self.connection, "list_alert_steps", id=id, most=MOST_STEPS)

    def list_assignees(self, row: Row) -> list[tuple[int, str]]:
        """Who can be given this alert."""
        asked = {"roles": list(ASSIGNEES), "depot_id": row["depot_id"], "user_id": None}
        return [(id, name) for id, name in queries.list_assignees(self.connection, **asked)]

    def acknowledge(self, id: int, version: int) -> Row:
        """Take an open alert in hand; nobody else is told of it. Raises as `assign` does."""
        return self._act("acknowledge", id, version, "")

    def assign(self, id: int, version: int, to: int | None) -> Row:
        """Give an alert to somebody, or to nobody. Raises RecordMissing, RecordError, Conflict."""
        name = ""
        if to is not None:
            asked = {"roles": list(ASSIGNEES), "depot_id": self.get(id)["depot_id"], "user_id": to}
            found = next(iter(queries.list_assignees(self.connection, **asked)), None)
            if found is None:
                raise RecordError("assigned_to", "unknown")
            name = found[1]
        return self._act("assign", id, version, name, assigned_to=to)

    def snooze(self, id: int, version: int, until: datetime) -> Row:
        """Let an alert rest until a moment. Raises as `assign` does."""
        if until <= datetime.now(until.tzinfo):
            raise RecordError("until", "past")
        return self._act("snooze", id, version, until.isoformat(), until=until)

    def note(self, id: int, version: int, text: str) -> Row:
        """Write something down. Raises as `assign` does."""
        if not text:
            raise RecordError("note", "needed")
        return self._act("note", id, version, text)

    def resolve(self, id: int, version: int, note: str = "") -> Row:
        """Be done with an alert. Raises as `assign` does."""
        return self._act("resolve", id, version, note)

    def reopen(self, id: int, version: int) -> Row:
        """Take up a resolved alert again. Raises as `assign` does."""
        try:
            return self._act("reopen", id, version, "")
        except psycopg.errors.UniqueViolation as error:
            raise RecordError("state", "happened_again") from error

    def act_on_many(self, action: str, ids: Sequence[int], storm_id: int | None = None, **values: Any) -> int:
        """Acknowledge, snooze or resolve all of these, or of a storm, that it still fits; how many."""
        with self.connection.transaction():
            rows = self._lock(ids, storm_id)
            detail = values["until"].isoformat() if "until" in values else values.pop("note", "")
            return len(self._change(action, [row["id"] for row in rows], detail, **values))

    def _lock(self, ids: Sequence[int], storm_id: int | None = None) -> list[Row]:
        asked = {"ids": [id for id in ids if id <= LARGEST_ID], "storm_id": storm_id, "depot_ids": self.reach}
        return fetch_rows(self.connection, "lock_alerts", **asked)

    def _act(self, action: str, id: int, version: int, detail: str, **values: Any) -> Row:
        with self.connection.transaction():
            rows = self._lock([id])
            if not rows:
                raise RecordMissing(f"There is no alert {id}.")
            if rows[0]["version"] != version:
                raise Conflict(self.get(id))
            if not self._change(action, [id], detail, **values):
                raise RecordError("state", rows[0]["state"])
        return self.get(id)

    def _change(self, action: str, ids: list[int], detail: str, **values: Any) -> list[int]:
        changed = [row["id"] for row in fetch_rows(self.connection, f"{action}_alerts", ids=ids, **values)]
        add_steps(self.connection, changed, ACTIONS[action], detail[:LONGEST_NOTE], self.author.user_id)
        return changed
