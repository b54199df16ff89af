"""Driver assignments from a file: a row is the regular assignment of its vehicle, driver and beginning.

They keep the rules of sql.assignments, which no statement over many rows could, so they are written one by
one. A row changes the end and the notes of what is there. What a new one takes, a changed one may just have
given free: the changed are written before the new.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg
from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from sql.assignments import Assignments
from sql.audit import Author, Row
from sql.imported_records import name_request
from sql.queries import fetch_rows, queries
from sql.records import RecordError, RecordMissing
from web.imports.kind import (
    CHANGED,
    NEW,
    REJECTED,
    SAME,
    Candidate,
    Finding,
    Found,
    ImportKind,
    Obstacle,
    Reasons,
    Task,
    make_columns,
)
from web.records import pages
from web.records.assignments import ASSIGNMENTS as RECORDS

KEY = ("vehicle_id", "driver_id", "starts_at")
MAY_CHANGE = ("ends_at", "notes")
BLANK = {"ends_at": None, "notes": ""}


class AssignmentStore:
    """The assignments, for one import."""

    def __init__(self, connection: psycopg.Connection, task: Task) -> None:
        self._connection, self._task = connection, task
        self._assignments = Assignments(connection, Author(task.user_id, g.request_id), task.reach)
        self._lines: dict[tuple[Any, ...], int] = {}

    def take(self, candidates: Sequence[Candidate]) -> Found:
        """What each row is, and the new and changed ones written."""
        queries.lock_assignments(self._connection)
        kept = self._find(candidates)
        found = Found()
        wanted: list[tuple[Finding, Row]] = []
        for candidate in candidates:
            finding = self._judge(candidate, kept.get(_key_of(candidate.values)))
            if finding.verdict in (NEW, CHANGED):
                wanted.append((finding, {**BLANK, **candidate.values}))
            else:
                found.add(finding)
        for finding, row in sorted(wanted, key=lambda one: one[0].verdict == NEW):
            found.add(self._write(finding, row))
        found.findings.sort(key=lambda finding: finding.line)
        return found

    def finish(self) -> Found:
        """Nothing is left to tell."""
        return Found()

    def undo(self) -> list[Obstacle]:
        """Every assignment as it was before, or why not."""
        asked = {"request_id": name_request(self._task.import_id)}
        changes = fetch_rows(self._connection, "list_assignments_of_request", **asked)
        in_the_way = [
            Obstacle(self._name(row), _say_obstacle(row), row["record_id"])
            for row in changes
            if row["is_changed"] or row["is_taken"]
        ]
        if changes and not in_the_way:
            try:
                self._assignments.undo(changes[0]["change_id"])
            except RecordMissing:
                return [Obstacle("", _("Some of it is not yours to look after."))]
        return in_the_way

    def _find(self, candidates: Sequence[Candidate]) -> dict[tuple[Any, ...], Row]:
        """What is there already of these, by its key."""
        keys = [key for candidate in candidates if None not in (key := _key_of(candidate.values))]
        vehicles, drivers, moments = zip(*keys, strict=True) if keys else ((), (), ())
        asked = {"vehicle_ids": list(vehicles), "driver_ids": list(drivers), "moments": list(moments)}
        return {_key_of(row): row for row in fetch_rows(self._connection, "find_assignments", **asked)}

    def _judge(self, candidate: Candidate, before: Row | None) -> Finding:
        """What a row is."""
        values, key = candidate.values, _key_of(candidate.values)
        finding = Finding(candidate.line, NEW, self._name(values), cells=candidate.cells)
        if reasons := self._find_reasons(key):
            return replace(finding, verdict=REJECTED, reasons=reasons)
        self._lines[key] = candidate.line
        if before is None:
            return replace(finding, changes={name: (None, value) for name, value in values.items()})
        changed = [name for name in MAY_CHANGE if name in values and values[name] != before[name]]
        finding.record_id, finding.version = before["id"], before["version"]
        if not changed:
            return replace(finding, verdict=SAME)
        if before["kind"] != "regular":
            said = _("This is a substitution: change it on its own page.")
            return replace(finding, verdict=REJECTED, reasons=[(changed[0], said)])
        differing = {name: (before[name], values[name]) for name in changed}
        return replace(finding, verdict=CHANGED, changes=differing)

    def _find_reasons(self, key: tuple[Any, ...]) -> Reasons:
        missing = [name for name, value in zip(KEY, key, strict=True) if value is None]
        if missing:
            return [(name, _("This is needed.")) for name in missing]
        if line := self._lines.get(key):
            return [("", _("Line %(line)s is about the same assignment.", line=line))]
        return []

    def _write(self, finding: Finding, row: Row) -> Finding:
        """Write one; where it cannot be, it is rejected."""
        try:
            if finding.record_id is None:
                finding.record_id = self._assignments.add(row)["id"]
            else:
                assert finding.version is not None
                changes = {name: after for name, (_before, after) in (finding.changes or {}).items()}
                self._assignments.change(finding.record_id, finding.version, changes)
        except RecordError as error:
            said = str(pages.say(RECORDS, self._connection, error, row))
            return replace(finding, verdict=REJECTED, changes=None, reasons=[(error.field, said)])
        return finding

    def _name(self, row: Row) -> str:
        """The driver and the vehicle, as far as they are known."""
        known = row.get("vehicle_id") and row.get("driver_id")
        return str(RECORDS.name_of(row)) if known else ""


def _key_of(row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in KEY)


def _say_obstacle(row: Row) -> str:
    if row["is_changed"]:
        return str(_("It has been changed since."))
    return str(_("Its time has been given to another since."))


ASSIGNMENTS = ImportKind(
    name="assignments",
    title=RECORDS.title,
    right="edit assignments",
    declared=make_columns(
        RECORDS.fields,
        {
            "vehicle_id": {
                "needed": True,
                "aliases": "vehicle number, vehicle name, bus, bus number, unit, unit number, fleet number, "
                "asset, fahrzeugnummer, wagen, wagennummer, umlauf, véhicule, numéro de parc, autobus, "
                "vehículo, unidad, autobús, coche",
                "example": "101",
            },
            "driver_id": {
                "needed": True,
                "aliases": "driver name, staff, employee, operator, name, fahrername, mitarbeiter, "
                "conducteur, chauffeur, nom, conductor, chófer, operador, nombre",
                "example": "Ana O'Hara",
            },
            "starts_at": {
                "needed": True,
                "aliases": "start, starts, starts at, start time, start date, begin, begins, assigned on, "
                "assigned from, valid from, beginn, ab, anfang, dienstbeginn, début, de, à partir du, du, "
                "inicio, desde, fecha de inicio",
                "example": "2026-03-02 06:00",
            },
            "ends_at": {
                "aliases": "to, end, ends, ends at, end time, end date, till, unassigned on, assigned until, "
                "valid to, valid until, ende, dienstende, fin, jusqu'au, au, hasta, final, fecha de fin",
                "example": "2026-03-02 14:00",
            },
            "notes": {
                "aliases": "note, remarks, comment, comments, bemerkung, bemerkungen, anmerkung, notiz, "
                "remarque, remarques, commentaire, observaciones, notas, comentarios",
            },
        },
    ),
    keys=KEY[:1],
    open=AssignmentStore,
    sample="assignments.csv",
    about=_l("Who drives which vehicle from when to when."),
)
