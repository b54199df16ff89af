"""Depots: where vehicles live."""

from flask_babel import lazy_gettext as _l

from web import values
from web.forms import Field
from web.records.kind import Kind

DEPOTS = Kind(
    table="depots",
    noun="depot",
    title=_l("Depots"),
    new=_l("New depot"),
    search=_l("Search by name or address"),
    fields=(
        Field("name", _l("Name"), values.text(100, needed=True), width="w-25", sorts=True),
        Field("address", _l("Address"), values.text(300), input="area", width="w-50", sorts=True),
        Field(
            "latitude",
            _l("Latitude"),
            values.number(-90, 90, description="degrees"),
            input="number",
            hint=_l("In degrees, such as 48.13712; north is positive."),
            show="place",
        ),
        Field(
            "longitude",
            _l("Longitude"),
            values.number(-180, 180, description="degrees"),
            input="number",
            hint=_l("In degrees, such as 11.57540; east is positive."),
            show="place",
        ),
    ),
)
