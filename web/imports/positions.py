"""Positions of a file: fixes as trackers, receivers and phones wrote them, into the history of the fleet.

A million rows are usual. So the fields check nothing by themselves: sql/fitness.py knows what can be stored.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from devices.position import Position
from sql import imported_positions, named_devices
from sql.fitness import Fault, find_fault
from sql.imported_positions import Days, DryRun
from sql.named_devices import NamedDevice, NamedVehicle
from sql.retention import find_start
from web import formats, values
from web.forms import Field
from web.imports.kind import (
    NEW,
    REJECTED,
    SAME,
    Candidate,
    Finding,
    Found,
    ImportKind,
    Obstacle,
    Task,
    make_columns,
)

BATCH = 20_000
SPEEDS = (("m/s", 1.0), ("km/h", 1 / 3.6), ("mph", formats.METRES_PER_MILE / 3600), ("kn", 1852 / 3600))
LENGTHS = (("m", 1.0), ("ft", formats.METRES_PER_FOOT))
FACTS = ("speed_mps", "course", "altitude_m", "accuracy_m", "satellites")


class Text(values.Text):
    """Text, taken as it is."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """The same."""
        return value


class Amount(values.Number):
    """A number, taken as it is."""

    deserialize = Text.deserialize


class Whole(values.Whole):
    """A whole number, taken as it is."""

    deserialize = Text.deserialize


class Moment(values.Moment):
    """A moment, taken as it is."""

    deserialize = Text.deserialize


class PositionStore:
    """The positions of one import: looked for when it is rehearsed, and stored when it counts."""

    def __init__(self, connection: psycopg.Connection, task: Task) -> None:
        self._connection, self._task = connection, task
        self._now = datetime.now(UTC)
        self._kept_since = find_start(current_app.config["GPS_HISTORY_RETENTION_DAYS"], self._now)
        self._devices: dict[str, NamedDevice | None] = {}
        self._vehicles: dict[str, NamedVehicle | None] = {}
        self._dry_run = DryRun(connection) if task.is_dry else None
        self._days = Days(task.beside)

    def take(self, candidates: Sequence[Candidate]) -> Found:
        """Those of known devices whose values can be stored; the others are rejected."""
        found = Found()
        self._look_up(candidates)
        rows = []
        for candidate in candidates:
            try:
                rows.append(self._judge(candidate))
            except Unfit as unfit:
                reasons = [(unfit.field, unfit.sentence)]
                found.add(Finding(candidate.line, REJECTED, reasons=reasons, cells=candidate.cells))
        if self._dry_run:
            self._dry_run.add(rows)
        else:
            self._days.make(rows)
            new, same = imported_positions.store(self._connection, self._task.import_id, rows)
            found.counts[NEW] += new
            found.counts[SAME] += same
        return found

    def finish(self) -> Found:
        """Of a rehearsal how many are new; else the news for whoever follows positions."""
        found = Found()
        if self._dry_run:
            found.counts[NEW], found.counts[SAME] = self._dry_run.count()
        else:
            imported_positions.finish(self._connection, self._task.import_id)
        return found

    def undo(self) -> list[Obstacle]:
        """What this import brought goes; nothing can stand in its way."""
        imported_positions.undo(self._connection, self._task.import_id)
        return []

    def _look_up(self, candidates: Sequence[Candidate]) -> None:
        """The devices and vehicles that these rows name and none before did; None for what is unknown."""
        uids = {one.values["device"] for one in candidates if "device" in one.values} - self._devices.keys()
        if uids:
            asked = self._connection, uids, self._task.reach
            self._devices |= dict.fromkeys(uids) | named_devices.find_devices(*asked)
        numbers = {one.values["vehicle"] for one in candidates if "vehicle" in one.values}
        if numbers := numbers - self._vehicles.keys():
            asked = self._connection, numbers, self._task.reach
            self._vehicles |= dict.fromkeys(numbers) | named_devices.find_devices_of_vehicles(*asked)

    def _judge(self, candidate: Candidate) -> imported_positions.Row:
        """A row as it is stored. Raises Unfit."""
        given = candidate.values
        for name in ("fix_time", "latitude", "longitude"):
            if name not in given:
                raise Unfit(name, _("This is needed."))
        speed, course, altitude, accuracy, satellites = (given.get(name) for name in FACTS)
        attributes = read_attributes(given.get("attributes"))
        place = given["latitude"], given["longitude"]
        facts = (speed, course, altitude, accuracy, satellites)
        position = Position(None, given["fix_time"], *place, *facts, True, attributes)
        if fault := find_fault(position, self._now, self._kept_since):
            raise Unfit(fault.field, say_fault(fault))
        return self._find_device(given), position, self._now

    def _find_device(self, given: dict[str, Any]) -> int:
        """Whose fix it is. Raises Unfit."""
        name = "device" if "device" in given else "vehicle"
        if name not in given:
            raise Unfit("device", _("This is needed."))
        known = self._devices.get(given[name]) if name == "device" else self._vehicles.get(given[name])
        if known is None:
            raise Unfit(name, _("There is no such record."))
        device = known.find(given["fix_time"])
        if isinstance(device, int):
            return device
        sentences = {
            named_devices.DISABLED: _("This device is disabled."),
            named_devices.BEYOND_REACH: _("This must be one that you look after."),
            named_devices.NO_DEVICE: _("There was no device in this vehicle then."),
        }
        raise Unfit(name, sentences[device])


class Unfit(Exception):
    """A row cannot be stored: the field, and a sentence about it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field, self.sentence = field, sentence


