"""Devices from a file: a row is the device of its unique id, and may put it into another vehicle.

Where two devices change places, both rows come true at once, if they stand within one batch.
"""

from functools import partial

from flask_babel import lazy_gettext as _l

from sql.imported_records import name_request
from sql.queries import queries
from web.imports.kind import ImportKind, Obstacle, make_columns
from web.imports.records import RecordStore
from web.records.devices import DEVICES as RECORDS

INSTALLATIONS = "device_installations"


class DeviceStore(RecordStore):
    """Devices, and which vehicle each of them was in when."""

    def undo(self) -> list[Obstacle]:
        """Every device as it was before; where an import had put it, it has never been."""
        in_the_way = super().undo()
        if not in_the_way:
            request_id = name_request(self._task.import_id)
            queries.forget_installations(self._connection, request_id=request_id)
            queries.resume_installations(self._connection, request_id=request_id)
        return in_the_way


DEVICES = ImportKind(
    name="devices",
    title=RECORDS.title,
    right="edit devices",
    declared=make_columns(
        RECORDS.fields,
        {
            "uid": {
                "needed": True,
                "aliases": "uid, id, unique identifier, identifier, device, device id, device number, "
                "device serial number, tracker, tracker id, unit id, imei, imei number, serial, "
                "serial number, serial no, gerät, gerätenummer, geräte-id, kennung, seriennummer, appareil, "
                "boîtier, identifiant, numéro de série, dispositivo, equipo, identificador, número de serie",
                "pattern": r"\s*\d{15}\s*",
                "example": "356307042441013",
            },
            "vehicle_id": {
                "aliases": "vehicle number, vehicle name, vehicle, bus, bus number, unit, unit number, "
                "fleet number, asset, name, label, installed in, fahrzeugnummer, wagen, wagennummer, "
                "eingebaut in, véhicule, numéro de parc, installé dans, vehículo, unidad, instalado en",
                "example": "101",
            },
            "model": {
                "aliases": "device model, device type, hardware, type, gerätetyp, gerätemodell, typ, modèle, "
                "type d'appareil, modelo, tipo de dispositivo",
                "example": "FMB120",
            },
            "phone": {
                "aliases": "phone, phone number, sim, sim number, sim phone number, msisdn, mobile number, "
                "telefon, telefonnummer, rufnummer, sim-karte, sim-nummer, téléphone, carte sim, "
                "numéro de téléphone, teléfono, tarjeta sim, número de teléfono",
                "example": "+49 151 0000002",
            },
            "notes": {
                "aliases": "note, remarks, comment, comments, bemerkung, bemerkungen, anmerkung, notiz, "
                "remarque, remarques, commentaire, observaciones, notas, comentarios",
            },
        },
    ),
    keys=("uid",),
    open=partial(DeviceStore, kind=RECORDS, own_parts=(INSTALLATIONS,)),
    sample="devices.csv",
    about=_l("Trackers by their unique id, and the vehicle that each is in."),
)
