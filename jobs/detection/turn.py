"""One turn of detection, a transaction: devices are claimed, looked at, and what is found is kept.

A process that is killed leaves nothing of it: the devices are due again. Others may run beside it, for each
device is claimed by one at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
import structlog

from jobs import metrics
from jobs.detection.detector import Vehicle, detect
from jobs.detection.findings import Findings
from jobs.detection.keeping import Span, keep_findings
from jobs.detection.ruleset import Ruleset
from jobs.detection.windows import LAST, Window, cut_off, find_windows
from sql.queries import fetch_rows, queries
from sql.tracks import Fixes, Stretch, read_event_names, read_fixes, to_moment

MOST_BATCHES = 200
MOST_DEVICES = 100
MOST_FIXES = 25_000  # of one device in one turn, as 100 of them are in memory; the rest is left for the next

Row = dict[str, Any]
log = structlog.get_logger()


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
    windows = find_windows(connection, due)
    vehicles = ruleset.list_vehicles(connection, [window.device_id for window in windows])
    found, unmet = _look_through(connection, windows, vehicles, most_fixes)
    found += _look_through(connection, [window.open_end() for window in unmet], vehicles, most_fixes)[0]
    keep_findings(connection, [(span, findings) for span, findings, _ in found])
    if rests := [rest for _, _, rest in found if rest is not None]:
        _leave_rests(connection, ruleset, rests, windows, most_fixes)


def _look_through(
    connection: psycopg.Connection,
    windows: Sequence[Window],
    vehicles: Mapping[int, Vehicle],
    most_fixes: int,
) -> tuple[list[tuple[Span, Findings, Row | None]], list[Window]]:
    """What is found in windows, with what is left for later, and those whose end does not meet what was
    found there before.
    """
    found: list[tuple[Span, Findings, Row | None]] = []
    unmet: list[Window] = []
    stretches = [window.stretch for window in windows]
    tracks = read_fixes(connection, stretches, most_fixes) if windows else []
    for window, fixes, names in zip(windows, tracks, read_names(connection, stretches, tracks), strict=True):
        vehicle = vehicles.get(window.device_id)
        if vehicle is None:  # the device is gone
            continue
        # Where its positions are gone, so is all that was found in them.
        findings = _look(window, fixes, names, vehicle) if len(fixes) else Findings()
        if findings is None:
            continue
        rest, until = None, window.until
        if len(fixes) == most_fixes:
            latest, until = to_moment(int(fixes["time"][-1])), LAST
            rest = {"device_id": window.device_id, "since": latest, "until": LAST}
        elif window.expected is not None and not cut_off(findings, window.expected):
            unmet.append(window)
            continue
        found.append((Span(window.device_id, window.since, until, vehicle), findings, rest))
    return found, unmet


def _look(window: Window, fixes: Fixes, names: dict[int, str], vehicle: Vehicle) -> Findings | None:
    """What is found in a window; None where that fails."""
    known = replace(window.known, stop=window.known.stop and replace(window.known.stop))
    try:
        return detect(window.device_id, fixes, names, known, vehicle)
    except Exception:  # a fault of ours in one track must not keep all others waiting
        metrics.DETECTION_FAILURES.inc()
        log.exception("a device cannot be looked at", device_id=window.device_id)
        return None


def _leave_rests(
    connection: psycopg.Connection,
    ruleset: Ruleset,
    rests: list[Row],
    windows: Sequence[Window],
    most_fixes: int,
) -> None:
    """Have the fixes after these looked at in another turn, from the stops that are found now.

    Where none is found to begin anew in, it takes a look at more fixes to get on, and that is taken at once.
    """
    began = {window.device_id: window.since for window in windows}
    begins = {window.device_id: window.since for window in find_windows(connection, rests)}
    stuck = [rest for rest in rests if begins[rest["device_id"]] <= began[rest["device_id"]]]
    for rest in rests:
        if rest not in stuck:
            queries.add_due(connection, **rest)
    if stuck:
        _look_at(connection, ruleset, stuck, 2 * most_fixes)


def read_names(
    connection: psycopg.Connection, stretches: Sequence[Stretch], tracks: Sequence[Fixes]
) -> list[dict[int, str]]:
    """What each device called its fixes, by their place in its track."""
    asked = [stretch for stretch, fixes in zip(stretches, tracks, strict=True) if fixes["has_event"].any()]
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
