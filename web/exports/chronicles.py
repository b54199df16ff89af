"""Alerts, visits of geofences, odometer readings and the audit log as they are exported."""

from collections.abc import Iterator

import orjson
import psycopg
from flask import g
from flask_babel import lazy_gettext as _l

from sql.alert_life import STATES
from sql.audit import Row
from sql.queries import queries
from sql.streams import stream_rows
from sql.users import list_reach
from web import values
from web.alerts.wish import read_wish
from web.alerts.words import SEVERITY_WORDS, STATE_WORDS
from web.event_kinds import find_kind
from web.exports.asks import VEHICLE, ask_times, read_id, read_times, whose
from web.exports.exportable import Asked, Exportable
from web.exports.journeys import KINDS, WHERE, amount, moment, text, yes
from web.forms import Field
from web.records.odometer import SOURCES
from web.system import place

ACTIONS = (
    ("add", _l("added")),
    ("change", _l("changed")),
    ("archive", _l("archived")),
    ("restore", _l("restored")),
    ("remove", _l("removed")),
)
SEVERITIES = tuple(SEVERITY_WORDS.items())
STANDINGS = tuple(STATE_WORDS.items())
ALERT_STATES = tuple((name, STATE_WORDS.get(name, _l("To do"))) for name in STATES)
VEHICLE_COLUMN = Field("vehicle_id", _l("Vehicle"), values.whole(1, 2**31 - 1), of="vehicle")
DEVICE_COLUMN = Field("device_id", _l("Device"), values.whole(1, 2**31 - 1), of="device")


def hidden(name: str) -> Field:
    """A question that an address has and nobody types."""
    return Field(name, name, values.text(40), input="hidden")


def read_alerts(connection: psycopg.Connection, asked: Asked) -> Iterator[Row]:
    """The alerts that match, in the order of work."""
    wish = read_wish({name: asked[name] for name in asked if name not in ("after", "limit")}, state="all")
    place = {"after_rank": None, "after_id": None, "most": None}
    parameters = {**vars(wish.matching), **place, "depot_ids": list_reach(connection, g.user)}
    return stream_rows(connection, queries.list_alerts.sql, parameters)


def read_visits(connection: psycopg.Connection, asked: Asked) -> Iterator[Row]:
    """Who was within which geofence, by when they came."""
    since, until = read_times(asked, "week")
    parameters = {
        "since": since,
        "until": until,
        "geofence_id": read_id(asked, "geofence"),
        "vehicle_id": read_id(asked, "vehicle"),
        "depot_ids": list_reach(connection, g.user),
    }
    return stream_rows(connection, queries.export_visits.sql, parameters)


def read_readings(connection: psycopg.Connection, asked: Asked) -> Iterator[Row]:
    """The readings of odometers, by vehicle and time."""
    since, until = read_times(asked, "all")
    parameters = {
        "since": since,
        "until": until,
        "vehicle_id": read_id(asked, "vehicle"),
        "depot_ids": list_reach(connection, g.user),
    }
    return stream_rows(connection, queries.export_readings.sql, parameters)


def read_changes(connection: psycopg.Connection, asked: Asked) -> Iterator[Row]:
    """The changes of all records that match, the latest first."""
    since, until = read_times(asked, "all")
    parameters = {
        "user_id": place.read_id(asked, "person"),
        "table": place.read_words(asked, "table"),
        "action": place.read_words(asked, "action"),
        "since": since,
        "until": until,
        "after": None,
        "limit": None,
    }
    for row in stream_rows(connection, queries.list_audit.sql, parameters):
        for side in ("before", "after"):
            row[side] = None if row[side] is None else orjson.dumps(row[side]).decode()
        yield row


ALERTS = Exportable(
    name="alerts",
    title=_l("Alerts"),
    right="see alerts",
    rows=read_alerts,
    asks=(
        Field("search", _l("Search"), values.text(200)),
        Field("state", _l("Any state"), values.text(20), input="select", choices=ALERT_STATES),
        Field("kind", _l("All kinds"), values.text(40), input="select", choices=KINDS),
        Field("severity", _l("All severities"), values.text(20), input="select", choices=SEVERITIES),
        *map(hidden, ("depot_id", "vehicle_id", "assigned_to", "storm_id")),
    ),
    columns=(
        Field("kind", _l("Kind"), values.text(40), choices=KINDS),
        Field("severity", _l("Severity"), values.text(20), choices=SEVERITIES),
        Field("standing", _l("State"), values.text(20), choices=STANDINGS),
        text("label", _l("Vehicle")),
        text("geofence", _l("Geofence")),
        moment("raised_at", _l("Raised")),
        moment("latest_event_at", _l("Latest event")),
        Field("events", _l("Events"), values.whole(0, 2**31 - 1)),
        yes("is_over", _l("Over")),
        text("assignee", _l("For")),
        moment("resolved_at", _l("Resolved")),
        amount("value", _l("Value")),
        amount("limit_value", _l("Limit")),
        text("detail", _l("Detail")),
        *WHERE,
    ),
    rare=("value", "limit_value"),
    place=("latitude", "longitude"),
    named_by="label",
    at="latest_event_at",
    tell={
        "value": lambda row: find_kind(row["kind"]).measure(row["value"]),
        "limit_value": lambda row: find_kind(row["kind"]).measure(row["limit_value"]),
    },
)
VISITS = Exportable(
    name="geofence_visits",
    title=_l("Geofence visits"),
    right="see geofences",
    rows=read_visits,
    asks=(whose("geofence", _l("All geofences")), VEHICLE, *ask_times("week")),
    columns=(
        Field("geofence_id", _l("Geofence"), values.whole(1, 2**31 - 1), of="geofence"),
        VEHICLE_COLUMN,
        moment("entered_at", _l("Came")),
        moment("left_at", _l("Left")),
        amount("stayed_s", _l("Stayed"), "hours"),
        DEVICE_COLUMN,
    ),
    rare=("device_id",),
)
READINGS = Exportable(
    name="odometer_readings",
    title=_l("Odometer readings"),
    right="see vehicles",
    rows=read_readings,
    asks=(VEHICLE, *ask_times("all")),
    columns=(
        VEHICLE_COLUMN,
        moment("read_at", _l("Read at")),
        amount("odometer_m", _l("Odometer"), "odometer"),
        Field("source", _l("Source"), values.text(20), choices=SOURCES),
        yes("is_correction", _l("Correction")),
        text("notes", _l("Notes")),
        text("who", _l("Who")),
    ),
)
CHANGES = Exportable(
    name="audit_log",
    title=_l("Audit log"),
    right="see the audit log",
    rows=read_changes,
    asks=(
        hidden("person"),
        Field("table", _l("Table"), values.text(60)),
        Field("action", _l("All actions"), values.text(20), input="select", choices=ACTIONS),
        *ask_times("all"),
    ),
    columns=(
        moment("at", _l("When")),
        text("who", _l("Who")),
        Field("action", _l("Action"), values.text(20), choices=ACTIONS),
        text("table_name", _l("Table")),
        Field("record_id", _l("Record"), values.whole(0, 2**63 - 1)),
        text("before", _l("Before")),
        text("after", _l("After")),
        text("request_id", _l("Request")),
    ),
)
