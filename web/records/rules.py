"""Rules: what counts as an event, and which events raise an alert."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from flask import g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from sql.audit import Author, Row
from sql.queries import fetch_rows
from sql.records import RecordError
from sql.rules import USES, Rules
from sql.users import list_reach
from web import database, values
from web.event_kinds import EVENT_KINDS
from web.forms import Field
from web.measures import Length, Measure, Minutes, Same, Seconds, Speed
from web.records.kind import Kind, Words
from web.records.references import Reference, find_name

MEANINGS = {
    "overspeed": _l("Faster than this for at least so long. A geofence may have a limit of its own."),
    "harsh_braking": _l("Slows down by more than this, told by the device or by the speed once a second."),
    "harsh_acceleration": _l(
        "Gains speed by more than this, told by the device or by the speed once a second."
    ),
    "harsh_cornering": _l("Is pushed aside by more than this, told by the device or by speed and heading."),
    "idling": _l("Stands with its engine running for at least so long."),
    "ignition_on": _l("The ignition is switched on."),
    "ignition_off": _l("The ignition is switched off."),
    "tow": _l("Is moved further than this while its ignition is off: towed, or stolen."),
    "offline": _l("Nothing has been heard of it for so long, although it was on its way."),
    "low_battery": _l("The battery of the device has less than this."),
    "power_cut": _l("The device gets less than this from the vehicle: its supply was cut."),
    "fuel_drop": _l("The tank loses more than this within so long: a leak, or theft."),
    "unauthorised": _l("Drives outside the hours of the schedule."),
    "off_route": _l("Is outside the corridor that it belongs to for at least so long."),
    "device_alarm": _l("The device raised an alarm of its own."),
    "sos": _l("Somebody pressed the emergency button."),
    "fence_enter": _l("Comes into a geofence. Each geofence says itself whether that raises an alert."),
    "fence_leave": _l("Goes out of a geofence. Each geofence says itself whether that raises an alert."),
    "fence_dwell": _l("Stays in a geofence longer than that one allows."),
}
KINDS = tuple((name, kind.label) for name, kind in EVENT_KINDS.items())
SEVERITIES = (("info", _l("Notice")), ("warning", _l("Warning")), ("critical", _l("Critical")))
TONES = (("info", "secondary"), ("warning", "yellow"), ("critical", "red"))
WHOSE = (("fleet", _l("The fleet's")), ("vehicle", _l("Of single vehicles")))
OWN = Words(
    archive=_l("Archive"),
    restore=_l("Restore"),
    archived=_l("archived"),
    listed=_l("Archived"),
    has_been_archived=_l("%(name)s has been archived: the fleet's rule holds again."),
    has_been_restored=_l("%(name)s has been restored."),
)
SHOWN_AS = {
    "m/s": "speed",
    "m": "metres",
    "m/s2": "acceleration",
    "%": "percent",
    "V": "volts",
    "points": "percent",
}


def measure(unit: str, least: float, most: float) -> Measure:
    """A threshold in the unit that people enter it in."""
    if unit == "m/s":
        return Speed(least, most, needed=True)
    if unit == "m":
        return Length(least, most, needed=True)
    names = {"m/s2": "m/s\u00b2", "points": "%"}
    return Same(names.get(unit, unit), least, most, needed=True)


@dataclass(frozen=True)
class RuleKind(Kind):
    """The kind whose records are rules: which fields one has depends on what it is about."""

    def open(self, connection: psycopg.Connection) -> Rules:
        """The rules, to be changed in the name of whoever asks."""
        reach = list_reach(connection, g.user)
        return Rules(connection, self.table, self.noun, Author(g.user.id, g.request_id), reach)

    def fields_of(self, values: Mapping[str, Any]) -> tuple[Field, ...]:
        """The fields that the rule's kind uses, in its units; of no kind, only the question which."""
        uses = USES.get(values.get("kind", ""))
        if uses is None:
            return self.fields[:1]
        fields = {field.name: field for field in self.fields}
        fields["kind"] = replace(fields["kind"], input="hidden")
        if values.get("id"):
            fields["vehicle_id"] = replace(fields["vehicle_id"], input="hidden")
        if values["kind"] == "unauthorised":
            hint = _l("The hours in which vehicles may drive; without any, they always may.")
            fields["schedule_id"] = replace(fields["schedule_id"], label=_l("Permitted hours"), hint=hint)
        if uses.unit:
            value = measure(uses.unit, uses.least, uses.most)
            fields["threshold"] = replace(fields["threshold"], value=value, show=SHOWN_AS[uses.unit])
        else:
            del fields["threshold"]
        if not uses.lasts:
            del fields["lasting_s"]
        return tuple(fields.values())

    @property
    def meanings(self) -> dict[str, Any]:
        """What each kind of rule is about."""
        return MEANINGS

    def begin(self) -> Row:
        """A vehicle's rule begins as the fleet's."""
        with database.connection() as connection:
            fleets = fetch_rows(connection, "find_fleet_rule", kind=request.args.get("kind", ""))
        return {
            name: value for row in fleets for name, value in row.items() if name in self.by_name
        } or super().begin()

    def name_of(self, row: Row) -> Any:
        """What it is about, and whose it is."""
        vehicle = find_name("vehicle", row["vehicle_id"])
        return f"{EVENT_KINDS[row['kind']].label} \u00b7 {vehicle or _('the fleet')}"

    def may_archive(self, row: Row) -> bool:
        """The fleet has a rule of each kind, always."""
        return row["vehicle_id"] is not None


