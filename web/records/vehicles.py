"""Vehicles: what the fleet consists of, whatever their kind."""

from typing import Any

import psycopg
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from sql.audit import Row
from sql.queries import fetch_rows, queries
from web import values
from web.forms import Field
from web.measures import Volume
from web.records import documents
from web.records.assignment_parts import OF_VEHICLE
from web.records.kind import Kind, Part
from web.records.odometer import ODOMETER
from web.records.photo import PHOTO
from web.records.references import Reference
from web.records.trip_parts import TRIPS_OF_VEHICLE

KINDS = (
    ("bus", _l("Bus")),
    ("minibus", _l("Minibus")),
    ("van", _l("Van")),
    ("car", _l("Car")),
    ("truck", _l("Truck")),
    ("trailer", _l("Trailer")),
    ("motorcycle", _l("Motorcycle")),
    ("machine", _l("Machine")),
    ("other", _l("Other")),
)
FUELS = (
    ("diesel", _l("Diesel")),
    ("petrol", _l("Petrol")),
    ("electric", _l("Electric")),
    ("hybrid", _l("Hybrid")),
    ("gas", _l("Gas")),
    ("hydrogen", _l("Hydrogen")),
    ("other", _l("Other")),
)
STATUSES = (
    ("in service", _l("In service")),
    ("in the workshop", _l("In the workshop")),
    ("spare", _l("Spare")),
    ("out of service", _l("Out of service")),
)
TONES = (
    ("in service", "green"),
    ("in the workshop", "yellow"),
    ("spare", "secondary"),
    ("out of service", "red"),
)


def load_today(connection: psycopg.Connection, row: Row) -> list[Row]:
    """A vehicle's devices, where they are, and who drives now."""
    return fetch_rows(connection, "find_vehicle_today", vehicle_id=row["id"])


def say_farewell(connection: psycopg.Connection, ids: list[int]) -> list[str]:
    """What it means to archive these vehicles."""
    devices, drivers = queries.count_attached(connection, ids=ids)
    sentences = [
        ngettext(
            "It leaves the lists and the live map. Its history stays, and it can be restored.",
            "They leave the lists and the live map. Their history stays, and they can be restored.",
            len(ids),
        )
    ]
    if devices:
        sentences.append(
            ngettext(
                "A device stays fitted: what it sends is still kept. Move or disable it if it leaves.",
                "%(num)s devices stay fitted: what they send is still kept. Move or disable what leaves.",
                devices,
            )
        )
    if drivers:
        sentences.append(
            ngettext(
                "A driver is assigned now: that is not ended. End it on the driver's page if it is over.",
                "%(num)s drivers are assigned now: that is not ended. End what is over on their pages.",
                drivers,
            )
        )
    return sentences


NUMBER: dict[str, Any] = {"input": "number"}
VEHICLES = Kind(
    table="vehicles",
    noun="vehicle",
    title=_l("Vehicles"),
    new=_l("New vehicle"),
    search=_l("Search by number, plate, VIN, make, model or driver"),
    fields=(
        Field(
            "fleet_number",
            _l("Fleet number"),
            values.text(200, needed=True),
            group=_l("Identity"),
            sorts=True,
            order="number_order",
        ),
        Field("plate", _l("Plate"), values.text(20), width="text-nowrap", sorts=True),
        Field("vin", _l("VIN"), values.vin("17 letters and digits"), hint=_l("17 letters and digits.")),
        Field(
            "kind",
            _l("Kind"),
            values.choice(dict(KINDS)),
            input="select",
            choices=KINDS,
            sorts=True,
            group=_l("What it is"),
        ),
        Field("make", _l("Make"), values.text(100)),
        Field("model", _l("Model"), values.text(100)),
        Field("year", _l("Year"), values.whole(1900, 2100), **NUMBER),
        Field("seats", _l("Seats"), values.whole(0, 500), **NUMBER),
        Field("fuel", _l("Fuel"), values.choice(dict(FUELS)), input="select", choices=FUELS),
        Field(
            "tank_l",
            _l("Tank"),
            Volume(0, 5000, description="litres; a text is in the person's own units"),
            show="volume",
            **NUMBER,
        ),
        Field(
            "depot_id",
            _l("Depot"),
            Reference("depot"),
            input="select",
            of="depot",
            sorts=True,
            order="depot_order",
            group=_l("Where it belongs"),
        ),
        Field(
            "status",
            _l("Status"),
            values.choice(dict(STATUSES)),
            input="select",
            choices=STATUSES,
            tones=TONES,
            sorts=True,
        ),
        Field("notes", _l("Notes"), values.text(2000), input="area"),
    ),
    found=(
        Field("make_and_model", _l("Make and model"), values.text(201), sorts=True, order="make_order"),
        Field(
            "odometer_m",
            _l("Odometer"),
            values.number(0, 1e10),
            show="odometer",
            sorts=True,
            order="odometer_order",
        ),
        Field(
            "next_expiry", _l("Next expiry"), values.day(), show="expiry", sorts=True, order="expiry_order"
        ),
        Field("photo_id", _l("Photo"), values.whole(1, 2**31 - 1), show="picture"),
    ),
    listed=(
        "fleet_number",
        "plate",
        "make_and_model",
        "kind",
        "depot_id",
        "status",
        "odometer_m",
        "next_expiry",
    ),
    filters=(
        Field("depot_id", _l("Any depot"), values.text(100), input="select", of="depot"),
        Field("status", _l("Any status"), values.text(20), input="select", choices=STATUSES),
        Field("kind", _l("Any kind"), values.text(20), input="select", choices=KINDS),
    ),
    parts=(
        PHOTO,
        Part(_l("Now"), "records/today.html", load_today),
        OF_VEHICLE,
        TRIPS_OF_VEHICLE,
        ODOMETER,
        documents.make_part("vehicle"),
    ),
    bulk=("status", "depot_id"),
    farewell=say_farewell,
)
