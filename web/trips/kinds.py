"""Events in words: what each kind is called, how its value reads, and which sign it has on map and list."""

from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from sql.audit import Row
from web import formats


class Kind(NamedTuple):
    """One kind of event: its words, its drawing of icons.html, its tone, and the unit of its value."""

    label: Any
    icon: str
    tone: str
    unit: str = ""


KINDS: dict[str, Kind] = {
    "overspeed": Kind(_l("Too fast"), "gauge", "bad", "speed"),
    "harsh_braking": Kind(_l("Harsh braking"), "brake", "warn", "acceleration"),
    "harsh_acceleration": Kind(_l("Harsh acceleration"), "dash", "warn", "acceleration"),
    "harsh_cornering": Kind(_l("Harsh cornering"), "corner", "warn", "acceleration"),
    "idling": Kind(_l("Idling"), "hourglass", "warn", "duration"),
    "ignition_on": Kind(_l("Ignition on"), "key", "quiet"),
    "ignition_off": Kind(_l("Ignition off"), "key", "quiet"),
    "tow": Kind(_l("Moved without ignition"), "tow", "bad", "length"),
    "offline": Kind(_l("Not heard of"), "silent", "warn", "duration"),
    "low_battery": Kind(_l("Battery low"), "battery", "warn", "percent"),
    "power_cut": Kind(_l("Power cut"), "plug", "bad", "volts"),
    "fuel_drop": Kind(_l("Fuel lost"), "drop", "bad", "percent"),
    "unauthorised": Kind(_l("Driven outside of its hours"), "moon", "bad"),
    "off_route": Kind(_l("Off its route"), "route", "warn", "length"),
    "device_alarm": Kind(_l("Alarm of the device"), "alert", "bad"),
    "sos": Kind(_l("Call for help"), "alert", "bad"),
    "fence_enter": Kind(_l("Came into"), "fence", "quiet"),
    "fence_leave": Kind(_l("Went out of"), "fence", "quiet"),
    "fence_dwell": Kind(_l("Stays in"), "fence", "quiet"),
}
UNKNOWN = Kind("", "alert", "quiet")


def find_kind(kind: str) -> Kind:
    """What is known of a kind; one that came later is called by its name."""
    return KINDS.get(kind) or UNKNOWN._replace(label=kind.replace("_", " "))


def name_event(event: Row) -> str:
    """What happened, with the place that it is about."""
    label = str(find_kind(event["kind"]).label)
    return f"{label}: {event['geofence']}" if event["geofence"] else label


def describe_event(event: Row) -> str:
    """How much and how long, in the reader's units, and what the device said."""
    said = []
    unit = find_kind(event["kind"]).unit
    if event["value"] is not None and unit and unit != "duration":
        value = measure(event["value"], unit)
        if event["limit_value"] is not None:
            value = _("%(value)s, limit %(limit)s", value=value, limit=measure(event["limit_value"], unit))
        said.append(value)
    if event["ended_at"] is None:
        said.append(_("still lasts"))
    elif (seconds := (event["ended_at"] - event["started_at"]).total_seconds()) >= 1:
        said.append(_("for %(time)s", time=formats.hours(seconds)))
    if event["detail"]:
        said.append(event["detail"])
    return " · ".join(said)


def measure(value: float, unit: str) -> str:
    """A value in this unit as the reader reads it."""
    if unit == "speed":
        return formats.speed(value)
    if unit == "acceleration":
        return f"{formats.number(value, 1)} m/s²"
    if unit == "length":
        return formats.distance(value)
    return f"{formats.decimal(value)} {'V' if unit == 'volts' else '%'}"
