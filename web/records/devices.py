"""Devices: the trackers, which vehicle each sits in, and when it was last heard of."""

from typing import Any

import psycopg
from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from sql.audit import Row
from sql.queries import fetch_rows, queries
from sql.records import RecordError
from sql.users import list_reach
from web import values
from web.forms import Field
from web.records.kind import Kind, Part, Words
from web.records.references import Reference

MOST_INSTALLATIONS = 50
HEARD = (
    ("recent", _l("Heard of within a day")),
    ("day", _l("Silent for more than a day")),
    ("never", _l("Never heard of")),
)
INSTALLED = (("yes", _l("In a vehicle")), ("no", _l("In no vehicle")))


def list_installations(connection: psycopg.Connection, row: Row) -> Any:
    """Which vehicles the device was in, the newest first."""
    reach = list_reach(connection, g.user)
    return fetch_rows(
        connection, "list_installations", device_id=row["id"], depot_ids=reach, most=MOST_INSTALLATIONS
    )


def explain(connection: psycopg.Connection, error: RecordError, entered: Row) -> str | None:
    """Which device is in the vehicle already."""
    if (error.field, error.reason) != ("vehicle_id", "taken"):
        return None
    found = queries.find_device_in(connection, vehicle_id=entered["vehicle_id"])
    if found is None:
        return None
    _id, uid, is_disabled = found
    if is_disabled:
        return str(_("The disabled device %(uid)s is still in this vehicle: take it out first.", uid=uid))
    return str(_("The device %(uid)s is in this vehicle: take it out first.", uid=uid))


DEVICES = Kind(
    table="devices",
    noun="device",
    title=_l("Devices"),
    new=_l("New device"),
    search=_l("Search by uid, vehicle, model or phone"),
    fields=(
        Field(
            "uid",
            _l("Unique id"),
            values.text(200, needed=True),
            hint=_l("The name under which it sends, such as an IMEI."),
            width="w-33",
            sorts=True,
        ),
        Field(
            "vehicle_id",
            _l("Vehicle"),
            Reference("vehicle"),
            input="pick",
            of="vehicle",
            hint=_l(
                "From now on, what it sends belongs to this vehicle. What it sent before stays where it is."
            ),
            width="w-25",
            sorts=True,
            order="vehicle",
        ),
        Field("model", _l("Model"), values.text(100), width="w-15", sorts=True),
        Field("phone", _l("Phone number of its SIM"), values.text(40), input="tel"),
        Field("notes", _l("Notes"), values.text(2000), input="area"),
    ),
    found=(
        Field(
            "fix_time",
            _l("Newest fix"),
            values.moment(),
            show="ago",
            width="w-25",
            sorts=True,
            order="fix_order",
        ),
    ),
    filters=(
        Field("heard", _l("Heard of or not"), values.choice(dict(HEARD)), input="select", choices=HEARD),
        Field(
            "installed",
            _l("In a vehicle or not"),
            values.choice(dict(INSTALLED)),
            input="select",
            choices=INSTALLED,
        ),
    ),
    parts=(Part(_l("Vehicles it was in"), "records/installations.html", list_installations),),
    words=Words(
        archive=_l("Disable"),
        restore=_l("Enable"),
        archived=_l("disabled"),
        listed=_l("Disabled"),
        has_been_archived=_l("%(name)s is disabled: what it sends is put aside."),
        has_been_restored=_l("%(name)s is enabled: what it sends is stored."),
    ),
    explain=explain,
)
