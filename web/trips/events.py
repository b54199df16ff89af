"""The page of events: what happened, of which kind, to whom, and where."""

from datetime import timedelta

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from sql import trips
from sql.audit import Row
from web import clock, database
from web.event_kinds import EVENT_KINDS
from web.shell import render_part
from web.trips.asked import PAGE, read_asked, read_days, read_event_key, write_event_key

pages = Blueprint("events", __name__, url_prefix="/events")
DAYS = 7


@pages.get("")
def list_all() -> Response:
    """The events of some days, the newest first, or only the rows for htmx."""
    first, last = read_days(request.args, DAYS)
    names = ("kind", "vehicle", "driver", "depot")
    entries = {name: request.args.get(name, "") for name in names}
    entries |= {"from": first.isoformat(), "to": last.isoformat()}
    wanted = [entries["kind"]] if entries["kind"] in EVENT_KINDS else None
    since, until = clock.begin(first), clock.begin(last + timedelta(days=1))
    asked = read_asked(entries, since, until, kinds=wanted)
    if entries["kind"] and wanted is None:
        asked.problems.append(_("There is no such kind of event."))
    after = read_event_key(request.args.get("after", ""))
    rows: list[Row] = []
    counts: dict[str, int] = {}
    if not asked.problems:
        with database.connection() as connection:
            rows = trips.list_events(connection, asked.matching, after, PAGE + 1)
            counts = trips.count_events(connection, asked.matching)
    has_more, rows = len(rows) > PAGE, rows[:PAGE]
    shown = request.args.get("shown", 0, int) + len(rows)
    more = asked.find(".list_all", after=write_event_key(rows[-1]), shown=shown) if has_more else None
    return render_part(
        "trips/events.html",
        "trips/event_results.html",
        asked=asked,
        rows=rows,
        counts=counts,
        total=sum(counts.values()),
        shown=shown,
        more=more,
    )
