"""What a request asks of trips and events: a time, and whose."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from marshmallow import ValidationError
from werkzeug.exceptions import Forbidden

from sql.trips import Matching
from sql.users import list_reach
from web import clock, database
from web.problems import InvalidFields
from web.records.listing import read_place, write_place
from web.records.references import Reference
from web.rights import may

DRIVERS = "see drivers' trips"
PAGE = 50
WHOSE = ("vehicle", "driver", "depot")


@dataclass(frozen=True)
class Asked:
    """The entries of a toolbar, what the database is asked for, and what is wrong with them."""

    entries: dict[str, str]
    matching: Matching
    problems: list[str]

    def find(self, endpoint: str, **other: Any) -> str:
        """The address of a list as it was asked for, or otherwise."""
        entries = {**self.entries, **other}
        return url_for(endpoint, **{name: value for name, value in entries.items() if value})


def match(since: datetime, until: datetime, **asked: Any) -> Matching:
    """What the person who asks may see of this. Raises Forbidden."""
    if asked.get("driver_id") is not None:
        check_driver_right()
    with database.connection() as connection:
        reach = list_reach(connection, g.user)
    return Matching(since, until, depot_ids=reach, names_drivers=may(g.user.role, DRIVERS), **asked)


def check_driver_right() -> None:
    """Raises Forbidden for whoever may not see where a driver has been."""
    if not may(g.user.role, DRIVERS):
        raise Forbidden(_("As %(role)s, you may not %(right)s.", role=_(g.user.role), right=_(DRIVERS)))


def read_asked(entries: Mapping[str, str], since: datetime, until: datetime, **more: Any) -> Asked:
    """What a page is asked for: vehicle, driver and depot by their names. Raises Forbidden."""
    cleaned = {name: text.replace("\x00", "").strip() for name, text in entries.items()}
    ids, problems = {}, []
    if cleaned.get("driver"):
        check_driver_right()
    for noun in WHOSE:
        text = cleaned.get(noun, "")
        try:
            ids[f"{noun}_id"] = find_id(noun, text) if text else None
        except ValidationError as error:
            problems.append(f"{text}: {error.messages[0]}")
    return Asked(cleaned, match(since, until, **ids, **more), problems)


def find_id(noun: str, text: str) -> int:
    """The id of the record of this name, else the driver of this id. Raises ValidationError."""
    try:
        return int(Reference(noun).deserialize(text))
    except ValidationError:
        if noun == "driver" and text.isascii() and text.isdigit() and len(text) < 10:
            return int(Reference(noun).deserialize(int(text)))
        raise


def read_day(text: str, default: date) -> date:
    """A day, or another where this is none that the clocks know."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return default
    return day if clock.FIRST_YEAR < day.year < clock.LAST_YEAR else default


def read_days(entries: Mapping[str, str], days: int) -> tuple[date, date]:
    """The first and the last day asked for by `from` and `to`; by default so many up to today."""
    last = read_day(entries.get("to", ""), clock.today())
    first = read_day(entries.get("from", ""), last - timedelta(days=days - 1))
    return min(first, last), last


def read_start(text: str) -> datetime | None:
    """The moment at which a trip began, as its address has it; None where that is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    usable = at.tzinfo is not None and clock.FIRST_YEAR < at.year < clock.LAST_YEAR
    return at.astimezone(UTC) if usable else None


def write_start(at: datetime) -> str:
    """The same, written."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_key(text: str) -> tuple[datetime, int] | None:
    """A place in a list of what began when, on which device. Raises InvalidFields."""
    place = read_place(text)
    return place and (_read_moment(place[0]), place[1])


def write_key(row: dict[str, Any], at: str = "started_at") -> str:
    """The place behind this row."""
    return write_place(write_start(row[at]), row["device_id"])


def read_event_key(text: str) -> tuple[datetime, int, str, int] | None:
    """A place in a list of events. Raises InvalidFields."""
    place = read_place(text)
    if place is None:
        return None
    match place[0].split(" "):
        case [at, kind, geofence_id] if (
            geofence_id.isascii() and geofence_id.isdigit() and len(geofence_id) < 10
        ):
            return _read_moment(at), place[1], kind, int(geofence_id)
    raise _no_place()


def write_event_key(row: dict[str, Any]) -> str:
    """The place behind this event."""
    return write_place(
        f"{write_start(row['started_at'])} {row['kind']} {row['geofence_id']}", row["device_id"]
    )


def _read_moment(text: str) -> datetime:
    at = read_start(text)
    if at is None:
        raise _no_place()
    return at


def _no_place() -> InvalidFields:
    return InvalidFields({"after": _("This is not the `next` of an earlier answer.")})
