"""Assignments as a kind of record: who drives what from when to when, as forms and the API know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from sql.assignments import Assignments, Overlap
from sql.audit import Author, Row
from sql.records import RecordError, RecordMissing
from sql.users import list_reach
from web import clock, formats, values
from web.forms import Field
from web.records.kind import Kind
from web.records.references import Reference, find_name

KINDS = (("regular", _l("Regular")), ("substitute", _l("Substitute")))


@dataclass(frozen=True)
class AssignmentKind(Kind):
    """A kind whose records keep the rules of sql.assignments."""

    def open(self, connection: psycopg.Connection) -> Assignments:
        """The assignments, as far as the person who asks may reach, to be changed in their name."""
        return Assignments(connection, Author(g.user.id, g.request_id), list_reach(connection, g.user))

    def name_of(self, row: Row) -> Any:
        """The vehicle and the driver."""
        vehicle, driver = find_name("vehicle", row["vehicle_id"]), find_name("driver", row["driver_id"])
        return _("%(driver)s on %(vehicle)s", driver=driver, vehicle=vehicle)


def explain(connection: psycopg.Connection, error: RecordError, entered: Row) -> Any:
    """Which assignment is in the way, or what else the rules do not allow."""
    if isinstance(error, Overlap):
        return say_what_is_in_the_way(connection, error)
    sentences = {
        "order": _("The end must come after the beginning."),
        "archived": _("This is archived: restore it first."),
        "not_begun": _("This has not begun yet: remove it instead."),
        "is_over": _("This has ended already."),
        "nothing_instead": _("Say which vehicle or which driver comes instead."),
        "same": _("This is the one that is to be replaced."),
        "too_early": _("The assignment itself begins later."),
        "too_late": _("The assignment itself ends earlier."),
        "changed_since": _("This cannot be taken back: something of it has been changed since."),
    }
    return sentences.get(error.reason)


def say_what_is_in_the_way(connection: psycopg.Connection, error: Overlap) -> Any:
    """A sentence with the way to the other assignment, as far as the person may see it."""
    other = error.other
    span = formats.span(other["starts_at"], other["ends_at"])
    try:
        ASSIGNMENTS.open(connection).get(other["id"])
    except RecordMissing:
        return _("This is taken then: %(span)s, by another depot.", span=span)
    vehicle, driver = find_name("vehicle", other["vehicle_id"]), find_name("driver", other["driver_id"])
    if error.field == "vehicle_id":
        said = _("%(driver)s drives it then: %(span)s.", driver=driver, span=span)
    else:
        said = _("They drive %(vehicle)s then: %(span)s.", vehicle=vehicle, span=span)
    return Link(said, url_for("assignments.show", id=other["id"]))


class Link(str):
    """A sentence with an address: a page makes it a link, and the API leaves it as it is."""

    def __new__(cls, text: str, address: str) -> "Link":
        """The sentence."""
        link = super().__new__(cls, text)
        link.address = address
        return link

    address: str

    def __html__(self) -> Markup:
        """As a link."""
        return Markup('<a href="{}">{}</a>').format(self.address, str(self))


def pick(name: str, label: Any, of: str, needed: bool = True, hint: Any = "") -> Field:
    """A field that picks a vehicle or a driver."""
    return Field(name, label, Reference(of, needed=needed), input="pick", of=of, hint=hint)


def moment(name: str, label: Any, needed: bool = False, hint: Any = "", sorts: bool = False) -> Field:
    """A field for a day and time."""
    value = values.moment(needed, description="without an offset it is in your own time zone")
    return Field(name, label, value, input="moment", show="moment", hint=hint, sorts=sorts)


NOTES = Field("notes", _l("Notes"), values.text(500), input="area")

ASSIGNMENTS = AssignmentKind(
    table="assignments",
    noun="assignment",
    title=_l("Assignments"),
    new=_l("New assignment"),
    search=_l("Search by vehicle or driver"),
    fields=(
        pick("vehicle_id", _l("Vehicle"), "vehicle"),
        pick("driver_id", _l("Driver"), "driver"),
        moment("starts_at", _l("From"), needed=True, sorts=True),
        moment("ends_at", _l("Until"), hint=_l("Leave it empty for an assignment without an end.")),
        NOTES,
    ),
    filters=(
        Field("vehicle_id", _l("Vehicle"), values.whole(1, 2**31 - 1)),
        Field("driver_id", _l("Driver"), values.whole(1, 2**31 - 1)),
        Field("since", _l("From"), values.moment()),
        Field("until", _l("Until"), values.moment()),
    ),
    found=(
        Field("kind", _l("Kind"), values.choice(dict(KINDS)), choices=KINDS),
        pick("instead_of_vehicle_id", _l("Instead of the vehicle"), "vehicle", needed=False),
        pick("instead_of_driver_id", _l("Instead of the driver"), "driver", needed=False),
    ),
    explain=explain,
)

# What a substitution asks for: one of the first two is needed.
INSTEAD = (
    pick("vehicle_id", _l("Another vehicle"), "vehicle", needed=False),
    pick("driver_id", _l("Another driver"), "driver", needed=False),
    moment("starts_at", _l("From"), needed=True),
    moment("ends_at", _l("Until"), hint=_l("Leave it empty where you do not know yet.")),
    NOTES,
)


def keep_seconds(row: Row, entered: dict[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """What was entered, with each time that a form still shows as it was kept being that very moment.

    A form shows minutes, and both hours alike in the night in which one comes twice.
    """
    same = [
        name for name in ("starts_at", "ends_at") if row[name] and form.get(name) == clock.write(row[name])
    ]
    return {**entered, **{name: row[name] for name in same}}
