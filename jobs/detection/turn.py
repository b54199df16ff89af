"""One turn of detection, a transaction: devices are claimed, looked at, and what is found is kept.

A process that is killed leaves nothing of it: the devices are due again. Others may run beside it, for each device is
claimed by one at a time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import psycopg

from jobs.detection.detector import Known, detect
from jobs.detection.findings import Findings
from jobs.detection.journeys import Place, Stop
from jobs.detection.keeping import Span, keep_findings
from jobs.detection.ruleset import Ruleset
from sql.queries import fetch_rows, queries
from sql.tracks import Fixes, Stretch, from_moment, read_event_names, read_fixes, to_moment

MOST_BATCHES = 200
MOST_DEVICES = 100
MOST_FIXES = 200_000  # of one device in one turn; the rest is left for the next
FIRST = datetime(1999, 1, 1, tzinfo=UTC)  # before any fix that is stored
LAST = datetime(2200, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


class Start(NamedTuple):
    """From where a device is looked at, what is known there, and from where on its fixes are needed."""

    device_id: int
    since: datetime
    known: Known
    context_since: datetime


def take_turn(connection: psycopg.Connection, ruleset: Ruleset, most_fixes: int = MOST_FIXES) -> int:
    """Look at some of the devices that are due; how many. The connection's transaction ends with it."""
    with connection.transaction():
        queries.spread_batches(connection, most=MOST_BATCHES)
    with connection.transaction():
        claimed = [id for (id,) in queries.claim_devices(connection, most=MOST_DEVICES)]
        if not claimed:
            return 0
        due = fetch_rows(connection, "take_due", device_ids=claimed)
        if due:
            ruleset.refresh(connection)
            _look_at(connection, ruleset, due, most_fixes)
        return len(due)


def _look_at(connection: psycopg.Connection, ruleset: Ruleset, due: list[Row], most_fixes: int) -> None:
    starts = find_starts(connection, due)
    stretches = [Stretch(start.device_id, start.context_since, LAST) for start in starts]
    tracks = read_fixes(connection, stretches, most_fixes)
    names = read_names(connection, stretches, tracks)
    vehicles = ruleset.list_vehicles(connection, [start.device_id for start in starts])
    found: list[tuple[Span, Findings]] = []
    for start, fixes, own_names in zip(starts, tracks, names, strict=True):
        vehicle = vehicles.get(start.device_id)
        if vehicle is None or not len(fixes):  # the device or its positions are gone
            continue
        findings = detect(start.device_id, fixes, own_names, start.known, vehicle)
        found.append((Span(start.device_id, start.since, LAST, vehicle), findings))
        if len(fixes) == most_fixes:
            _leave_rest(connection, start, fixes)
    keep_findings(connection, found)


def _leave_rest(connection: psycopg.Connection, start: Start, fixes: Fixes) -> None:
    """Have the fixes after these looked at in another turn, from the stops that are found now."""
    latest = to_moment(int(fixes["time"][-1]))
    queries.add_due(connection, device_id=start.device_id, since=latest, until=LAST)


def find_starts(connection: psycopg.Connection, due: Sequence[Row]) -> list[Start]:
    """From where each of these devices is to be looked at, in their order."""
    asked = {"device_ids": [row["device_id"] for row in due], "since": [row["since"] for row in due]}
    rows = fetch_rows(connection, "find_starts", **asked)
    within = [row for row in rows if row["since"] is not None]
    moments = {
        "device_ids": [row["device_id"] for row in within],
        "moments": [row["since"] for row in within],
    }
    visits: dict[int, dict[int, int]] = {}
    for device_id, geofence_id, entered_at in queries.list_visits_at(connection, **moments):
        visits.setdefault(device_id, {})[geofence_id] = from_moment(entered_at)
    lasting: dict[int, dict[str, int]] = {}
    for device_id, kind, started_at in queries.list_lasting_at(connection, **moments):
        lasting.setdefault(device_id, {})[kind] = from_moment(started_at)
    return [_read_start(row, visits.get(row["device_id"], {}), lasting.get(row["device_id"], {})) for row in rows]


def _read_start(row: Row, visits: dict[int, int], lasting: dict[str, int]) -> Start:
    since = row["since"]
    if since is None:
        return Start(row["device_id"], FIRST, Known(), FIRST)
    stop = Stop(
        from_moment(row["started_at"]),
        Place(row["latitude"], row["longitude"]),
        round(row["spread_m"], 1),
        first=0,
        quiet_from=from_moment(row["quiet_from"]),
    )
    return Start(row["device_id"], since, Known(from_moment(since), stop, visits, lasting), row["context_since"])


def read_names(
    connection: psycopg.Connection, stretches: Sequence[Stretch], tracks: Sequence[Fixes]
) -> list[dict[int, str]]:
    """What each device called its fixes, by their place in its track."""
    asked = [
        stretch for stretch, fixes in zip(stretches, tracks, strict=True) if fixes["has_event"].any()
    ]
    named = read_event_names(connection, asked) if asked else {}
    found = []
    for stretch, fixes in zip(stretches, tracks, strict=True):
        places = np.flatnonzero(fixes["has_event"]).tolist()
        keys = {place: (stretch.device_id, to_moment(int(fixes["time"][place]))) for place in places}
        found.append({place: named[key] for place, key in keys.items() if key in named})
    return found


def detect_all(connection: psycopg.Connection, most_fixes: int = MOST_FIXES) -> int:
    """Take turns until nothing is due any more; how many devices were looked at, each time it was."""
    ruleset, total = Ruleset(), 0
    while looked := take_turn(connection, ruleset, most_fixes):
        total += looked
    return total




def redo(connection: psycopg.Connection, since: datetime, uids: Sequence[str] | None = None) -> None:
    """Have devices looked at again from a moment on, all or these."""
    queries.add_all_due(connection, since=since, until=LAST, uids=None if uids is None else list(uids))
