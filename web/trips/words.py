"""What an event says on the pages of trips."""

from flask_babel import gettext as _

from sql.audit import Row
from web import formats
from web.event_kinds import find_kind


def name_event(event: Row) -> str:
    """What happened, with the place that it is about."""
    label = str(find_kind(event["kind"]).label)
    return f"{label}: {event['geofence']}" if event["geofence"] else label


def describe_event(event: Row) -> str:
    """How much and how long, in the reader's units, and what the device said."""
    said = []
    kind = find_kind(event["kind"])
    if value := kind.measure(event["value"]):
        if limit := kind.measure(event["limit_value"]):
            value = _("%(value)s, limit %(limit)s", value=value, limit=limit)
        said.append(value)
    if event["ended_at"] is None:
        said.append(_("still lasts"))
    elif (seconds := (event["ended_at"] - event["started_at"]).total_seconds()) >= 1:
        said.append(_("for %(time)s", time=formats.hours(seconds)))
    if event["detail"]:
        said.append(event["detail"])
    return " · ".join(said)
