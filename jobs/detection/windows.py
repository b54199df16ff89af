"""From when to when a device is looked at again, and what is known at both ends.

What is new from `since` on can change what was found some time before, but never before a moment, half an
hour earlier, at which the vehicle stood and nothing stirred: all that came before has been settled by then.
Where there is such a moment some time after the new fixes, too, and the new look finds the same there, all
that follows stays as it is.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg

from jobs.detection.detector import Known
from jobs.detection.findings import LASTING, Findings, Row, write_moment
from jobs.detection.journeys import Place, Stop
from sql.queries import fetch_rows, queries
from sql.tracks import Stretch, from_moment

FIRST = datetime(1999, 1, 1, tzinfo=UTC)  # before any fix that is stored
LAST = datetime(2200, 1, 1, tzinfo=UTC)


class Window(NamedTuple):
    """From `since` on, where this is `known`, until `until`, where `expected` was found so far; None: to the
    end.

    Fixes are needed from `stretch.since` to `stretch.until`.
    """

    since: datetime
    known: Known
    until: datetime
    expected: Known | None
    stretch: Stretch

    @property
    def device_id(self) -> int:
        """Whose window it is."""
        return self.stretch.device_id

    def open_end(self) -> "Window":
        """The same to the last fix there is."""
        return self._replace(until=LAST, expected=None, stretch=self.stretch._replace(until=LAST))


def find_windows(connection: psycopg.Connection, due: Sequence[Row]) -> list[Window]:
    """Where each of these devices has to be looked at."""
    device_ids = [row["device_id"] for row in due]
    starts = fetch_rows(connection, "find_starts", device_ids=device_ids, since=[row["since"] for row in due])
    ends = fetch_rows(connection, "find_ends", device_ids=device_ids, until=[row["until"] for row in due])
    end_of = {row["device_id"]: row for row in ends}
    known = _read_known(connection, [row for row in starts if row["moment"] is not None])
    expected = _read_known(connection, ends)
    windows = []
    for start in starts:
        id, end = start["device_id"], end_of.get(start["device_id"])
        since, until = start["moment"] or FIRST, end["moment"] if end else LAST
        stretch = Stretch(id, start["context_since"] or FIRST, end["context_until"] if end else LAST)
        windows.append(Window(since, known.get(id, Known()), until, expected.get(id), stretch))
    return windows


def _read_known(connection: psycopg.Connection, rows: Sequence[Row]) -> dict[int, Known]:
    """What is known at the moment of each row, within the stop of the row, by device."""
    asked = {"device_ids": [row["device_id"] for row in rows], "moments": [row["moment"] for row in rows]}
    visits: dict[int, dict[int, int]] = {}
    lasting: dict[int, dict[str, int]] = {}
    if rows:
        for device_id, geofence_id, entered_at in queries.list_visits_at(connection, **asked):
            visits.setdefault(device_id, {})[geofence_id] = from_moment(entered_at)
        for device_id, kind, started_at in queries.list_lasting_at(connection, **asked):
            lasting.setdefault(device_id, {})[kind] = from_moment(started_at)
    return {
        id: Known(from_moment(row["moment"]), _read_stop(row), visits.get(id, {}), lasting.get(id, {}))
        for row in rows
        for id in (row["device_id"],)
    }


def _read_stop(row: Row) -> Stop:
    return Stop(
        from_moment(row["started_at"]),
        Place(row["latitude"], row["longitude"]),
        round(row["spread_m"], 1),
        first=0,
        quiet_from=from_moment(row["quiet_from"]),
    )


def cut_off(findings: Findings, expected: Known) -> bool:
    """Leave in the findings only what is before the end of their window; False where they do not meet there.

    What goes on at the end is kept as it is, and not lost.
    """
    until = write_moment(expected.since)
    assert until
    stop = expected.stop
    assert stop is not None
    stops = _list_across(findings.stops, "started_at", "ended_at", until)
    visits = _list_across(findings.geofence_visits, "entered_at", "left_at", until)
    events = [row for row in findings.events if row["kind"] in LASTING]
    lasting = _list_across([*events, *findings.endings], "started_at", "ended_at", until)
    found_stop = [
        (row["started_at"], row["latitude"], row["longitude"], row["spread_m"], row["quiet_from"])
        for row in stops
    ]
    known_stop = (write_moment(stop.started_at), *stop.place, stop.spread_m, write_moment(stop.quiet_from))
    meets = (
        found_stop == [known_stop]
        and {row["geofence_id"]: row["entered_at"] for row in visits} == _write_all(expected.visits)
        and {row["kind"]: row["started_at"] for row in lasting} == _write_all(expected.lasting)
    )
    if meets:
        _leave(findings, until, stops, visits, lasting)
    return meets


def _list_across(rows: Sequence[Row], start: str, end: str, moment: str) -> list[Row]:
    return [row for row in rows if row[start] < moment and (row[end] is None or row[end] >= moment)]


def _write_all(times: Any) -> dict[Any, str | None]:
    return {name: write_moment(time) for name, time in times.items()}


def _leave(findings: Findings, until: str, stops: list[Row], visits: list[Row], lasting: list[Row]) -> None:
    before = [number for number, row in enumerate(findings.events) if row["started_at"] < until]
    findings.untouched = {
        "stops": stops,
        "geofence_visits": visits,
        "events": [row for row in lasting if "fixes" in row],
    }
    findings.signs = [findings.signs[number] for number in before if findings.events[number] not in lasting]
    findings.events = [findings.events[number] for number in before if findings.events[number] not in lasting]
    findings.endings = [row for row in findings.endings if row not in lasting]
    findings.trips = [row for row in findings.trips if row["started_at"] < until]
    findings.stops = [row for row in findings.stops if row["started_at"] < until and row not in stops]
    findings.geofence_visits = [
        row for row in findings.geofence_visits if row["entered_at"] < until and row not in visits
    ]
