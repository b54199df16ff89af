"""What detection finds, as the tables keep it: each row by the names of its columns."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from jobs.detection.track import Track
from sql.tracks import Fixes, to_moment

Row = dict[str, Any]
LASTING = ("idling", "low_battery", "power_cut")  # what may go on at a moment from which detection begins
MOST_FIXES = 60
POSTGRES_EPOCH_MS = 946_684_800_000


class Event(NamedTuple):
    """Something that happened; times are microseconds, `ended_at` None while it lasts.

    `first` to `last` are the fixes of the track that show it, `told_at` the one by which it was certain.
    """

    kind: str
    started_at: int
    ended_at: int | None
    first: int
    last: int
    told_at: int
    value: float | None = None
    limit: float | None = None
    geofence_id: int = 0
    detail: str = ""


class Sign(NamedTuple):
    """The fix that made an event certain: when it was taken and when it was received, in microseconds."""

    time: int
    received: int


@dataclass
class Findings:
    """The rows of one device by table, and the sign of each of its events.

    `endings` are of events that began before: kind, when that was, and when it ended. `untouched` are rows
    that are there already and stay as they are.
    """

    trips: list[Row] = field(default_factory=list)
    stops: list[Row] = field(default_factory=list)
    geofence_visits: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    endings: list[Row] = field(default_factory=list)
    untouched: dict[str, list[Row]] = field(default_factory=dict)


def write_moment(microseconds: int | None) -> str | None:
    """A time as a row has it."""
    return None if microseconds is None else to_moment(microseconds).isoformat()


def number(value: Any, digits: int) -> float | None:
    """A measure as a row has it; unknown is None."""
    return None if value is None or np.isnan(value) else round(float(value), digits)


def write_event(device_id: int, event: Event, track: Track) -> Row:
    """An event with the fixes that show it."""
    fix = track.fixes[event.first]
    return {
        "device_id": device_id,
        "started_at": write_moment(event.started_at),
        "kind": event.kind,
        "geofence_id": event.geofence_id,
        "ended_at": write_moment(event.ended_at),
        "latitude": float(fix["latitude"]),
        "longitude": float(fix["longitude"]),
        "value": number(event.value, 3),
        "limit_value": number(event.limit, 3),
        "detail": event.detail,
        "fixes": write_fixes(track.fixes, event.first, event.last),
    }


def write_fixes(fixes: Fixes, first: int, last: int) -> list[list[float | None]]:
    """At most MOST_FIXES of the fixes from `first` to `last`, evenly, these two among them."""
    count = min(last - first + 1, MOST_FIXES)
    shown = fixes[first + np.arange(count) * (last - first) // max(count - 1, 1)]
    times = (shown["time"] // 1000 + POSTGRES_EPOCH_MS).tolist()
    places = (shown["latitude"].tolist(), shown["longitude"].tolist())
    motion = (_round(shown["speed"], 2), _round(shown["course"], 1))
    return [list(fix) for fix in zip(times, *places, *motion, strict=True)]


def _round(values: Any, digits: int) -> list[float | None]:
    rounded = np.round(values.astype(np.float64), digits).tolist()
    return [None if value != value else value for value in rounded]  # NaN alone is not itself
