"""Who drives what from when to when: the rules of driver_assignments.

The database refuses two drivers in one vehicle and one driver in two. What is hard is to change several
assignments as one: a substitution cuts the regular assignment around its period and joins it again when it
ends early, and an action is taken back as a whole, while nobody has changed since what it left. So whoever
writes here waits for the one before, each action is one transaction, and each change of it has its line in
audit_log.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import psycopg

from sql import audit
from sql.audit import Author, Row
from sql.queries import fetch_rows, queries
from sql.records import Conflict, RecordError, RecordMissing, Records

TABLE = "driver_assignments"
REGULAR = {"kind": "regular", "instead_of_vehicle_id": None, "instead_of_driver_id": None}


class Overlap(RecordError):
    """The vehicle or the driver is taken at that time: `other` is the assignment in the way."""

    def __init__(self, field: str, other: Row) -> None:
        super().__init__(field, "overlap")
        self.other = other


class Assignments(Records):
    """The assignments, as one author keeps them and as far as their reach goes."""

    def __init__(self, connection: psycopg.Connection, author: Author, reach: list[int] | None) -> None:
        super().__init__(connection, TABLE, "assignment", author, reach)

    def add(self, values: Row) -> Row:
        """A new assignment. Raises RecordError."""
        values = {**REGULAR, **values}
        with self._alone():
            self._check(values, None)
            return super().add(values)

    def change(self, id: int, version: int, values: Row) -> Row:
        """The assignment with these fields changed. Raises RecordError, RecordMissing, Conflict."""
        with self._alone():
            before = self.get(id)
            self._check({**before, **values}, before)
            return super().change(id, version, values)

    def archive(self, id: int, version: int) -> Row:
        """An assignment is ended or removed, never archived. Raises RecordError."""
        raise RecordError("archived", "unknown")

    restore = archive

    def end(self, id: int, version: int, at: datetime) -> Row:
        """End an assignment now running; what a substitute stood in for resumes. Raises as `change` does."""
        with self._alone():
            row = self.get(id)
            if at <= row["starts_at"]:
                raise RecordError("ends_at", "not_begun")
            if row["ends_at"] is not None and row["ends_at"] <= at:
                raise RecordError("ends_at", "is_over")
            ended = super().change(id, version, {"ends_at": at})
            self._resume(row, at)
            return ended

    def remove(self, id: int, version: int) -> None:
        """Take an assignment away; what a substitute stood in for resumes. Raises RecordMissing, Conflict."""
        with self._alone():
            row = self.get(id)
            self._remove(row, version)
            self._resume(row, row["starts_at"])

    def substitute(self, id: int, version: int, values: Row) -> Row:
        """Another vehicle, another driver, or both, for a part of an assignment; the substitute.

        `values` has vehicle_id and driver_id (None: stays), starts_at, ends_at (None: to the end of it all)
        and notes. The assignment is cut around that time. Raises RecordError, RecordMissing, Conflict.
        """
        with self._alone():
            row = self.get(id)
            if row["version"] != version:
                raise Conflict(row)
            _check_part(row, values)
            ends_at = values["ends_at"] or row["ends_at"]
            self._cut(row, values["starts_at"], ends_at)
            pair = {name: values[name] or row[name] for name in ("vehicle_id", "driver_id")}
            return self.add(
                {
                    **pair,
                    "kind": "substitute",
                    "instead_of_vehicle_id": row["vehicle_id"] if values["vehicle_id"] else None,
                    "instead_of_driver_id": row["driver_id"] if values["driver_id"] else None,
                    "starts_at": values["starts_at"],
                    "ends_at": ends_at,
                    "notes": values["notes"],
                }
            )

    def undo(self, change_id: int) -> int:
        """Take back the whole action of which this line of audit_log is a part; the first record of it.

        Raises RecordMissing, and RecordError where something of it has been changed since.
        """
        with self._alone():
            changes = fetch_rows(self.connection, "list_changes_of_action", change_id=change_id)
            states = _sum_up(changes)
            if not states:
                raise RecordMissing(f"There is no change {change_id}.")
            self._check_pairs(row for pair in states.values() for row in pair if row)
            if not self.is_undoable(change_id):
                raise RecordError("", "changed_since")
            try:
                self._take_back(states)
            except psycopg.errors.ExclusionViolation as error:
                raise RecordError("", "changed_since") from error
            return min(states)

    def is_undoable(self, change_id: int) -> bool:
        """Whether nothing that this action left has been changed since."""
        changes = fetch_rows(self.connection, "list_changes_of_action", change_id=change_id)
        ids = sorted({change["record_id"] for change in changes})
        newest = queries.find_newest_change(self.connection, ids=ids)
        return bool(changes) and newest == changes[-1]["id"]

    def find_last_change(self, id: int) -> int | None:
        """The newest line of audit_log about an assignment."""
        found: int | None = queries.find_newest_change(self.connection, ids=[id])
        return found

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A transaction, or a part of one, that other writers wait for."""
        with self.connection.transaction():
            queries.lock_assignments(self.connection)
            yield

    def _check(self, values: Row, before: Row | None) -> None:
        """Raises RecordError for what the database would not explain."""
        if values["ends_at"] is not None and values["ends_at"] <= values["starts_at"]:
            raise RecordError("ends_at", "order")
        for field, find in (
            ("vehicle_id", queries.find_assigned_vehicle),
            ("driver_id", queries.find_assigned_driver),
        ):
            if before is None or before[field] != values[field]:
                found = find(self.connection, id=values[field], depot_ids=self.reach)
                if found is None:
                    raise RecordError(field, "unknown")
                if found[0]:
                    raise RecordError(field, "archived")

    def _check_pairs(self, rows: Iterable[Row]) -> None:
        for row in rows:
            vehicle = queries.find_assigned_vehicle(
                self.connection, id=row["vehicle_id"], depot_ids=self.reach
            )
            driver = queries.find_assigned_driver(self.connection, id=row["driver_id"], depot_ids=self.reach)
            if vehicle is None or driver is None:
                raise RecordMissing("This is beyond reach.")

    def _cut(self, row: Row, starts_at: datetime, ends_at: datetime | None) -> None:
        """Take this time out of an assignment: what is before it stays the same record where there is any."""
        has_before = starts_at > row["starts_at"]
        has_after = ends_at is not None and (row["ends_at"] is None or ends_at < row["ends_at"])
        if has_before:
            super().change(row["id"], row["version"], {"ends_at": starts_at})
            if has_after:
                super().add({**row, "starts_at": ends_at})
        elif has_after:
            super().change(row["id"], row["version"], {"starts_at": ends_at})
        else:
            self._remove(row, row["version"])

    def _resume(self, row: Row, at: datetime) -> None:
        """Let go on, from this moment, what a substitute stood in for until its end."""
        if row["kind"] != "substitute" or row["ends_at"] == at:
            return
        pair = {name: row[f"instead_of_{name}"] or row[name] for name in ("vehicle_id", "driver_id")}
        near = fetch_rows(
            self.connection, "list_neighbours", **pair, before=row["starts_at"], after=row["ends_at"]
        )
        before = next((self.get(one["id"]) for one in near if one["is_before"]), None)
        after = next((self.get(one["id"]) for one in near if not one["is_before"]), None)
        if before and at == row["starts_at"]:
            if after:
                self._remove(after, after["version"])
            end = after["ends_at"] if after else row["ends_at"]
            super().change(before["id"], before["version"], {"ends_at": end})
        elif after:
            super().change(after["id"], after["version"], {"starts_at": at})
        else:
            like = before or {**REGULAR, "notes": ""}
            super().add({**like, **pair, "starts_at": at, "ends_at": row["ends_at"]})

    def _remove(self, row: Row, version: int) -> None:
        if queries.remove_assignment(self.connection, id=row["id"], version=version) == 0:
            raise Conflict(row)
        audit.record_change(self.connection, self.author, "remove", TABLE, row, None)

    def _take_back(self, states: Mapping[int, tuple[Row | None, Row | None]]) -> None:
        """All that is there goes before anything comes back: nothing stands in its own way."""
        for id, (_, after) in states.items():
            if after and queries.remove_assignment(self.connection, id=id, version=after["version"]) == 0:
                raise RecordError("", "changed_since")
        for before, after in states.values():
            back = None
            if before:
                version = (after or before)["version"] + 1
                rows = fetch_rows(self.connection, "bring_back_assignment", **{**before, "version": version})
                back = rows[0]
            action = "change" if before and after else "add" if before else "remove"
            audit.record_change(self.connection, self.author, action, TABLE, after, back)

    def _write(self, action: str, before: Row | None, values: Row) -> Row:
        try:
            return super()._write(action, before, values)
        except psycopg.errors.ExclusionViolation as error:
            is_driver = error.diag.constraint_name == f"{TABLE}_driver_once"
            field = "driver_id" if is_driver else "vehicle_id"
            asked = {name: values[name] for name in ("vehicle_id", "driver_id", "starts_at", "ends_at")}
            id = before["id"] if before else None
            rows = fetch_rows(self.connection, "list_assignments_in_the_way", id=id, **asked)
            other = next(row for row in rows if row[field] == values[field])
            raise Overlap(field, other) from error


def _check_part(row: Row, values: Row) -> None:
    """Raises RecordError where a substitution is not a part of the assignment, or changes nothing."""
    if not values["vehicle_id"] and not values["driver_id"]:
        raise RecordError("vehicle_id", "nothing_instead")
    for field in ("vehicle_id", "driver_id"):
        if values[field] == row[field]:
            raise RecordError(field, "same")
    if values["starts_at"] < row["starts_at"]:
        raise RecordError("starts_at", "too_early")
    if row["ends_at"] is not None and values["starts_at"] >= row["ends_at"]:
        raise RecordError("starts_at", "too_late")
    if values["ends_at"] is not None:
        if values["ends_at"] <= values["starts_at"]:
            raise RecordError("ends_at", "order")
        if row["ends_at"] is not None and values["ends_at"] > row["ends_at"]:
            raise RecordError("ends_at", "too_late")


def _sum_up(changes: list[Row]) -> dict[int, tuple[Row | None, Row | None]]:
    """What each record was before an action, and what it was after."""
    states: dict[int, tuple[Row | None, Row | None]] = {}
    for change in changes:
        first = states.get(change["record_id"], (change["before"], None))[0]
        states[change["record_id"]] = (first, change["after"])
    return states
