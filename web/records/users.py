"""Users: who may sign in, as what, and how far their rights reach."""

from dataclasses import dataclass
from typing import Any

import psycopg
from flask import after_this_request, g
from flask_babel import lazy_gettext as _l
from marshmallow import validate

from sql.audit import Author, Row
from sql.people import People
from sql.users import ADDRESS, ROLES
from web import invitations, values
from web.forms import Field
from web.records.kind import Kind, Part, Words
from web.records.references import References

# The first is what a form begins with: the one that may do least.
ROLE_WORDS = (
    ("viewer", _l("viewer")),
    ("dispatcher", _l("dispatcher")),
    ("mechanic", _l("mechanic")),
    ("accountant", _l("accountant")),
    ("driver", _l("driver")),
    ("guardian", _l("guardian")),
    ("admin", _l("admin")),
)
SCOPE_WORDS = (
    ("fleet", _l("the whole fleet")),
    ("depot", _l("some depots")),
    ("route", _l("their own routes")),
    ("child", _l("their own children")),
)
# What the history has beside the fields of the form.
FURTHER = (
    Field("has_second_factor", _l("Second factor"), values.text(5), show="on_off"),
    Field("open_sessions", _l("Open sessions"), values.text(5), show="number"),
    Field("failed_sign_ins", _l("Failed sign-ins"), values.text(5), show="number"),
    Field("invited_at", _l("Invited"), values.text(5), show="moment"),
)


def address() -> values.Text:
    """An e-mail address."""
    field = values.text(254, needed=True)
    field.validators.append(
        validate.Regexp(rf"(?:{ADDRESS.pattern})\Z", error=_l("This is no e-mail address."))
    )
    return field


class Inviting(People):
    """The people, each of whom is invited when added, once what was written is kept."""

    def add(self, values: Row) -> Row:
        """A new person, with an invitation on its way."""
        row = super().add(values)
        token = self.invite(row["id"])

        @after_this_request
        def send(response: Any) -> Any:
            if response.status_code < 400:
                invitations.send(row, token)
            return response

        return row


@dataclass(frozen=True)
class UserKind(Kind):
    """The kind whose records are people."""

    @property
    def by_name(self) -> dict[str, Field]:
        """The fields by their names, with those that only the history has."""
        return {**super().by_name, **{field.name: field for field in FURTHER}}

    def open(self, connection: psycopg.Connection) -> People:
        """The people, to be changed in the name of whoever asks; a new one reads the pages as they do."""
        reads = {"language": g.user.language, "time_zone": g.user.time_zone, "units": g.user.units}
        return Inviting(connection, Author(g.user.id, g.request_id), reads)


def describe_access(connection: psycopg.Connection, row: Row) -> dict[str, Any]:
    """What an admin sees of a person's way in."""
    return People(connection, Author()).describe_access(row)


USERS = UserKind(
    table="users",
    noun="user",
    title=_l("Users"),
    new=_l("New user"),
    search=_l("Search by e-mail address or name"),
    fields=(
        Field("email", _l("E-mail address"), address(), width="w-25", sorts=True),
        Field("name", _l("Name"), values.text(200), width="w-25", sorts=True),
        Field(
            "role",
            _l("Role"),
            values.choice(ROLES),
            input="select",
            choices=ROLE_WORDS,
            width="w-25",
            sorts=True,
        ),
        Field(
            "scope",
            _l("Reach"),
            values.choice(dict(SCOPE_WORDS)),
            input="select",
            choices=SCOPE_WORDS,
            hint=_l("How much of the fleet the role's rights are about."),
            width="w-25",
            sorts=True,
        ),
        Field(
            "depot_ids",
            _l("Depots"),
            References("depot"),
            input="ticks",
            of="depot",
            hint=_l("Where the reach is some depots: which."),
        ),
    ),
    filters=(Field("role", _l("Every role"), values.text(20), choices=ROLE_WORDS),),
    parts=(Part(_l("Signing in"), "records/access.html", describe_access),),
    words=Words(
        archive=_l("Disable"),
        restore=_l("Enable"),
        archived=_l("disabled"),
        listed=_l("Disabled"),
        has_been_archived=_l("%(name)s is signed out and cannot sign in any more."),
        has_been_restored=_l("%(name)s may sign in again."),
    ),
)
