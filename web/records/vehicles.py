"""Vehicles."""

from flask_babel import lazy_gettext as _l

from web import values
from web.forms import Field
from web.records.assignment_parts import OF_VEHICLE
from web.records.kind import Kind
from web.records.references import Reference

VEHICLES = Kind(
    table="vehicles",
    noun="vehicle",
    title=_l("Vehicles"),
    new=_l("New vehicle"),
    search=_l("Search by number"),
    fields=(
        Field("fleet_number", _l("Number"), values.text(200, needed=True), width="w-50", sorts=True),
        Field("depot_id", _l("Depot"), Reference("depot"), input="select", of="depot", width="w-50"),
    ),
    parts=(OF_VEHICLE,),
)
