"""The odometer of a vehicle: where it stands, how it got there, and a new reading."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import psycopg
from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from sql.audit import Author, Row
from sql.odometer import DERIVED, DoesNotFit, add_reading
from sql.queries import fetch_rows, queries
from sql.records import RecordError
from web import database, formats, values
from web.forms import Field, read_form
from web.measures import Distance
from web.records.kind import Kind, Part

MOST_SHOWN = 10  # lines, some with days behind them
MOST_FOLDED = 100
MOST_LISTED = 500
FURTHEST_M = 1e10
CLOCKS_DIFFER = timedelta(minutes=5)
SOURCES = (
    ("entered", _l("entered")),
    ("device", _l("from the device")),
    ("track", _l("from its track")),
    ("service", _l("at a service")),
    ("import", _l("imported")),
)

READINGS = Kind(
    table="odometer_readings",
    noun="reading",
    title=_l("Odometer readings"),
    new=_l("New odometer reading"),
    search="",
    fields=(
        Field(
            "odometer_m",
            _l("Odometer"),
            Distance(0, FURTHEST_M, needed=True, description="metres; a text is in the person's own units"),
            input="number",
            show="odometer",
        ),
        Field(
            "read_at",
            _l("Read at"),
            values.moment(needed=True, description="UTC unless it says its offset"),
            input="moment",
            hint=_l("In your time zone."),
            show="moment",
        ),
        Field(
            "is_correction",
            _l("This is a correction"),
            values.yes("whether it may be lower than the reading before it"),
            input="check",
            hint=_l("It may be lower than before: a new instrument, or a typing error put right."),
        ),
        Field("notes", _l("Notes"), values.text(500), input="area"),
    ),
    found=(Field("source", _l("Source"), values.text(20), choices=SOURCES),),
)


def load(connection: psycopg.Connection, row: Row, most: int = MOST_LISTED) -> list[Row]:
    """The newest readings of a vehicle."""
    return fetch_rows(connection, "list_readings", vehicle_id=row["id"], most=most)


def fold(readings: list[Row]) -> list[Row]:
    """A line for each reading; of derived ones in a row for the newest, with the others as its `folded`."""
    lines: list[Row] = []
    for is_derived, group in groupby(readings, key=lambda reading: reading["source"] in DERIVED):
        if is_derived:
            newest, *others = group
            lines.append({**newest, "folded": others})
        else:
            lines += ({**reading, "folded": []} for reading in group)
    return lines


def load_newest(connection: psycopg.Connection, row: Row) -> list[Row]:
    """The first lines of all."""
    return fold(load(connection, row, MOST_FOLDED))[:MOST_SHOWN]


ODOMETER = Part(_l("Odometer"), "records/odometer.html", load_newest, kind=READINGS)


def make_pages(kind: Kind) -> Blueprint:
    """The pages of the odometers of vehicles; its endpoints are named in web.rights."""
    pages = Blueprint("vehicle_odometer", __name__, url_prefix="/vehicles/<int:id>/odometer")

    @pages.get("")
    def list_all(id: int) -> Response:
        """All readings."""
        with database.connection() as connection:
            row = kind.open(connection).get(id)
            readings = load(connection, row)
            total = queries.count_readings(connection, vehicle_id=id)
        asked = {"part_kind": READINGS, "lines": fold(readings), "shown": len(readings), "total": total}
        return make_response(render_template("records/odometer_list.html", kind=kind, row=row, **asked))

    @pages.get("/new")
    def begin(id: int) -> Response:
        """An empty form, for now."""
        return show_form(id, {"read_at": datetime.now(UTC)}, {})

    @pages.post("")
    def add(id: int) -> Response:
        """A new reading, or the form with what is wrong with it."""
        entered, errors = read_form(READINGS.fields, request.form)
        if errors:
            return show_form(id, entered, errors)
        try:
            with database.connection() as connection:
                kept = keep(kind, connection, id, entered)
        except RecordError as error:
            return show_form(id, entered, explain(error))
        if kept["is_correction"] and not entered["is_correction"]:
            flash(_("The odometer reading has been added as a correction: the trips before it lead further."))
        else:
            flash(_("The odometer reading has been added."))
        return make_response(redirect(url_for("vehicles.show", id=id), 303))

    def show_form(id: int, entered: Any, errors: dict[str, str]) -> Response:
        with database.connection() as connection:
            row = kind.open(connection).get(id)
        page = render_template(
            "records/part_form.html",
            kind=kind,
            row=row,
            part=READINGS,
            heading=READINGS.new,
            fields=READINGS.fields,
            entered=entered,
            errors=errors,
            action=url_for("vehicle_odometer.add", id=id),
        )
        return make_response(page, 422 if errors else 200)

    return pages


def keep(kind: Kind, connection: psycopg.Connection, id: int, entered: Row) -> Row:
    """A new reading of a vehicle within reach. Raises RecordError, RecordMissing."""
    kind.open(connection).get(id)
    if entered["read_at"] > datetime.now(UTC) + CLOCKS_DIFFER:
        raise RecordError("read_at", "ahead")
    return add_reading(connection, Author(g.user.id, g.request_id), id, **entered)


def explain(error: RecordError) -> dict[str, str]:
    """Why a reading is not taken, as a sentence at its field."""
    if isinstance(error, DoesNotFit):
        stood = {
            "day": formats.day(error.other["read_at"].date()),
            "value": formats.odometer(error.other["odometer_m"]),
        }
        if error.reason == "lower":
            sentence = _(
                "It stood at %(value)s on %(day)s already. If this is right, say that it is a correction.",
                **stood,
            )
        else:
            sentence = _("It stood at only %(value)s on %(day)s, which is later.", **stood)
        return {error.field: sentence}
    sentences = {
        "ahead": _("This is in the future."),
        "taken": _("There is a reading of this minute already."),
    }
    return {error.field: sentences.get(error.reason, _("This cannot be kept like this."))}