def read_attributes(text: str | None) -> dict[str, Any] | None:
    """What else a device told, from JSON. Raises Unfit."""
    if not text:
        return None
    try:
        told = orjson.loads(text)
    except ValueError as error:
        raise Unfit("attributes", _('This must be JSON, such as {"ignition": true}.')) from error
    if not isinstance(told, dict):
        raise Unfit("attributes", _('This must be JSON, such as {"ignition": true}.'))
    return told or None


def say_fault(fault: Fault) -> str:
    """Why a position cannot be stored."""
    sentences = {
        "latitude": _("This must be a number from -90 to 90."),
        "longitude": _("This must be a number from -180 to 180."),
        "future fix": _("This is in the future."),
        "week rollover": _("This is 1024 or 2048 weeks ago: the receiver has lost count of the weeks."),
        "implausible time": _("This is before the year 2000."),
        "too old": _("This is older than positions are kept: it would be dropped the next night."),
    }
    told = sentences.get(fault.reason) or sentences.get(fault.field)
    return str(told or _("This cannot be kept like this."))


FIELDS = (
    Field("device", _l("Device"), Text(), hint=_l("The name under which it sends, such as an IMEI.")),
    Field("vehicle", _l("Vehicle"), Text(), hint=_l("Its number, for the device that was in it then.")),
    Field("fix_time", _l("Time"), Moment(), show="moment"),
    Field(
        "latitude",
        _l("Latitude"),
        Amount(),
        hint=_l("In degrees, such as 48.13712; north is positive."),
        show="place",
    ),
    Field(
        "longitude",
        _l("Longitude"),
        Amount(),
        hint=_l("In degrees, such as 11.57540; east is positive."),
        show="place",
    ),
    Field("speed_mps", _l("Speed"), Amount(), show="speed"),
    Field("course", _l("Course"), Amount(), hint=_l("In degrees from north, clockwise.")),
    Field("altitude_m", _l("Altitude"), Amount(), show="metres"),
    Field("accuracy_m", _l("Accuracy"), Amount(), show="metres"),
    Field("satellites", _l("Satellites"), Whole()),
    Field("attributes", _l("What else it told"), Text(), hint=_l('JSON, such as {"ignition": true}.')),
)
POSITIONS = ImportKind(
    name="positions",
    title=_l("Positions"),
    right="import positions",
    declared=make_columns(
        FIELDS,
        {
            "device": {
                "aliases": "device id, uid, imei, unit id, unit, tracker, tracker id, serial, gerät, "
                "appareil",
                "example": "356307042441013",
            },
            "vehicle": {
                "aliases": "vehicle id, vehicle number, fleet number, bus, bus number, name, fahrzeug, "
                "véhicule, vehículo",
            },
            "fix_time": {
                "aliases": "timestamp, date, datetime, date time, gps time, fix time, utc, utc time, tst, "
                "zeitpunkt, datum, heure, date heure, fecha, hora",
                "needed": True,
                "varies": True,
                "example": "2026-11-23T07:12:03Z",
            },
            "latitude": {
                "aliases": "lat, y, breite, breitengrad, latitud",
                "needed": True,
                "varies": True,
                "example": 48.13712,
            },
            "longitude": {
                "aliases": "lon, lng, long, x, länge, längengrad, longitud",
                "needed": True,
                "varies": True,
                "example": 11.5754,
            },
            "speed_mps": {
                "aliases": "velocity, vel, gps speed, geschwindigkeit, vitesse, velocidad",
                "units": SPEEDS,
                "asks_unit": True,
                "example": 8.5,
            },
            "course": {
                "aliases": "heading, bearing, direction, cog, track, kurs, richtung, cap, rumbo",
                "example": 90,
            },
            "altitude_m": {
                "aliases": "alt, elevation, ele, height, höhe, altitud",
                "units": LENGTHS,
                "example": 519,
            },
            "accuracy_m": {
                "aliases": "acc, precision, genauigkeit, précision, precisión",
                "units": LENGTHS,
                "example": 5,
            },
            "satellites": {"aliases": "sats, sat, satelliten, satélites", "example": 9},
            "attributes": {"aliases": "other, more", "varies": True},
        },
    ),
    keys=(),
    one_of=("device", "vehicle"),
    open=PositionStore,
    batch=BATCH,
    formats=("delimited", "workbook", "gpx", "nmea", "rec"),
    sample="positions.csv",
    about=_l("Where devices or vehicles were when, also from GPX, NMEA and OwnTracks files."),
)
