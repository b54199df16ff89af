"""Raising alerts: one for each cause that needs somebody, however often it happens until that is resolved.

A cause is what happens to one device: a kind of event, at a geofence where it has to do with one. What makes
it hard is that detection may find the same event twice, find it side by side with another runner, and find
later that there was none. So an event is counted once, by its key, for good; and an alert that was raised is
never taken away: it ends, with a step in its life that says why.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from sql.queries import fetch_rows, queries

STORM_ALERTS = 8
STORM_WITHIN_S = 60


class Cause(NamedTuple):
    """An event that needs somebody: `geofence_id` is 0 where there is none; `is_over`: it has ended."""

    device_id: int
    vehicle_id: int | None
    kind: str
    geofence_id: int
    started_at: datetime
    is_over: bool
    severity: str


class EventKey(NamedTuple):
    """What tells one event from all others, in the order of the table's primary key."""

    device_id: int
    started_at: datetime
    kind: str
    geofence_id: int


def raise_alerts(connection: psycopg.Connection, causes: Sequence[Cause]) -> None:
    """Count each event at the unresolved alert of its cause, which is raised where there is none."""
    if not causes:
        return
    asked = _columns(causes)
    added = {row["id"] for row in fetch_rows(connection, "add_alerts", **asked)}
    queries.attach_alert_events(connection, **asked)
    if added:
        added -= {row["id"] for row in fetch_rows(connection, "remove_empty_alerts", ids=list(added))}
        add_steps(connection, added, "raised")
        queries.add_first_escalations(connection, ids=sorted(added))
        gather_storms(connection, {cause.kind for cause in causes})


def end_alerts(connection: psycopg.Connection, causes: Sequence[Cause]) -> None:
    """What raised these alerts is over; one whose newest event is another goes on."""
    if causes:
        ended = fetch_rows(connection, "end_alerts", **_columns(causes))
        add_steps(connection, (row["id"] for row in ended), "over")


def withdraw_alerts(connection: psycopg.Connection, keys: Sequence[EventKey]) -> None:
    """Forget events that later data has corrected; an alert without any is over."""
    if keys:
        device_ids, starts, kinds, geofence_ids = (list(column) for column in zip(*keys, strict=True))
        asked = {"device_ids": device_ids, "starts": starts, "kinds": kinds, "geofence_ids": geofence_ids}
        left = [id for (id,) in queries.withdraw_alert_events(connection, **asked) if id is not None]
        add_steps(connection, left, "over", "withdrawn by later data")


def raise_silences(connection: psycopg.Connection, now: datetime) -> None:
    """Raise alerts for devices that are silent at this moment, and end those of devices that speak again."""
    rows = fetch_rows(connection, "list_silences", now=now)
    silences = [
        _silence(row["device_id"], row["fix_time"], row["vehicle_id"], row["severity"]) for row in rows
    ]
    raise_alerts(connection, silences)
    ended = fetch_rows(connection, "list_ended_silences")
    end_alerts(connection, [_silence(row["device_id"], row["latest_event_at"]) for row in ended])


def gather_storms(connection: psycopg.Connection, kinds: Iterable[str]) -> None:
    """Put many alerts of one kind within a minute together; what another transaction has in hand waits."""
    for kind in sorted(set(kinds)):
        if queries.try_lock_storms(connection, kind=kind):
            queries.gather_storm(connection, kind=kind, within_s=STORM_WITHIN_S, least=STORM_ALERTS)


def gather_late_storms(connection: psycopg.Connection) -> None:
    """The same for what two runners raised side by side, each without seeing the other's."""
    gather_storms(
        connection, [kind for (kind,) in queries.list_recent_kinds(connection, within_s=STORM_WITHIN_S)]
    )


def add_steps(
    connection: psycopg.Connection,
    ids: Iterable[int],
    action: str,
    detail: str = "",
    user_id: int | None = None,
) -> None:
    """Write a step in the life of each of these alerts; without a person, the product itself took it."""
    queries.add_alert_steps(connection, ids=sorted(ids), action=action, detail=detail, user_id=user_id)


def _silence(
    device_id: int, since: datetime, vehicle_id: int | None = None, severity: str = "warning"
) -> Cause:
    return Cause(device_id, vehicle_id, "offline", 0, since, is_over=False, severity=severity)


def _columns(causes: Sequence[Cause]) -> dict[str, list[Any]]:
    names = ("device_ids", "vehicle_ids", "kinds", "geofence_ids", "starts", "are_over", "severities")
    return {name: list(column) for name, column in zip(names, zip(*causes, strict=True), strict=True)}
