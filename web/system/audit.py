"""The whole audit log: who changed which record how, found by person, table, action and day."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext as _

from sql import audit
from sql.audit import Matching
from web import clock, database
from web.problems import InvalidFields
from web.shell import render_part
from web.system.place import PAGE, read_id, read_words

pages = Blueprint("audit", __name__, url_prefix="/audit")
ACTIONS = ("add", "change", "archive", "restore", "remove")
FILTERS = ("person", "table", "action", "from", "to")


@pages.get("")
def list_all() -> Response:
    """The log, the latest first, or only its rows for htmx."""
    asked = {name: read_words(request.args, name) for name in FILTERS}
    matching = Matching(
        user_id=read_person(),
        table=asked["table"],
        action=asked["action"],
        since=read_midnight("from", 0),
        until=read_midnight("to", 1),
    )
    with database.connection() as connection:
        rows = audit.list_page(connection, matching, read_id(request.args, "after"), PAGE + 1)
        total = audit.count(connection, matching)
        tables = audit.list_tables(connection)
        authors = audit.list_authors(connection)
    rows, has_more = rows[:PAGE], len(rows) > PAGE
    for row in rows:
        row["address"] = find_record(row["table_name"], row["record_id"])
    shown = (read_id(request.args, "shown") or 0) + len(rows)
    kept: dict[str, Any] = {name: value for name, value in asked.items() if value}
    more = url_for(".list_all", **kept, after=rows[-1]["id"], shown=shown) if has_more else None
    values: dict[str, Any] = {"rows": rows, "total": total, "shown": shown, "more": more, "asked": asked}
    choices = {"tables": tables, "authors": authors, "actions": ACTIONS}
    return render_part("system/audit.html", "system/audit_results.html", **values, **choices)


def read_person() -> int | None:
    """The person asked for; 0 is nobody. Raises InvalidFields."""
    person = read_id(request.args, "person")
    if person is not None and person >= 2**31:
        raise InvalidFields({"person": _("There is no such person.")})
    return person


def read_midnight(name: str, days_later: int) -> datetime | None:
    """When the day asked for begins in the reader's time zone, or one so many days later."""
    text = read_words(request.args, name)
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=days_later)
    except (ValueError, OverflowError):
        raise InvalidFields({name: _("This must be a day, such as 2026-11-23.")}) from None
    if not 1970 <= day.year <= 9000:
        raise InvalidFields({name: _("This must be a day, such as 2026-11-23.")})
    return clock.begin(day)


def find_record(table: str, id: int) -> str | None:
    """The address of a record's page, where its kind has pages."""
    endpoint = f"{table}.show"
    return url_for(endpoint, id=id) if endpoint in current_app.view_functions else None
