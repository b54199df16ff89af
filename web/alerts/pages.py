"""The pages of alerts: the list, one alert beside its map, what can be done with it, and the bell."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import ngettext

from sql.alert_life import KINDS, LONGEST_NOTE, Alerts
from sql.audit import Author, Row
from sql.escalations import SEVERITIES
from sql.queries import queries
from sql.records import Conflict, RecordError
from sql.users import list_reach
from web import clock, database
from web.alerts import words
from web.alerts.wish import read_wish, write_after
from web.event_kinds import find_kind
from web.problems import InvalidFields
from web.records.pages import read_version
from web.records.references import MOST_CHOICES
from web.shell import render_part
from web.system.place import read_id

pages = Blueprint("alerts", __name__, url_prefix="/alerts")
SNOOZES = {"900": timedelta(minutes=15), "3600": timedelta(hours=1)}
MORNING = 6
MOST_TOASTS = 3


@pages.app_template_filter("alert_sentence")
def show_sentence(row: Row) -> str:
    """What an alert says."""
    return words.sentence(row)


@contextmanager
def open_alerts() -> Iterator[Alerts]:
    """The alerts as the person who asks may act on them, within one transaction."""
    with database.connection() as connection:
        yield Alerts(connection, Author(g.user.id, g.request_id), list_reach(connection, g.user))


@pages.get("")
def list_all() -> Response:
    """The list, or only its rows for htmx."""
    wish = read_wish(request.args)
    with open_alerts() as alerts:
        rows = alerts.list_page(wish.matching, wish.after, wish.limit + 1, wish.is_folded)
        total = alerts.count(wish.matching)
        depots = [
            (id, name)
            for id, name, is_archived in queries.list_depot_names(
                alerts.connection, search="", ids=None, depot_ids=alerts.reach, most=MOST_CHOICES
            )
            if not is_archived
        ]
    rows, has_more = rows[: wish.limit], len(rows) > wish.limit
    shown = request.args.get("shown", 0, int) + sum(row.get("alerts", 1) for row in rows)
    return render_part(
        "alerts/list.html",
        "alerts/results.html",
        wish=wish,
        rows=rows,
        total=total,
        shown=shown,
        more=wish.find_list(after=write_after(rows[-1]), shown=shown) if has_more else None,
        depots=depots,
        kinds=sorted(((kind, str(find_kind(kind).label)) for kind in KINDS), key=lambda pair: pair[1]),
        severities=SEVERITIES,
        words=words,
        find_kind=find_kind,
    )


@pages.get("/<int:id>")
def show(id: int) -> Response:
    """One alert, with what led to it on a map, and its life."""
    with open_alerts() as alerts:
        row = alerts.get(id)
        events = alerts.list_events(row)
        steps = alerts.list_steps(row["id"])
        assignees = alerts.list_assignees(row)
    for event in events:
        # The alert is over when its newest event is; of the earlier ones each is.
        is_newest = event["started_at"] == row["latest_event_at"]
        told = {"latest_event_at": event["started_at"], "is_over": row["is_over"] or not is_newest}
        event["sentence"] = words.sentence({**row, **event, **told})
        event["time"] = words.say_time(event["started_at"])
    page = render_template(
        "alerts/show.html",
        row=row,
        events=events,
        drawn=[draw(event) for event in events if event["latitude"] is not None],
        steps=steps,
        assignees=assignees,
        words=words,
        find_kind=find_kind,
        morning=find_morning(),
        style_url=current_app.config["MAP_STYLE_URL"],
        longest_note=LONGEST_NOTE,
    )
    return make_response(page)


def draw(event: Row) -> dict[str, Any]:
    """What the map shows of an event: where it was, and the way of its fixes."""
    return {
        "at": event["started_at"].isoformat(),
        "say": f"{event['time']} · {event['sentence']}",
        "place": [event["longitude"], event["latitude"]],
        "track": [[longitude, latitude] for _at, latitude, longitude, *_rest in event["fixes"]],
    }


@pages.post("/<int:id>/acknowledge")
def acknowledge(id: int) -> Response:
    """Take it in hand."""
    return act(id, lambda alerts, version: alerts.acknowledge(id, version), _("Acknowledged."))


@pages.post("/<int:id>/assign")
def assign(id: int) -> Response:
    """Give it to somebody, or to nobody."""
    to = read_id(request.form, "to")
    if to is not None and to >= 2**31:
        raise InvalidFields({"to": _("There is no such person.")})
    return act(id, lambda alerts, version: alerts.assign(id, version, to), _("Assigned."))


@pages.post("/<int:id>/snooze")
def snooze(id: int) -> Response:
    """Let it rest for a while."""
    until = read_until(request.form.get("for", ""))
    said = _("Snoozed until %(time)s.", time=words.say_time(until))
    return act(id, lambda alerts, version: alerts.snooze(id, version, until), said)


@pages.post("/<int:id>/note")
def note(id: int) -> Response:
    """Write something down."""
    text = read_note()
    return act(id, lambda alerts, version: alerts.note(id, version, text), _("Noted."))


@pages.post("/<int:id>/resolve")
def resolve(id: int) -> Response:
    """Be done with it."""
    text = read_note()
    return act(id, lambda alerts, version: alerts.resolve(id, version, text), _("Resolved."))


@pages.post("/<int:id>/reopen")
def reopen(id: int) -> Response:
    """Take it up again."""
    return act(id, lambda alerts, version: alerts.reopen(id, version), _("Reopened."))


@pages.post("/many")
def change_many() -> Response:
    """Acknowledge or resolve what is ticked; a ticked storm is all of its alerts."""
    action = request.form.get("change", "")
    if action not in ("acknowledge", "resolve"):
        raise InvalidFields(
            {"change": _("This must be one of: %(choices)s.", choices="acknowledge, resolve")}
        )
    ids, storms = read_picks(request.form.getlist("picked"))
    with open_alerts() as alerts:
        count = alerts.act_on_many(action, ids)
        for storm_id in storms:
            count += alerts.act_on_many(action, [], storm_id)
    flash(ngettext("%(num)s alert has been changed.", "%(num)s alerts have been changed.", count))
    return make_response(redirect(read_wish(request.form).find_list(), 303))


@pages.get("/bell")
def bell() -> Response:
    """How many wait for somebody, and the newest that the reader has not been told of."""
    after = read_id(request.args, "after")
    with open_alerts() as alerts:
        waiting, critical, newest = alerts.count_open()
        news = alerts.list_news(after, MOST_TOASTS) if after is not None else []
    page = render_template(
        "alerts/bell.html",
        waiting=waiting,
        critical=critical,
        newest=max(newest, after or 0),
        news=news,
        words=words,
        find_kind=find_kind,
    )
    return make_response(page)


def act(id: int, do: Callable[[Alerts, int], Row], message: str) -> Response:
    """Do it, or say why not; then to the alert with the news."""
    try:
        with open_alerts() as alerts:
            do(alerts, read_version())
    except RecordError as error:
        flash(say_why_not(error), "problem")
    except Conflict:
        flash(_("Somebody has changed this in the meantime. Look at it, then try again."), "problem")
    else:
        flash(message)
    return make_response(redirect(url_for("alerts.show", id=id), 303))


def say_why_not(error: RecordError) -> str:
    """What the rules do not allow, in one line."""
    sentences = {
        ("assigned_to", "unknown"): _("This cannot be given to that person."),
        ("until", "past"): _("This must be in the future."),
        ("note", "needed"): _("A note needs words."),
        ("state", "happened_again"): _("This has happened again since: look at the newer alert."),
        ("state", "resolved"): _("This has been resolved already."),
        ("state", "acknowledged"): _("This has been acknowledged already."),
    }
    return str(sentences.get((error.field, error.reason), _("This cannot be done now.")))


def read_note() -> str:
    """The note of a form. Raises InvalidFields."""
    text = request.form.get("note", "").replace("\x00", "").strip()
    if len(text) > LONGEST_NOTE:
        raise InvalidFields({"note": _("This may have at most %(max)s characters.", max=LONGEST_NOTE)})
    return text


def read_until(text: str) -> datetime:
    """When a rest ends. Raises InvalidFields."""
    if text == "morning":
        return find_morning()
    if text not in SNOOZES:
        raise InvalidFields({"for": _("This must be one of: %(choices)s.", choices="900, 3600, morning")})
    return datetime.now(UTC) + SNOOZES[text]


def find_morning() -> datetime:
    """Six o'clock of the reader's next day."""
    return clock.begin(clock.today() + timedelta(days=1), MORNING)


def read_picks(texts: list[str]) -> tuple[list[int], list[int]]:
    """What is ticked: the ids of alerts, and those of storms. Raises InvalidFields."""
    ids: list[int] = []
    storms: list[int] = []
    for text in texts:
        number = text.removeprefix("storm.")
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise InvalidFields({"picked": _("This is no record of the list.")})
        (ids if number == text else storms).append(int(number))
    return ids, storms
