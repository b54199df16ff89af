"""Who is told when nobody has acknowledged an alert: the levels of each severity, one after the other."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from sql import audit
from sql.alerts import add_steps
from sql.audit import Author
from sql.queries import fetch_rows, queries

TABLE = "escalations"
SEVERITIES = ("critical", "warning", "info")
ROLES_TOLD = ("dispatcher", "admin", "mechanic", "viewer")
MOST_LEVELS = 9
LONGEST_S = 604_800


class Escalation(NamedTuple):
    """So many seconds after an alert of this severity was raised, everybody of a role is told."""

    severity: str
    after_s: int
    role: str


class EscalationsChanged(Exception):
    """Somebody else has changed them in the meantime."""


def wake(connection: psycopg.Connection, now: datetime) -> int:
    """Open snoozed alerts again whose time has come; how many there were."""
    woken = [id for (id,) in queries.wake_alerts(connection, now=now)]
    add_steps(connection, woken, "woken")
    return len(woken)


def escalate(connection: psycopg.Connection, now: datetime) -> int:
    """Tell the next role of open alerts that nobody has acknowledged in time; how many were told of."""
    return len(fetch_rows(connection, "escalate_alerts", now=now))


def list_escalations(connection: psycopg.Connection) -> dict[str, list[Escalation]]:
    """The levels of each severity, in their order."""
    found: dict[str, list[Escalation]] = {severity: [] for severity in SEVERITIES}
    for severity, _level, after_s, role in queries.list_escalations(connection):
        found[severity].append(Escalation(severity, after_s, role))
    return found


def find_version(connection: psycopg.Connection) -> int:
    """What a change of the escalations has to name: what they were at when it was made."""
    version: int = queries.get_escalations_version(connection)
    return version


def replace_escalations(
    connection: psycopg.Connection, author: Author, version: int, wanted: Sequence[Escalation]
) -> None:
    """Other levels from now on; each severity's count from the shortest time. Raises EscalationsChanged."""
    queries.lock_escalations(connection)
    if find_version(connection) != version:
        raise EscalationsChanged
    before = _describe(list_escalations(connection))
    rows: list[dict[str, Any]] = []
    for severity in SEVERITIES:
        levels = sorted((one for one in wanted if one.severity == severity), key=lambda one: one.after_s)
        rows += [{"level": level, **one._asdict()} for level, one in enumerate(levels, 1)]
    queries.clear_escalations(connection)
    queries.add_escalation(connection, rows)
    after = _describe(list_escalations(connection))
    if before != after:
        audit.record_change(connection, author, "change", TABLE, before, after)


def _describe(levels: dict[str, list[Escalation]]) -> dict[str, Any]:
    told = {
        severity: [{"after_s": one.after_s, "role": one.role} for one in steps]
        for severity, steps in levels.items()
    }
    return {"id": 1, **told}
