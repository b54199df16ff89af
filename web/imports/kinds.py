"""What can be imported: a line for each kind."""

from functools import partial

from web.imports.kind import ImportKind, make_column
from web.imports.records import RecordStore
from web.records.vehicles import VEHICLES

OF_VEHICLES = {field.name: field for field in VEHICLES.fields}
IMPORTS = (
    ImportKind(
        name="vehicles",
        title=VEHICLES.title,
        right="edit vehicles",
        columns=(
            make_column(
                OF_VEHICLES["fleet_number"],
                needed=True,
                aliases=(
                    "bus",
                    "bus no",
                    "bus number",
                    "unit",
                    "unit number",
                    "vehicle",
                    "vehicle number",
                    "vehicle id",
                    "veh id",
                    "bus id",
                    "fleet no",
                    "number",
                    "nummer",
                    "fahrzeug",
                    "wagennummer",
                    "numéro",
                    "véhicule",
                    "vehículo",
                ),
                example="101",
            ),
            make_column(
                OF_VEHICLES["plate"],
                aliases=(
                    "licence plate",
                    "license plate",
                    "registration",
                    "registration number",
                    "reg",
                    "tag",
                    "kfz-kennzeichen",
                    "immatriculation",
                    "matrícula",
                ),
                example="M-KA 1234",
            ),
            make_column(
                OF_VEHICLES["vin"],
                aliases=("vin number", "chassis", "chassis number", "fin", "fahrgestellnummer", "serial"),
                pattern=r"\s*[A-HJ-NPR-Z0-9]{17}\s*",
                example="1HGCM82633A004352",
            ),
            make_column(
                OF_VEHICLES["kind"],
                aliases=("type", "vehicle type", "vehicle class", "body", "fahrzeugart", "art"),
                example="bus",
            ),
            make_column(
                OF_VEHICLES["make"],
                aliases=("manufacturer", "brand", "marke", "marque"),
                example="Mercedes-Benz",
            ),
            make_column(OF_VEHICLES["model"], aliases=("typ", "modèle", "modelo"), example="Citaro"),
            make_column(
                OF_VEHICLES["year"], aliases=("model year", "built", "baujahr", "année", "año"), example=2019
            ),
            make_column(
                OF_VEHICLES["seats"], aliases=("capacity", "passengers", "sitze", "places"), example=52
            ),
            make_column(
                OF_VEHICLES["fuel"],
                aliases=("fuel type", "kraftstoff", "antrieb", "carburant"),
                example="diesel",
            ),
            make_column(
                OF_VEHICLES["tank_l"], aliases=("tank size", "fuel capacity", "tankinhalt"), example=220
            ),
            make_column(
                OF_VEHICLES["depot_id"],
                aliases=("garage", "yard", "location", "base", "betriebshof"),
                example="",
            ),
            make_column(
                OF_VEHICLES["status"], aliases=("state", "condition", "zustand"), example="in service"
            ),
            make_column(
                OF_VEHICLES["notes"], aliases=("remarks", "comment", "bemerkung", "remarques"), example=""
            ),
        ),
        keys=("fleet_number", "vin"),
        open=partial(RecordStore, kind=VEHICLES),
    ),
)
KINDS = {kind.name: kind for kind in IMPORTS}
