"""Drivers: who may be sent out, with what licence, and until when."""

from flask_babel import lazy_gettext as _l

from web import values
from web.forms import Field
from web.records import documents
from web.records.assignment_parts import OF_DRIVER
from web.records.kind import Kind
from web.records.references import Reference
from web.records.trip_parts import TRIPS_OF_DRIVER

PAPERS = "see drivers' papers"
STATUSES = (
    ("active", _l("Active")),
    ("on leave", _l("On leave")),
    ("suspended", _l("Suspended")),
    ("left", _l("Left")),
)
EXPIRES = (("over", _l("Something has expired")), ("soon", _l("Expires within 30 days")))

DRIVERS = Kind(
    table="drivers",
    noun="driver",
    title=_l("Drivers"),
    new=_l("New driver"),
    search=_l("Search by name or staff number"),
    fields=(
        Field("name", _l("Name"), values.text(200, needed=True), width="w-25", sorts=True),
        Field("staff_number", _l("Staff number"), values.text(40), width="w-10", sorts=True),
        Field(
            "status",
            _l("Status"),
            values.choice(dict(STATUSES), needed=True),
            input="select",
            choices=STATUSES,
            tones=(("on leave", "yellow"), ("suspended", "red"), ("left", "secondary")),
            width="w-10",
            sorts=True,
        ),
        Field(
            "depot_id",
            _l("Depot"),
            Reference("depot"),
            input="select",
            of="depot",
            width="w-15",
            sorts=True,
            order="depot",
        ),
        Field("phone", _l("Phone"), values.text(40), input="tel", width="w-15", right=PAPERS),
        Field("licence_number", _l("Licence number"), values.text(40), group=_l("Licence"), right=PAPERS),
        Field("licence_classes", _l("Classes"), values.text(40), hint=_l("Such as D, D1, DE."), right=PAPERS),
        Field(
            "licence_expires_on",
            _l("Licence expires"),
            values.day(),
            input="day",
            show="expiry",
            width="w-15",
            sorts=True,
            order="licence_order",
            right=PAPERS,
        ),
        Field(
            "medical_expires_on",
            _l("Medical expires"),
            values.day(),
            input="day",
            show="expiry",
            width="w-15",
            right=PAPERS,
        ),
        Field(
            "user_id",
            _l("Account"),
            Reference("driver_account"),
            input="pick",
            of="driver_account",
            hint=_l("The e-mail address with which they sign in, of a user whose role is driver."),
            group=_l("More"),
            right=PAPERS,
        ),
        Field("notes", _l("Notes"), values.text(2000), input="area", right=PAPERS),
    ),
    filters=(
        Field("depot_id", _l("All depots"), Reference("depot"), input="select", of="depot"),
        Field("status", _l("Any status"), values.choice(dict(STATUSES)), input="select", choices=STATUSES),
        Field(
            "expires",
            _l("All papers"),
            values.choice(dict(EXPIRES)),
            input="select",
            choices=EXPIRES,
            right=PAPERS,
        ),
    ),
    parts=(OF_DRIVER, TRIPS_OF_DRIVER, documents.make_part("driver", PAPERS)),
)
