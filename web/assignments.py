"""The pages of assignments: the board, one assignment, and what can be done to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from sql import audit
from sql.assignments import TABLE, Assignments
from sql.audit import Row
from sql.queries import fetch_rows, queries
from sql.records import Conflict, RecordError, RecordMissing
from web import clock, database
from web.board import draw_lanes, read_window
from web.forms import read_form
from web.records import kind as kinds
from web.records.assignments import ASSIGNMENTS, INSTEAD, keep_seconds
from web.records.drivers import DRIVERS, PAPERS
from web.records.listing import read_place, write_place
from web.records.pages import explain, read_version, show_conflict
from web.records.references import list_names
from web.rights import may
from web.shell import render_part

pages = Blueprint("assignments", __name__, url_prefix="/assignments")
MOST_VEHICLES = 100
MOST_FREE = 8


@contextmanager
def open_assignments() -> Iterator[Assignments]:
    """The assignments, within one transaction."""
    with database.connection() as connection:
        yield ASSIGNMENTS.open(connection)


@pages.get("")
def list_all() -> Response:
    """The board, or only its rows for htmx."""
    names = ("search", "depot", "on", "view")
    asked = {name: request.args.get(name, "").replace("\x00", "") for name in names}
    window = read_window(asked["on"], asked["view"])
    after = read_place(request.args.get("after", "")) or (None, None)
    with open_assignments() as assignments:
        matching = {
            "search": asked["search"].strip(),
            "depot": asked["depot"],
            "since": window.since,
            "until": window.until,
            "depot_ids": assignments.reach,
        }
        place = {"after_number": after[0], "after_id": after[1], "most": MOST_VEHICLES + 1}
        found = fetch_rows(assignments.connection, "list_board_vehicles", **matching, **place)
        total = queries.count_board_vehicles(assignments.connection, **matching)
        vehicles = found[:MOST_VEHICLES]
        ids = [vehicle["id"] for vehicle in vehicles]
        rows = fetch_rows(assignments.connection, "list_board_assignments", **matching, vehicle_ids=ids)
    more = found[MOST_VEHICLES:] and write_place(vehicles[-1]["fleet_number"], vehicles[-1]["id"])
    return render_part(
        "assignments/board.html",
        "assignments/lanes.html",
        kind=ASSIGNMENTS,
        window=window,
        asked=asked,
        depots=list_names("depot"),
        lanes=draw_lanes(window, vehicles, rows),
        total=total,
        shown=request.args.get("shown", 0, int) + len(vehicles),
        more=more,
        find_board=lambda **other: find_board({**asked, **other}),
    )


def find_board(asked: dict[str, Any]) -> str:
    """The address of the board as it is asked for."""
    return url_for("assignments.list_all", **{name: value for name, value in asked.items() if value})


@pages.get("/new")
def begin() -> Response:
    """A form, with what the place where it was asked for knows already."""
    entered: dict[str, Any] = {field.name: "" for field in ASSIGNMENTS.fields}
    for field in ("vehicle_id", "driver_id"):
        id = request.args.get(field, 0, int)
        entered[field] = id if 0 < id < 2**31 else ""
    for field in ("starts_at", "ends_at"):
        try:
            entered[field] = clock.read(request.args.get(field, ""))
        except ValueError:
            continue
    entered["starts_at"] = entered["starts_at"] or datetime.now(UTC)
    return show_form(None, entered, {})


@pages.post("")
def add() -> Response:
    """A new assignment, or the form with what is wrong with it."""
    entered, errors = read_form(ASSIGNMENTS.fields, request.form)
    if errors:
        return show_form(None, entered, errors)
    try:
        with open_assignments() as assignments:
            row = assignments.add(entered)
            news = tell(assignments, row["id"], _("%(name)s has been assigned.", name=name_of(row)))
    except RecordError as error:
        return show_form(None, entered, explain(ASSIGNMENTS, error, entered))
    return to_board(row["starts_at"], news)


@pages.get("/<int:id>")
def show(id: int) -> Response:
    """One assignment, with its history and the way back from its last change."""
    with open_assignments() as assignments:
        row = assignments.get(id)
        changes = audit.list_changes(assignments.connection, TABLE, id)
        last = assignments.find_last_change(id)
        can_undo = last is not None and assignments.is_undoable(last)
    now = datetime.now(UTC)
    page = render_template(
        "assignments/show.html",
        kind=ASSIGNMENTS,
        row=row,
        name=name_of(row),
        changes=changes,
        undoable=last if can_undo else None,
        has_begun=row["starts_at"] < now,
        is_over=row["ends_at"] is not None and row["ends_at"] <= now,
        cautions=list_cautions(row),
    )
    return make_response(page)


@pages.get("/<int:id>/edit")
def begin_change(id: int) -> Response:
    """The assignment in a form."""
    row = kinds.get(ASSIGNMENTS, id)
    return show_form(row, row, {})


@pages.post("/<int:id>")
def change(id: int) -> Response:
    """The changed assignment, the form with what is wrong, or both versions where another was faster."""
    entered, errors = read_form(ASSIGNMENTS.fields, request.form)
    version = read_version()
    row = kinds.get(ASSIGNMENTS, id)
    opened = {**row, "version": version}
    if errors:
        return show_form(opened, entered, errors)
    entered = keep_seconds(row, entered, request.form)
    try:
        with open_assignments() as assignments:
            changed = assignments.change(id, version, entered)
            news = _("%(name)s has been saved.", name=name_of(changed))
            told = tell(assignments, id, news) if changed["version"] != version else (news, "message")
    except RecordError as error:
        return show_form(opened, entered, explain(ASSIGNMENTS, error, entered))
    except Conflict as conflict:
        return show_conflict(ASSIGNMENTS, version, entered, conflict.current, table=TABLE)
    return to_record(id, told)


@pages.post("/<int:id>/end")
def end(id: int) -> Response:
    """End it now."""
    try:
        with open_assignments() as assignments:
            row = assignments.end(id, read_version(), datetime.now(UTC))
            news = tell(assignments, id, _("%(name)s has ended.", name=name_of(row)))
    except RecordError as error:
        return to_record(id, (say(error), "message"))
    except Conflict:
        return to_record(id, say_changed())
    return to_record(id, news)


@pages.post("/<int:id>/remove")
def remove(id: int) -> Response:
    """Take it away, with a way back."""
    try:
        with open_assignments() as assignments:
            row = assignments.get(id)
            assignments.remove(id, read_version())
            news = tell(assignments, id, _("%(name)s has been removed.", name=name_of(row)))
    except RecordError as error:
        return to_record(id, (say(error), "message"))
    except Conflict:
        return to_record(id, say_changed())
    return to_board(row["starts_at"], news)


@pages.get("/<int:id>/substitute")
def begin_substitution(id: int) -> Response:
    """A form for another vehicle or driver: from now on, or from the beginning of what is ahead."""
    row = kinds.get(ASSIGNMENTS, id)
    entered: dict[str, Any] = {field.name: "" for field in INSTEAD}
    entered["starts_at"] = max(row["starts_at"], datetime.now(UTC).replace(second=0, microsecond=0))
    midnight = clock.begin(entered["starts_at"].astimezone(clock.zone()).date() + timedelta(days=1))
    entered["ends_at"] = min(row["ends_at"] or midnight, midnight)
    return show_substitution(row, entered, {})


@pages.post("/<int:id>/substitute")
def substitute(id: int) -> Response:
    """The substitute, or the form with what is wrong with it."""
    entered, errors = read_form(INSTEAD, request.form)
    row = kinds.get(ASSIGNMENTS, id)
    opened = {**row, "version": read_version()}
    if errors:
        return show_substitution(opened, entered, errors)
    entered = keep_seconds(row, entered, request.form)
    try:
        with open_assignments() as assignments:
            made = assignments.substitute(id, opened["version"], entered)
            news = tell(assignments, made["id"], _("%(name)s: substituted.", name=name_of(made)))
    except RecordError as error:
        return show_substitution(opened, entered, explain(ASSIGNMENTS, error, entered))
    except Conflict:
        return to_record(id, say_changed())
    return to_board(made["starts_at"], news)


@pages.post("/changes/<int:id>/undo")
def undo(id: int) -> Response:
    """Take back an action, with all that it changed."""
    try:
        with open_assignments() as assignments:
            record_id = assignments.undo(id)
            news = tell(assignments, record_id, _("Taken back."))
    except RecordError as error:
        return to_board(datetime.now(UTC), (say(error), "message"))
    try:
        at = kinds.get(ASSIGNMENTS, record_id)["starts_at"]
    except RecordMissing:
        at = datetime.now(UTC)
    return to_board(at, news)


def show_form(row: Row | None, entered: dict[str, Any], errors: dict[str, str]) -> Response:
    """The form of a new assignment or of this one."""
    page = render_template("assignments/form.html", kind=ASSIGNMENTS, row=row, entered=entered, errors=errors)
    return make_response(page, 422 if errors else 200)


def show_substitution(row: Row, entered: dict[str, Any], errors: dict[str, str]) -> Response:
    """The form of a substitution, with who and what is free then."""
    starts_at, ends_at = entered["starts_at"], entered["ends_at"] or row["ends_at"]
    free: dict[str, list[str]] = {}
    if isinstance(starts_at, datetime) and (ends_at is None or starts_at < ends_at):
        with open_assignments() as assignments:
            asked = {
                "vehicle_id": row["vehicle_id"],
                "starts_at": starts_at,
                "ends_at": ends_at,
                "depot_ids": assignments.reach,
                "most": MOST_FREE,
            }
            for field, query in (
                ("vehicle_id", queries.list_free_vehicles),
                ("driver_id", queries.list_free_drivers),
            ):
                free[field] = [name for (name,) in query(assignments.connection, **asked)]
    page = render_template(
        "assignments/substitute.html",
        kind=ASSIGNMENTS,
        fields=INSTEAD,
        row=row,
        name=name_of(row),
        entered=entered,
        errors=errors,
        free=free,
    )
    return make_response(page, 422 if errors else 200)


def list_cautions(row: Row) -> list[str]:
    """What speaks against sending this driver out, for whoever may know it."""
    if not may(g.user.role, PAPERS):
        return []
    driver = kinds.get(DRIVERS, row["driver_id"])
    last = row["ends_at"].astimezone(clock.zone()).date() if row["ends_at"] else clock.today()
    last = max(last, clock.today()) if row["ends_at"] is None else last
    cautions = []
    if driver["licence_expires_on"] and driver["licence_expires_on"] < last:
        cautions.append(_("The licence expires before this ends."))
    if driver["medical_expires_on"] and driver["medical_expires_on"] < last:
        cautions.append(_("The medical certificate expires before this ends."))
    if driver["status"] != "active":
        status = dict(DRIVERS.by_name["status"].choices)[driver["status"]]
        cautions.append(_("The driver's status is: %(status)s.", status=status))
    return cautions


def name_of(row: Row) -> str:
    """What an assignment is called."""
    return str(ASSIGNMENTS.name_of(row))


def say(error: RecordError) -> str:
    """What the rules do not allow, in one line."""
    return " ".join(explain(ASSIGNMENTS, error, {}).values())


def tell(assignments: Assignments, id: int, message: str) -> tuple[str, str]:
    """The news, and the address that takes it back."""
    return message, url_for("assignments.undo", id=assignments.find_last_change(id))


def say_changed() -> tuple[str, str]:
    """The news that another was faster."""
    return _("Somebody has changed this in the meantime."), "message"


def to_board(at: datetime, news: tuple[str, str]) -> Response:
    """To the board of that day, with the news."""
    flash(*news)
    day = at.astimezone(clock.zone()).date()
    return make_response(redirect(url_for("assignments.list_all", on=day.isoformat()), 303))


def to_record(id: int, news: tuple[str, str]) -> Response:
    """To the assignment, with the news."""
    flash(*news)
    return make_response(redirect(url_for("assignments.show", id=id), 303))
