"""What an alert says: its kind in a word, what happened in a sentence, and the steps of its life."""

from datetime import UTC, datetime
from typing import Any

from flask_babel import format_datetime, format_time, format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from sql.audit import Row
from web import clock
from web.event_kinds import find_kind

WITHDRAWN = "withdrawn by later data"

SEVERITY_WORDS: dict[str, Any] = {
    "critical": _l("critical"),
    "warning": _l("warning"),
    "info": _l("information"),
}
STATE_WORDS: dict[str, Any] = {
    "open": _l("open"),
    "acknowledged": _l("acknowledged"),
    "snoozed": _l("snoozed"),
    "resolved": _l("resolved"),
}
STEP_WORDS: dict[str, Any] = {
    "raised": _l("raised"),
    "acknowledged": _l("acknowledged"),
    "assigned": _l("assigned"),
    "snoozed": _l("snoozed"),
    "woken": _l("open again after its rest"),
    "noted": _l("noted"),
    "escalated": _l("escalated"),
    "resolved": _l("resolved"),
    "reopened": _l("reopened"),
    "over": _l("over"),
}

# What goes on for a while, so that it is news that it is over.
LASTING = frozenset({"overspeed", "unauthorised", "off_route", "offline", "power_cut", "idling"})


def say_time(at: datetime) -> str:
    """A time of today, or day and time."""
    is_today = at.astimezone(clock.zone()).date() == clock.today()
    return str(format_time(at, "short") if is_today else format_datetime(at, "short"))


def sentence(row: Row) -> str:
    """What happened, by an alert or one of its events with the alert's kind, over and geofence."""
    kind, value, limit = row["kind"], row.get("value"), row.get("limit_value")
    said = {
        "value": find_kind(kind).measure(value),
        "limit": find_kind(kind).measure(limit),
        "place": row.get("geofence") or "",
        "time": say_time(row["latest_event_at"]),
        "detail": row.get("detail") or "",
    }
    if kind == "overspeed" and value is not None and limit is not None:
        told = _("Faster than allowed: %(value)s where %(limit)s are", **said)
        return f"{told} ({said['place']})" if said["place"] else str(told)
    if kind == "offline":
        if row["is_over"]:
            return str(_("Was silent from %(time)s on, and speaks again", **said))
        return str(_("Silent since %(time)s", **said))
    if kind == "idling":
        return say_idling(row)
    if kind == "device_alarm" and said["detail"]:
        return str(_("Alarm of the device: %(detail)s", **said))
    if kind.startswith("fence_") and said["place"]:
        sentences = {
            "fence_enter": _("Entered %(place)s", **said),
            "fence_leave": _("Left %(place)s", **said),
            "fence_dwell": _("In %(place)s for longer than allowed", **said),
        }
        return str(sentences[kind])
    if kind == "unauthorised":
        return str(_("On the road outside the permitted hours"))
    return say_value(kind, said) if said["value"] else str(find_kind(kind).label)


def say_idling(row: Row) -> str:
    """How long the engine ran while the vehicle stood."""
    end = row.get("ended_at") or (None if row["is_over"] else datetime.now(UTC))
    if end is None or end <= row["latest_event_at"]:
        return str(find_kind("idling").label)
    took = format_timedelta(end - row["latest_event_at"], threshold=1.2)
    return str(_("Engine running while standing, for %(time)s", time=took))


def say_value(kind: str, said: dict[str, str]) -> str:
    """What happened, where one number tells it."""
    sentences = {
        "tow": _("Moved by %(value)s without ignition", **said),
        "off_route": _("%(value)s off its route", **said),
        "low_battery": _("Battery low: %(value)s left", **said),
        "fuel_drop": _("Fuel dropped by %(value)s", **said),
        "power_cut": _("Power cut: %(value)s left", **said),
        "harsh_braking": _("Harsh braking: %(value)s", **said),
        "harsh_acceleration": _("Harsh acceleration: %(value)s", **said),
        "harsh_cornering": _("Harsh cornering: %(value)s", **said),
    }
    return str(sentences.get(kind, find_kind(kind).label))


def say_step(step: Row) -> str:
    """What a step brought, beside what it is called."""
    if step["action"] == "snoozed":
        return str(_("until %(time)s", time=say_time(datetime.fromisoformat(step["detail"]))))
    if step["action"] == "assigned":
        return str(_("to %(name)s", name=step["detail"]) if step["detail"] else _("to nobody"))
    if step["action"] == "escalated":
        role = step["detail"]
        return str(_("to everybody who is %(role)s", role=_(role)))
    return str(_("withdrawn by later data") if step["detail"] == WITHDRAWN else step["detail"])
