"""Vehicles from a file: a row is the vehicle of its fleet number, or else of its VIN."""

from functools import partial

from flask_babel import lazy_gettext as _l

from web.imports.kind import ImportKind, make_columns
from web.imports.records import RecordStore
from web.records.vehicles import VEHICLES as RECORDS

VEHICLES = ImportKind(
    name="vehicles",
    title=RECORDS.title,
    right="edit vehicles",
    declared=make_columns(
        RECORDS.fields,
        {
            "fleet_number": {
                "needed": True,
                "aliases": "bus, bus no, bus number, bus id, unit, unit number, unit id, vehicle, "
                "vehicle no, vehicle number, vehicle id, vehicle name, veh id, fleet no, fleet id, asset, "
                "asset number, number, nummer, wagen, wagennummer, wagen-nr, fahrzeug, fahrzeugnummer, "
                "fahrzeug-nr, objekt-nr, numéro, numéro de parc, n° parc, véhicule, número, "
                "número de flota, vehículo, unidad, económico",
                "example": "101",
            },
            "plate": {
                "aliases": "licence plate, license plate, plate number, number plate, registration, "
                "registration number, registration no, reg, reg no, rego, tag, tag number, kfz-kennzeichen, "
                "amtliches kennzeichen, immatriculation, plaque, plaque d'immatriculation, matrícula, placa, "
                "patente",
                "example": "M-KA 1234",
            },
            "vin": {
                "aliases": "vin number, vin/sn, vehicle identification number, chassis, chassis no, "
                "chassis number, fin, fahrgestellnummer, fahrzeug-identifizierungsnummer, serial, "
                "serial number, numéro de châssis, numéro de série, n° vin, número de chasis, bastidor, "
                "número de bastidor, número de serie",
                "pattern": r"\s*[A-HJ-NPR-Z0-9]{17}\s*",
                "example": "1HGCM82633A004352",
            },
            "kind": {
                "aliases": "type, vehicle type, vehicle class, category, body, body type, asset type, art, "
                "fahrzeugart, fahrzeugtyp, kategorie, genre, catégorie, type de véhicule, tipo, "
                "tipo de vehículo, clase, categoría",
                "example": "bus",
            },
            "make": {
                "aliases": "manufacturer, brand, vehicle make, marke, fabrikat, hersteller, marque, "
                "constructeur, marca, fabricante",
                "example": "Mercedes-Benz",
            },
            "model": {"aliases": "vehicle model, typ, modell, modèle, modelo", "example": "Citaro"},
            "year": {
                "aliases": "model year, vehicle year, year of manufacture, built, baujahr, modelljahr, "
                "année, millésime, año, año modelo",
                "example": 2019,
            },
            "seats": {
                "aliases": "capacity, seating capacity, passengers, passenger capacity, sitze, sitzplätze, "
                "places, places assises, nombre de places, asientos, plazas, capacidad",
                "example": 52,
            },
            "fuel": {
                "aliases": "fuel type, engine type, kraftstoff, kraftstoffart, antrieb, antriebsart, "
                "carburant, énergie, combustible, tipo de combustible",
                "example": "diesel",
            },
            "tank_l": {
                "aliases": "tank size, tank capacity, fuel capacity, fuel tank capacity, tankinhalt, "
                "tankvolumen, réservoir, capacité du réservoir, depósito, capacidad del tanque",
                "example": 220,
            },
            "depot_id": {
                "aliases": "garage, yard, location, base, terminal, home location, group, betriebshof, "
                "standort, dépôt, agence, base de operaciones, cochera",
            },
            "status": {
                "aliases": "state, condition, vehicle status, zustand, statut, état, estado",
                "example": "in service",
            },
            "notes": {
                "aliases": "note, remarks, comment, comments, bemerkung, bemerkungen, anmerkung, notiz, "
                "remarque, remarques, commentaire, observaciones, notas, comentarios",
            },
        },
    ),
    keys=("fleet_number", "vin"),
    open=partial(RecordStore, kind=RECORDS),
    sample="vehicles.csv",
    about=_l("Fleet number, plate, VIN, what it is and where it belongs."),
)
