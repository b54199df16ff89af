"""What an export of things that happened may be asked for: whose, and in which time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError

from web import clock, values
from web.forms import Field
from web.problems import InvalidFields
from web.trips.asked import find_id

PERIODS = (
    ("today", _l("Today")),
    ("yesterday", _l("Yesterday")),
    ("week", _l("The last 7 days")),
    ("month", _l("The month before this")),
    ("all", _l("All of the time")),
)
FIRST = datetime(clock.FIRST_YEAR, 1, 1, tzinfo=UTC)
LAST = datetime(clock.LAST_YEAR, 1, 1, tzinfo=UTC)

SINCE = Field("from", _l("From"), values.text(40), input="day")
UNTIL = Field("to", _l("To"), values.text(40), input="day")


def ask_times(usual: str) -> tuple[Field, ...]:
    """The questions for a time, which is this period unless they are answered."""
    others = tuple(one for one in PERIODS if one[0] != usual)
    told = {"choices": others, "nothing": dict(PERIODS)[usual]}
    return Field("period", _l("Time"), values.text(10), input="select", **told), SINCE, UNTIL


def whose(noun: str, label: Any, right: str = "") -> Field:
    """A question that names a record."""
    return Field(noun, label, values.text(250), input="pick", of=noun, right=right)


VEHICLE = whose("vehicle", _l("All vehicles"))
DEPOT = Field("depot", _l("All depots"), values.text(250), input="select", of="depot")


def read_id(asked: Mapping[str, str], noun: str) -> int | None:
    """The id of the record that is named; None where none is. Raises InvalidFields."""
    name = asked.get(noun, "").replace("\x00", "").strip()
    try:
        return find_id(noun, name) if name else None
    except ValidationError as error:
        raise InvalidFields({noun: f"{name}: {error.messages[0]}"}) from error


def read_times(asked: Mapping[str, str], usual: str) -> tuple[datetime, datetime]:
    """From when to before when: days or moments, else a period, else the usual one. Raises InvalidFields."""
    if asked.get("from") or asked.get("to"):
        since = read_edge("from", asked["from"], 0) if asked.get("from") else FIRST
        until = read_edge("to", asked["to"], 1) if asked.get("to") else LAST
        if since >= until:
            raise InvalidFields({"from": _("The beginning must come before the end.")})
        return since, until
    period = asked.get("period") or usual
    if period not in dict(PERIODS):
        choices = ", ".join(dict(PERIODS))
        raise InvalidFields({"period": _("This must be one of: %(choices)s.", choices=choices)})
    return find_period(period, clock.today())


def find_period(period: str, today: date) -> tuple[datetime, datetime]:
    """When a period begins and ends by the clock of the person who asks."""
    tomorrow, month = today + timedelta(days=1), today.replace(day=1)
    days = {
        "today": (today, tomorrow),
        "yesterday": (today - timedelta(days=1), today),
        "week": (today - timedelta(days=6), tomorrow),
        "month": ((month - timedelta(days=1)).replace(day=1), month),
    }
    if period == "all":
        return FIRST, LAST
    first, after = days[period]
    return clock.begin(first), clock.begin(after)


def read_edge(name: str, text: str, days_later: int) -> datetime:
    """When a day begins, or ends, for the person who asks; a moment is itself. Raises InvalidFields."""
    try:
        if len(text) > len("2026-11-23"):
            return clock.read(text)
        day = date.fromisoformat(text)
        if not clock.FIRST_YEAR < day.year < clock.LAST_YEAR:
            raise ValueError("out of range")
    except ValueError as error:
        raise InvalidFields({name: _("This must be a day, such as 2026-11-23.")}) from error
    return clock.begin(day + timedelta(days=days_later))
