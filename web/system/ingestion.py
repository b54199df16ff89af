"""What came in: minute by minute, by source, by day, and for each device on one day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from sql import ledger
from sql.users import list_reach
from web import database
from web.problems import InvalidFields
from web.shell import render_part
from web.system.place import PAGE, read_id, read_words

pages = Blueprint("ingestion", __name__, url_prefix="/ingestion")
MINUTES = 60
DAYS = 14
MEASURED_AT_ONCE = 25  # some milliseconds each
Row = dict[str, Any]


@pages.get("")
def show() -> Response:
    """The last hour drawn, today by source, and the last days."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    since = now - timedelta(minutes=MINUTES - 1)
    with database.connection() as connection:
        minutes = ledger.list_minutes(connection, since)
        sources = ledger.list_sources(connection, now - timedelta(hours=24))
        days = ledger.list_days(connection, DAYS)
    bars = fill_minutes(minutes, since)
    most = max((bar["received"] for bar in bars), default=0)
    values = {"bars": bars, "most": most, "sources": sources, "days": days, "since": since, "now": now}
    return render_part("system/ingestion.html", "system/rate.html", **values)


def fill_minutes(minutes: list[Row], since: datetime) -> list[Row]:
    """A row for each minute since then, also for those in which nothing came."""
    known = {row["minute"]: row for row in minutes}
    bars = []
    for number in range(MINUTES):
        minute = since + timedelta(minutes=number)
        row = known.get(minute, {"stored": 0, "duplicate": 0, "quarantined": 0})
        received = row["stored"] + row["duplicate"] + row["quarantined"]
        bars.append({**row, "minute": minute, "received": received})
    return bars


@pages.get("/<day>")
def show_day(day: str) -> Response:
    """Each device's ledger of a day: recorded, the greatest losses first; or else measured now."""
    asked_day = read_day(day)
    search = read_words(request.args, "search")
    with database.connection() as connection:
        matching = ledger.Matching(asked_day, search, list_reach(connection, g.user))
        recorded = ledger.is_recorded(connection, asked_day)
        limit = PAGE if recorded else MEASURED_AT_ONCE
        if recorded:
            rows = ledger.list_recorded(
                connection, matching, read_after(request.args.get("after", "")), limit + 1
            )
        else:
            rows = ledger.list_measured(connection, matching, read_id(request.args, "after"), limit + 1)
        total = ledger.count(connection, matching, recorded)
    rows, has_more = rows[:limit], len(rows) > limit
    shown = (read_id(request.args, "shown") or 0) + len(rows)
    more = None
    if has_more:
        last = rows[-1]
        after = f"{last['missing_fixes']}.{last['id']}" if recorded else last["id"]
        more = url_for(".show_day", day=day, search=search or None, after=after, shown=shown)
    values = {
        "day": asked_day,
        "recorded": recorded,
        "rows": rows,
        "total": total,
        "shown": shown,
        "more": more,
    }
    return render_part("system/day.html", "system/day_results.html", search=search, **values)


@pages.get("/<day>/<int:id>")
def show_device(day: str, id: int) -> Response:
    """One device's ledger of a day, measured now, with its gaps one by one."""
    with database.connection() as connection:
        matching = ledger.Matching(read_day(day), "", list_reach(connection, g.user))
        row = ledger.measure_device(connection, matching, id) if id < 2**31 else None
        if row is None:
            raise NotFound
        gaps = ledger.list_gaps(connection, id, matching.day, PAGE)
    return make_response(render_template("system/device_day.html", day=matching.day, row=row, gaps=gaps))


def read_day(text: str) -> date:
    """A day of an address, which there is. Raises NotFound."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise NotFound from None
    if not date(2000, 1, 1) <= day <= datetime.now(UTC).date():
        raise NotFound
    return day


def read_after(text: str) -> tuple[int, int] | None:
    """The missing fixes and the device that the next part comes after. Raises InvalidFields."""
    missing, point, id = text.partition(".")
    if not text:
        return None
    if not (point and all(part.isascii() and part.isdigit() for part in (missing, id))):
        raise InvalidFields({"after": _("This is not the address of a next part.")})
    return min(int(missing[:19]), 2**62), min(int(id[:19]), 2**31 - 1)
