"""Drivers from a file: a row is the driver of its staff number, or else of its name."""

from functools import partial

from flask_babel import lazy_gettext as _l

from web.imports.kind import ImportKind, make_columns
from web.imports.records import RecordStore
from web.records.drivers import DRIVERS as RECORDS

DRIVERS = ImportKind(
    name="drivers",
    title=RECORDS.title,
    right="edit drivers",
    declared=make_columns(
        RECORDS.fields,
        {
            "name": {
                "needed": True,
                "aliases": "full name, driver, driver name, employee, employee name, fahrer, fahrername, "
                "mitarbeiter, vor- und nachname, nom, nom complet, nom et prénom, conducteur, chauffeur, "
                "nombre, nombre completo, nombre y apellidos, conductor, chófer",
                "example": "Ana O'Hara",
            },
            "staff_number": {
                "aliases": "staff no, staff id, employee number, employee no, employee id, personnel number, "
                "payroll number, badge, badge number, driver id, driver number, personalnummer, personal-nr, "
                "pers-nr, mitarbeiternummer, matricule, numéro d'employé, n° matricule, legajo, "
                "número de empleado, número de personal",
                "example": "0017",
            },
            "status": {
                "aliases": "state, driver status, employment status, zustand, statut, état, "
                "estado, situación",
                "example": "active",
            },
            "depot_id": {
                "aliases": "garage, yard, location, base, terminal, home terminal, group, betriebshof, "
                "standort, dépôt, agence, base de operaciones, cochera",
            },
            "phone": {
                "aliases": "phone number, mobile, mobile number, mobile phone, mobile phone number, cell, "
                "cell phone, telephone, tel, telefon, telefonnummer, handy, mobil, mobilnummer, rufnummer, "
                "téléphone, portable, teléfono, móvil, celular",
                "example": "+49 151 0000001",
            },
            "licence_number": {
                "aliases": "licence, license, licence no, license no, license number, driver license number, "
                "driving licence number, cdl, cdl number, führerschein, führerscheinnummer, führerschein-nr, "
                "permis, numéro de permis, n° permis, número de licencia, licencia, permiso de conducir",
                "example": "B072RRE2I55",
            },
            "licence_classes": {
                "aliases": "class, licence class, license class, licence classes, license classes, "
                "licence categories, license type, cdl class, klassen, führerscheinklasse, "
                "führerscheinklassen, catégorie de permis, catégories, clase, clase de licencia, categorías",
                "example": "D, D1, DE",
            },
            "licence_expires_on": {
                "aliases": "licence expiry, license expiry, license expires, licence expiry date, "
                "license expiration, license expiration date, licence valid until, "
                "driver license expiration date, cdl expiration, führerschein gültig bis, "
                "führerschein läuft ab, validité du permis, permis valable jusqu'au, expiration du permis, "
                "vencimiento de licencia, vencimiento licencia, caducidad del permiso",
                "example": "2027-03-31",
            },
            "medical_expires_on": {
                "aliases": "medical expiry, medical expiry date, medical expiration, medical certificate, "
                "medical card expiration, medical card expiration date, dot medical, "
                "untersuchung gültig bis, tauglichkeit bis, visite médicale, aptitude médicale, "
                "examen médico, vencimiento examen médico, psicofísico",
                "example": "2026-09-30",
            },
            "user_id": {
                "aliases": "user, username, login, e-mail, email, e-mail address, email address, benutzer, "
                "benutzerkonto, konto, e-mail-adresse, compte, utilisateur, courriel, adresse e-mail, "
                "usuario, cuenta, correo, correo electrónico",
                "pattern": r"\s*[^\s@]+@[^\s@]+\.[^\s@]+\s*",
            },
            "notes": {
                "aliases": "note, remarks, comment, comments, bemerkung, bemerkungen, anmerkung, notiz, "
                "remarque, remarques, commentaire, observaciones, notas, comentarios",
            },
        },
    ),
    keys=("staff_number", "name"),
    open=partial(RecordStore, kind=RECORDS),
    sample="drivers.txt",
    about=_l("Name, staff number, licence and medical, where they belong."),
)
