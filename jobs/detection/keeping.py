"""Keeps what was found: rows are added, changed and removed only where they differ, and alerts follow.

An event raises an alert when it is new and fresh: when the fix that made it certain was received soon after
it was taken, and that is not long ago. So late data corrects the history and alarms nobody.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

import orjson
import psycopg

from jobs.detection.detector import Vehicle
from jobs.detection.findings import Findings, Row, Sign
from jobs.detection.rules import Rule
from jobs.detection.track import SECOND
from sql.alerts import Cause, EventKey, end_alerts, raise_alerts, withdraw_alerts
from sql.odometer import advance_odometers
from sql.queries import fetch_rows, queries
from sql.tracks import from_moment

CATCHING_UP = 900 * SECOND  # what this process may have been away for
SAME_EVENT = timedelta(minutes=2)
BY_THE_CLOCK = "offline"  # is over when a fix tells of it; sql.alerts raises it while it lasts
CROSSINGS = {"fence_enter": "enter", "fence_leave": "leave", "fence_dwell": "dwell"}


class Span(NamedTuple):
    """From when to when a device was looked at, with what holds for its vehicle; `until` is left out."""

    device_id: int
    since: datetime
    until: datetime
    vehicle: Vehicle


def keep_findings(connection: psycopg.Connection, found: Sequence[tuple[Span, Findings]]) -> None:
    """Make the tables say what was found in these spans, and nothing else."""
    spans = {
        "device_ids": [span.device_id for span, _ in found],
        "since": [span.since for span, _ in found],
        "until": [span.until for span, _ in found],
    }
    changed = _keep_trips(connection, found, spans)
    for table, noun in (("stops", "stops"), ("geofence_visits", "visits")):
        getattr(queries, f"remove_stale_{noun}")(connection, rows=_write_all(found, table), **spans)
        rows = _write(chain.from_iterable(getattr(findings, table) for _, findings in found))
        getattr(queries, f"keep_{noun}")(connection, rows=rows)
    _keep_events(connection, found, spans)
    stops = _write(chain.from_iterable(findings.stops for _, findings in found))
    queries.sum_idling(connection, rows=stops)
    advance_odometers(connection, changed)


def _keep_trips(
    connection: psycopg.Connection, found: Sequence[tuple[Span, Findings]], spans: dict[str, Any]
) -> list[tuple[int, datetime]]:
    """The trips that are new, changed or gone, those that go on left out: device and beginning."""
    removed = queries.remove_stale_trips(connection, rows=_write_all(found, "trips"), **spans)
    rows = _write(chain.from_iterable(findings.trips for _, findings in found))
    return [*removed, *queries.keep_trips(connection, rows=rows)]


def _keep_events(
    connection: psycopg.Connection, found: Sequence[tuple[Span, Findings]], spans: dict[str, Any]
) -> None:
    rows = _write(chain.from_iterable(findings.events for _, findings in found))
    removed = fetch_rows(connection, "remove_stale_events", rows=_write_all(found, "events"), **spans)
    kept = fetch_rows(connection, "keep_events", rows=rows)
    endings = _write(chain.from_iterable(findings.endings for _, findings in found))
    ended = fetch_rows(connection, "end_events", rows=endings)
    new = {EventKey(*_key(row)): row for row in kept if row["is_new"]}
    moved = _move_alerts(connection, removed, new)
    vehicles = {span.device_id: span.vehicle for span, _ in found}
    signs = _list_signs(found)
    now = from_moment(datetime.now(UTC))
    causes = []
    for key, row in new.items():
        vehicle = vehicles[key.device_id]
        rule = vehicle.rules[key.kind]
        if key not in moved and _alarms(vehicle, rule, key) and is_fresh(signs[key], rule, now):
            causes.append(_describe(row, vehicle, rule.severity))
    raise_alerts(connection, causes)
    known = (row for row in (*kept, *ended) if not row.get("is_new") or _key(row) in moved)
    over = (_describe(row, vehicles[row["device_id"]], "info") for row in known)
    end_alerts(connection, [cause for cause in over if cause.is_over])


def is_fresh(sign: Sign, rule: Rule, now: int) -> bool:
    """Whether what a fix shows is news at this time, in microseconds."""
    return sign.received - sign.time <= rule.fresh and now - sign.received <= max(rule.fresh, CATCHING_UP)


def _alarms(vehicle: Vehicle, rule: Rule, key: EventKey) -> bool:
    """Whether an event of this kind raises an alert, at this geofence."""
    if key.kind == BY_THE_CLOCK:
        return False
    crossing = CROSSINGS.get(key.kind)
    fences = (fence for fence in vehicle.fences if fence.id == key.geofence_id)
    return rule.raises_alert or any(crossing in fence.alert_on for fence in fences)


def _move_alerts(
    connection: psycopg.Connection, removed: list[Row], new: dict[EventKey, Row]
) -> set[EventKey]:
    """An event that begins elsewhere than was thought is still the same: its alert goes along."""
    moved: set[EventKey] = set()
    withdrawn = []
    for row in _list_alerted(connection, removed):
        old = EventKey(*_key(row))
        again = next((key for key in new if key not in moved and _is_same(row, new[key])), None)
        if again is None:
            withdrawn.append(old)
        else:
            moved.add(again)
            queries.move_alert_event(connection, **old._asdict(), moved_to=again.started_at)
    withdraw_alerts(connection, withdrawn)
    return moved


def _list_alerted(connection: psycopg.Connection, removed: list[Row]) -> list[Row]:
    """Those of the events that led to an alert; few do."""
    if not removed:
        return []
    keys = [{**row, "started_at": row["started_at"].isoformat(), "ended_at": None} for row in removed]
    alerted = {EventKey(*row) for row in queries.list_alerted_events(connection, rows=_write(keys))}
    return [row for row in removed if _key(row) in alerted]


def _is_same(old: Row, new: Row) -> bool:
    """Whether both are of one cause and touch each other in time."""
    if (old["device_id"], old["kind"], old["geofence_id"]) != (
        new["device_id"],
        new["kind"],
        new["geofence_id"],
    ):
        return False
    old_end, new_end = old["ended_at"] or old["started_at"], new["ended_at"] or new["started_at"]
    is_apart: bool = old_end + SAME_EVENT < new["started_at"] or new_end + SAME_EVENT < old["started_at"]
    return not is_apart


def _list_signs(found: Sequence[tuple[Span, Findings]]) -> dict[EventKey, Sign]:
    return {
        EventKey(*_key({**row, "started_at": datetime.fromisoformat(row["started_at"])})): sign
        for _, findings in found
        for row, sign in zip(findings.events, findings.signs, strict=True)
    }


def _describe(row: Row, vehicle: Vehicle, severity: str) -> Cause:
    device_id, started_at, kind, geofence_id = _key(row)
    is_over = row["ended_at"] is not None and row["ended_at"] > started_at
    return Cause(device_id, vehicle.id, kind, geofence_id, started_at, is_over, severity)


def _key(row: Row) -> tuple[int, datetime, str, int]:
    return row["device_id"], row["started_at"], row["kind"], row["geofence_id"]


def _write_all(found: Sequence[tuple[Span, Findings]], table: str) -> str:
    """Which rows stay, those that are untouched among them; without the fixes, most of what events weigh."""
    rows = (getattr(findings, table) + findings.untouched.get(table, []) for _, findings in found)
    return _write({**row, "fixes": None} for row in chain.from_iterable(rows))


def _write(rows: Iterable[Row]) -> str:
    return orjson.dumps(list(rows)).decode()