def explain(_connection: psycopg.Connection, error: RecordError, values: Row) -> Any:
    """What is wrong with a rule."""
    if error.reason == "fixed":
        return _("A rule stays what it is about, and whose it is: add another.")
    if (error.field, error.reason) == ("kind", "taken"):
        return _("This vehicle has such a rule already, maybe an archived one.")
    if (error.field, error.reason) == ("kind", "fleet"):
        return _("The fleet's rule stays: switch it off instead.")
    if error.reason == "range":
        uses = USES[values["kind"]] if values.get("kind") in USES else None
        least, most = (uses.least, uses.most) if uses else (0, 0)
        return _("This must be a number from %(least)s to %(most)s.", least=f"{least:g}", most=f"{most:g}")
    return None


RULES = RuleKind(
    table="rules",
    noun="rule",
    title=_l("Rules"),
    new=_l("Rule for a vehicle"),
    search=_l("Search by vehicle"),
    about=_l("What counts as an event. A rule for a vehicle holds for it instead of the fleet's."),
    words=OWN,
    explain=explain,
    list_template="rules/list.html",
    form_template="rules/form.html",
    record_template="rules/show.html",
    fields=(
        Field(
            "kind",
            _l("What"),
            values.choice(USES),
            input="select",
            choices=KINDS,
            sorts=True,
            order="kind_order",
        ),
        Field(
            "vehicle_id",
            _l("Vehicle"),
            Reference("vehicle"),
            input="pick",
            of="vehicle",
            sorts=True,
            order="vehicle_order",
            nothing=_l("the fleet"),
        ),
        Field("is_on", _l("Switched on"), values.yes(), input="check", show="on_off"),
        Field("threshold", _l("Threshold"), values.number(0, 100_000), input="number", show="plain"),
        Field(
            "lasting_s",
            _l("For at least"),
            Seconds(0, 604_800, description="seconds"),
            input="number",
            show="lasting",
        ),
        Field(
            "schedule_id",
            _l("Schedule"),
            Reference("schedule"),
            input="select",
            of="schedule",
            hint=_l("It counts only within these hours; always where none is chosen."),
        ),
        Field(
            "raises_alert",
            _l("Raises an alert"),
            values.yes(),
            input="check",
            show="yes_no",
            group=_l("Alert"),
        ),
        Field(
            "severity",
            _l("Severity"),
            values.choice(dict(SEVERITIES)),
            input="select",
            choices=SEVERITIES,
            tones=TONES,
        ),
        Field(
            "fresh_s",
            _l("Not when older than"),
            Minutes(10, 86_400, initial=120, description="seconds; a text is in minutes"),
            input="number",
            show="lasting",
            hint=_l("What is heard of later goes into the history and raises no alert."),
        ),
    ),
    listed=("kind", "vehicle_id", "is_on", "threshold", "lasting_s", "raises_alert", "severity"),
    filters=(
        Field("kind", _l("All rules"), values.text(40), input="select", choices=KINDS),
        Field("whose", _l("Everybody's"), values.text(20), input="select", choices=WHOSE),
    ),
)
