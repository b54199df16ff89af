"""Templates of exports: what somebody wants again, under a name, for themselves or for everybody."""

from datetime import UTC, datetime
from typing import Any

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from psycopg.types.json import Jsonb
from werkzeug.exceptions import NotFound

from sql.audit import Row
from sql.exports import find_template, list_templates
from sql.queries import queries
from web import clock, database
from web.exports.desk import find_desk
from web.exports.timetable import find_next
from web.exports.wanted import Wanted
from web.problems import InvalidFields

WEEKDAYS = (
    ("1", _l("Monday")),
    ("2", _l("Tuesday")),
    ("3", _l("Wednesday")),
    ("4", _l("Thursday")),
    ("5", _l("Friday")),
    ("6", _l("Saturday")),
    ("7", _l("Sunday")),
)
LAST_DAYS = {"": 31, "day": 31, "week": 7, "month": 31}


def list_usable(kind: str = "") -> list[Row]:
    """The templates of what the person who asks may export, their own and shared ones."""
    allowed = {exportable.name for exportable in find_desk().list_allowed()}
    with database.connection() as connection:
        return [row for row in list_templates(connection, g.user.id, kind) if row["kind"] in allowed]


def get_template(id: int) -> Row:
    """A template that the person who asks may use. Raises NotFound."""
    with database.connection() as connection:
        row = find_template(connection, id, g.user.id) if id < 2**31 else None
    if row is None:
        raise NotFound
    return row


def save(name: str, wanted: Wanted, is_shared: bool) -> int:
    """Keep what is wanted under a name, in place of the person's own of that name. Raises InvalidFields."""
    name = name.replace("\x00", "").strip()
    if not 1 <= len(name) <= 100:
        raise InvalidFields({"name": _("A template needs a name of at most 100 characters.")})
    kept = {"name": name, "kind": wanted.kind, "wanted": Jsonb(wanted.dump()), "is_shared": is_shared}
    with database.connection() as connection:
        id: int = queries.save_export_template(connection, user_id=g.user.id, **kept)
    return id


def remove(id: int) -> None:
    """Forget a template of the person's own. Raises NotFound."""
    with database.connection() as connection:
        if not queries.remove_export_template(connection, id=id, user_id=g.user.id):
            raise NotFound


def schedule(id: int, sent: Any) -> None:
    """Export a template of the person's own by itself, or no more. Raises NotFound, InvalidFields."""
    repeats = sent.get("repeats", "")
    if repeats not in LAST_DAYS:
        raise InvalidFields({"repeats": _("This must be one of: %(choices)s.", choices="day, week, month")})
    on_day = read_number(sent, "on_weekday" if repeats == "week" else "on_day", 1, LAST_DAYS[repeats], 1)
    at_hour = read_number(sent, "at_hour", 0, 23, 6)
    zone = str(clock.zone())
    following = find_next(repeats, on_day, at_hour, zone, datetime.now(UTC)) if repeats else None
    told = {"repeats": repeats, "on_day": on_day, "at_hour": at_hour, "time_zone": zone}
    with database.connection() as connection:
        asked = {"id": id, "user_id": g.user.id, "next_run_at": following}
        if id >= 2**31 or not queries.schedule_export_template(connection, **asked, **told):
            raise NotFound


def read_number(sent: Any, name: str, least: int, most: int, usual: int) -> int:
    """A whole number from `least` to `most`. Raises InvalidFields."""
    text = sent.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and len(text) < 4 and least <= int(text) <= most):
        said = _("This must be a number from %(least)s to %(most)s.", least=least, most=most)
        raise InvalidFields({name: said})
    return int(text)


def describe_repeats(row: Row) -> str:
    """When a template is exported by itself, in words."""
    hour = f"{row['at_hour']:02}:00"
    if row["repeats"] == "week":
        return str(_("%(day)s at %(hour)s", day=dict(WEEKDAYS)[str(row["on_day"])], hour=hour))
    if row["repeats"] == "month":
        return str(_("each month on day %(day)s at %(hour)s", day=row["on_day"], hour=hour))
    return str(_("every day at %(hour)s", hour=hour))
