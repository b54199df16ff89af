"""The kinds of import: which headers lead to which column, and whose they are to fill in."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import g

from sql.users import find_user_by_email
from web import rights
from web.imports.kinds import IMPORTS, KINDS
from web.imports.mapping import fold, list_headers
from web.records.drivers import PAPERS


@pytest.mark.parametrize("kind", IMPORTS, ids=lambda kind: kind.name)
def test_no_header_leads_to_two_columns(kind: Any, importer: Any) -> None:
    with importer.app.test_request_context():
        g.user = importer.user
        led = {name: {fold(header) for header in list_headers(kind.by_name[name])} for name in kind.by_name}
    for name, headers in led.items():
        others = {other: headers & led[other] for other in led if other != name}
        assert not any(others.values()), f"{name}: {others}"


@pytest.mark.parametrize(
    ("kind", "headers", "columns"),
    [
        (
            "vehicles",
            "Vehicle Name,VIN/SN,License Plate,Vehicle Type,Year,Make,Model,Status,Group,Fuel Type",
            "fleet_number,vin,plate,kind,year,make,model,status,depot_id,fuel",
        ),
        (
            "vehicles",
            "Wagen-Nr.,Kennzeichen,FIN,Fabrikat,Typ,Baujahr,Sitzplätze,Antriebsart,Betriebshof,Bemerkung",
            "fleet_number,plate,vin,make,model,year,seats,fuel,depot_id,notes",
        ),
        (
            "vehicles",
            "N° Parc,Immatriculation,Marque,Modèle,Année,Places assises,Énergie,Dépôt,Remarques",
            "fleet_number,plate,make,model,year,seats,fuel,depot_id,notes",
        ),
        (
            "vehicles",
            "Unidad,Placa,Número de serie,Marca,Modelo,Año,Asientos,Combustible,Estado",
            "fleet_number,plate,vin,make,model,year,seats,fuel,status",
        ),
        (
            "drivers",
            "Employee Number,Full Name,Mobile Phone Number,License Number,License Class,Email",
            "staff_number,name,phone,licence_number,licence_classes,user_id",
        ),
        (
            "drivers",
            "Personal-Nr.,Fahrer,Telefon,Führerschein-Nr.,Klassen,Führerschein gültig bis,Standort",
            "staff_number,name,phone,licence_number,licence_classes,licence_expires_on,depot_id",
        ),
        (
            "drivers",
            "Matricule,Nom et prénom,Portable,N° permis,Permis valable jusqu'au,Visite médicale",
            "staff_number,name,phone,licence_number,licence_expires_on,medical_expires_on",
        ),
        (
            "drivers",
            "Legajo,Nombre y apellidos,Celular,Licencia,Vencimiento licencia,Psicofísico,Observaciones",
            "staff_number,name,phone,licence_number,licence_expires_on,medical_expires_on,notes",
        ),
        ("devices", "Name,Identifier,Phone,Model", "vehicle_id,uid,phone,model"),
        ("devices", "Device Type,Unique ID,SIM phone number,Bus", "model,uid,phone,vehicle_id"),
        ("devices", "IMEI,Fahrzeug,Gerätetyp,Rufnummer,Notiz", "uid,vehicle_id,model,phone,notes"),
        ("devices", "Véhicule,Boîtier,Modèle,Téléphone", "vehicle_id,uid,model,phone"),
        ("assignments", "Bus,Driver Name,Start,End,Comments", "vehicle_id,driver_id,starts_at,ends_at,notes"),
        ("assignments", "Fahrzeug,Fahrer,Von,Bis,Notizen", "vehicle_id,driver_id,starts_at,ends_at,notes"),
        ("assignments", "Véhicule,Conducteur,Du,Au", "vehicle_id,driver_id,starts_at,ends_at"),
        ("assignments", "Unidad,Conductor,Desde,Hasta", "vehicle_id,driver_id,starts_at,ends_at"),
    ],
)
def test_the_headers_of_other_programs_are_known(
    kind: str, headers: str, columns: str, importer: Any
) -> None:
    draft = importer.begin(kind, headers + "\n" + ",".join("a" for _ in headers.split(",")) + "\n")
    assert draft.mapping.columns == {name: place for place, name in enumerate(columns.split(","))}


def test_the_same_number_in_another_column_is_known_by_its_shape(importer: Any) -> None:
    draft = importer.begin("devices", "A,B\n356307042441013,12\n356307042441014,13\n")
    assert draft.mapping.columns == {"uid": 0}


@pytest.mark.parametrize("kind", IMPORTS, ids=lambda kind: kind.name)
def test_the_example_of_every_kind_can_be_imported(
    kind: Any, importer: Any, connection: psycopg.Connection, verdicts: Callable[..., Any]
) -> None:
    if kind.name != "vehicles":
        connection.execute("INSERT INTO vehicles (fleet_number) VALUES ('101')")
    if kind.name == "assignments":
        connection.execute("INSERT INTO drivers (name) VALUES ('Ana O''Hara')")
    if kind.name == "positions":
        connection.execute("INSERT INTO devices (uid) VALUES ('356307042441013')")
    told = [column for column in kind.declared if column.example != ""]
    lines = [[column.name for column in told], [str(column.example) for column in told]]
    text = "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines)
    assert verdicts(importer.run(kind.name, text)) == (1, 0, 0, 0)


def test_columns_of_fields_that_one_may_not_see_are_neither_offered_nor_taken(
    importer: Any, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rights.RIGHTS, PAPERS, frozenset({"admin"}))
    connection.execute("INSERT INTO drivers (name, phone) VALUES ('Ana', '0151')")
    importer.user = find_user_by_email(connection, "dispatcher@example.org")
    draft = importer.begin("drivers", "Name,Status,Phone,Licence number,Account\nAna,on leave,7,X,x@y.z\n")
    assert set(draft.mapping.columns) == {"name", "status"}
    said = {"columns": {"name": 0, "phone": 2, "licence_number": 3}, "fixed": {"notes": "x"}}
    importer.run("drivers", "Name,Status,Phone,Licence number\nAna,on leave,7,X\n", **said)
    row = connection.execute("SELECT phone, licence_number, notes FROM drivers").fetchone()
    assert row == ("0151", "", "")
    with importer.app.test_request_context():
        g.user = importer.user
        assert {column.name for column in KINDS["drivers"].columns} == {
            "name", "staff_number", "status", "depot_id"
        }  # fmt: skip
