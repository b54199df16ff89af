"""Keeping people: a person is a record like others, who besides is invited, signed out, and let in again.

What the database does not know of itself is refused here: nobody changes how far their own rights go.
That one admin stays, and that admins reach the whole fleet, is the database's own rule.
"""

from datetime import UTC, datetime
from typing import Any

import psycopg

from sql import attempts, audit, password_resets, second_factor, sessions, users
from sql.audit import Author, Row
from sql.queries import queries
from sql.records import RecordError, Records
from sql.users import User

# How a new person reads the pages, unless whoever adds them says otherwise.
READS = {"language": "en", "time_zone": None, "units": "metric"}
OWN = ("role", "scope", "depot_ids")


class People(Records):
    """The people, as one author keeps them."""

    def __init__(
        self, connection: psycopg.Connection, author: Author, reads: dict[str, str] | None = None
    ) -> None:
        super().__init__(connection, "users", "user", author, None)
        self._reads = reads or READS

    def add(self, values: Row) -> Row:
        """A new person without a password; a link lets them choose one. Raises RecordError."""
        password_hash = users.make_hash_of_nothing()
        return super().add({**self._reads, **_settle(values), "password_hash": password_hash})

    def change(self, id: int, version: int, values: Row) -> Row:
        """The person with these fields changed. Raises RecordError, RecordMissing, Conflict."""
        before = self.get(id)
        after = _settle({**before, **values})
        if id == self.author.user_id:
            for name in OWN:
                if after[name] != before[name]:
                    raise RecordError(name, "own")
        row = super().change(id, version, after)
        if row["email"] != before["email"]:
            queries.end_password_resets(self.connection, user_id=id)
        return row

    def archive(self, id: int, version: int) -> Row:
        """Let a person in no more, and sign them out. Raises RecordError, RecordMissing, Conflict."""
        if id == self.author.user_id:
            raise RecordError("role", "own")
        row = super().archive(id, version)
        sessions.end_sessions(self.connection, id, "revoked")
        queries.end_password_resets(self.connection, user_id=id)
        return row

    def invite(self, id: int) -> str:
        """The token of a link with which a person chooses a password. Raises RecordMissing."""
        row = self.get(id)
        token = password_resets.make_link_token(self.connection, id, password_resets.INVITED)
        self._note(row, "invited_at", None, datetime.now(UTC))
        return token

    def sign_out(self, id: int) -> int:
        """End a person's sessions; how many that were. Raises RecordMissing."""
        row = self.get(id)
        count = sessions.end_sessions(self.connection, id, "revoked")
        self._note(row, "open_sessions", count, 0)
        return count

    def reset_second_factor(self, id: int) -> None:
        """Let the password be enough again, for whoever lost phone and codes. Raises RecordMissing."""
        row = self.get(id)
        if row["has_second_factor"]:
            second_factor.remove(self.connection, self._find(id))
            self._note(row, "has_second_factor", True, False)

    def unlock(self, id: int) -> None:
        """Forget the sign-ins that failed. Raises RecordMissing."""
        row = self.get(id)
        if count := attempts.unlock(self.connection, *self._subjects(row)):
            self._note(row, "failed_sign_ins", count, 0)

    def describe_access(self, row: Row) -> dict[str, Any]:
        """What an admin sees of a person's way in: where they are signed in, and what failed of late."""
        return {
            "sessions": sessions.list_sessions(self.connection, self._find(row["id"])),
            "failed_sign_ins": attempts.count_tries(self.connection, *self._subjects(row)),
            "has_second_factor": row["has_second_factor"],
        }

    def record(self, action: str, before: Row | None, id: int) -> None:
        """Write down what was done to a person by other means."""
        audit.record_change(self.connection, self.author, action, self.table, before, self.get(id))

    def _note(self, row: Row, name: str, before: Any, after: Any) -> None:
        was, is_now = {**row, name: before}, {**row, name: after}
        audit.record_change(self.connection, self.author, "change", self.table, was, is_now)

    def _find(self, id: int) -> User:
        user = users.find_user(self.connection, id)
        assert user
        return user

    @staticmethod
    def _subjects(row: Row) -> tuple[str, ...]:
        return row["email"], f"code of {row['id']}", f"mail to {row['email']}"


def _settle(values: Row) -> Row:
    """Depots go with the scope of that name and no other. Raises RecordError."""
    depot_ids = sorted(set(values.get("depot_ids") or [])) if values["scope"] == "depot" else []
    if values["scope"] == "depot" and not depot_ids:
        raise RecordError("depot_ids", "needed")
    if values["role"] == "admin" and values["scope"] != "fleet":
        raise RecordError("scope", "admin")
    return {**values, "depot_ids": depot_ids}
