"""The kinds of events: what each is called wherever it is named, its sign, and how its value reads."""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from web import formats


class EventKind(NamedTuple):
    """One kind: its words, its drawing of icons.html, its tone, and how a reader sees its value and limit."""

    label: Any
    icon: str
    tone: str
    show: Callable[[float | None], str] | None = None

    def measure(self, value: float | None) -> str:
        """A value in the reader's units; nothing where there is none."""
        return "" if value is None or self.show is None else self.show(value)


# In the order in which they are offered.
EVENT_KINDS: dict[str, EventKind] = {
    "overspeed": EventKind(_l("Speeding"), "gauge", "bad", formats.speed),
    "harsh_braking": EventKind(_l("Harsh braking"), "brake", "warn", formats.acceleration),
    "harsh_acceleration": EventKind(_l("Harsh acceleration"), "dash", "warn", formats.acceleration),
    "harsh_cornering": EventKind(_l("Harsh cornering"), "corner", "warn", formats.acceleration),
    "idling": EventKind(_l("Long idling"), "hourglass", "warn"),
    "unauthorised": EventKind(_l("Outside permitted hours"), "moon", "bad"),
    "off_route": EventKind(_l("Off route"), "route", "warn", formats.distance),
    "fence_enter": EventKind(_l("Geofence entered"), "fence", "quiet"),
    "fence_leave": EventKind(_l("Geofence left"), "fence", "quiet"),
    "fence_dwell": EventKind(_l("Too long in a geofence"), "fence", "quiet"),
    "tow": EventKind(_l("Moved without ignition"), "tow", "bad", formats.distance),
    "fuel_drop": EventKind(_l("Fuel drop"), "drop", "bad", formats.percent),
    "power_cut": EventKind(_l("Power cut"), "plug", "bad", formats.volts),
    "low_battery": EventKind(_l("Low battery"), "battery", "warn", formats.percent),
    "offline": EventKind(_l("Offline"), "silent", "warn"),
    "ignition_on": EventKind(_l("Ignition on"), "key", "quiet"),
    "ignition_off": EventKind(_l("Ignition off"), "key", "quiet"),
    "device_alarm": EventKind(_l("Alarm of the device"), "alert", "bad"),
    "sos": EventKind(_l("Emergency call"), "alert", "bad"),
}


def find_kind(name: str) -> EventKind:
    """What is known of a kind; one that came later is called by its name."""
    return EVENT_KINDS.get(name) or EventKind(name.replace("_", " "), "alert", "quiet")
