"""Geofences: places where it matters who comes and goes."""

from dataclasses import dataclass
from typing import Any

import psycopg
from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from sql.audit import Author, Row
from sql.geofences import LEAST_RADIUS_M, MOST_RADIUS_M
from sql.records import RecordError
from sql.shared_records import SharedRecords, reaches
from sql.users import list_reach
from web import database, values
from web.forms import Field
from web.measures import Length, Minutes, Seconds, Speed
from web.records.kind import Kind, Part
from web.records.outline import Outline
from web.records.references import NamedReferences, Reference
from web.records.visits import load

SHAPES = (("circle", _l("Circle")), ("polygon", _l("Area")), ("corridor", _l("Corridor")))
CROSSINGS = (("enter", _l("Arriving")), ("leave", _l("Leaving")), ("dwell", _l("Staying too long")))


@dataclass(frozen=True)
class GeofenceKind(Kind):
    """The kind whose records are geofences: one of no depot is changed by who reaches the whole fleet."""

    def open(self, connection: psycopg.Connection) -> SharedRecords:
        """The geofences, to be changed in the name of whoever asks."""
        reach = list_reach(connection, g.user)
        return SharedRecords(connection, self.table, self.noun, Author(g.user.id, g.request_id), reach)

    def may_change(self, row: Row) -> bool:
        """Whether this person changes this geofence."""
        with database.connection() as connection:
            return reaches(list_reach(connection, g.user), row)


def explain(_connection: psycopg.Connection, error: RecordError, _values: Row) -> Any:
    """What is wrong with an outline that does not go with its shape."""
    if (error.field, error.reason) == ("radius_m", "needed"):
        return _("A circle needs a radius, a corridor how far from its line one may be.")
    if (error.field, error.reason) == ("geometry", "shape"):
        return _("This does not fit the shape that is chosen: draw it anew.")
    return None


GEOFENCES = GeofenceKind(
    table="geofences",
    noun="geofence",
    title=_l("Geofences"),
    new=_l("New geofence"),
    search=_l("Search by name or notes"),
    explain=explain,
    list_template="geofences/list.html",
    form_template="geofences/form.html",
    record_template="geofences/show.html",
    fields=(
        Field("name", _l("Name"), values.text(100, needed=True), sorts=True, width="w-25"),
        Field(
            "shape",
            _l("Shape"),
            values.choice(dict(SHAPES)),
            input="select",
            choices=SHAPES,
            hint=_l("A corridor is a route: it is about leaving it, for the vehicles named below."),
            sorts=True,
        ),
        Field(
            "radius_m",
            _l("Radius, or distance from the line"),
            Length(LEAST_RADIUS_M, MOST_RADIUS_M, description="metres; of a circle or corridor"),
            input="number",
            show="metres",
        ),
        Field(
            "geometry",
            _l("Places"),
            Outline(),
            input="area",
            rows=5,
            show="outline",
            hint=_l(
                "Drawn on the map, or written here: a latitude and a longitude on each line. GeoJSON and WKT"
                " can be pasted too."
            ),
        ),
        Field("colour", _l("Colour"), values.colour("#206bc4"), input="color", show="swatch"),
        Field(
            "depot_id",
            _l("Depot"),
            Reference("depot"),
            input="select",
            of="depot",
            sorts=True,
            order="depot",
            group=_l("Whom it concerns"),
            nothing=_l("the whole fleet"),
            hint=_l("Only vehicles of this depot; the whole fleet where none is chosen."),
        ),
        Field(
            "vehicle_ids",
            _l("Vehicles"),
            NamedReferences("vehicle"),
            of="vehicle",
            hint=_l(
                "Fleet numbers with commas between; all of the depot where none is named. A corridor needs"
                " some."
            ),
        ),
        Field(
            "schedule_id",
            _l("Schedule"),
            Reference("schedule"),
            input="select",
            of="schedule",
            hint=_l("Crossings count only within these hours; always where none is chosen."),
        ),
        Field(
            "alert_on",
            _l("Alert on"),
            values.words(dict(CROSSINGS)),
            input="ticks",
            choices=CROSSINGS,
            group=_l("What counts"),
        ),
        Field(
            "dwell_s",
            _l("Too long is"),
            Minutes(60, 604_800, initial=600, description="seconds; a text is in minutes"),
            input="number",
            show="lasting",
        ),
        Field(
            "speed_limit_mps",
            _l("Speed limit within"),
            Speed(1, 100, description="metres a second; a text is in the person's own units"),
            input="number",
            show="speed",
        ),
        Field(
            "hysteresis_m",
            _l("Has left when so far outside"),
            Length(0, 1000, initial=30, description="metres; a text is in the person's own units"),
            input="number",
            show="metres",
            hint=_l("Keeps a vehicle at the edge from coming and going with each fix."),
        ),
        Field(
            "least_visit_s",
            _l("A visit takes at least"),
            Seconds(0, 86_400, initial=20, description="seconds"),
            input="number",
            show="lasting",
        ),
        Field("notes", _l("Notes"), values.text(2000), input="area"),
    ),
    found=(Field("inside", _l("There now"), values.whole(0, 2**31 - 1), show="number"),),
    listed=("name", "shape", "depot_id", "inside"),
    filters=(
        Field("shape", _l("Any shape"), values.text(20), input="select", choices=SHAPES),
        Field("depot_id", _l("Any depot"), values.text(100), input="select", of="depot"),
    ),
    parts=(Part(_l("Visits"), "geofences/visits.html", load),),
)
