"""Assignments as a part of the page of a driver (what they drive) and of a vehicle (who drives it)."""

from collections.abc import Callable
from functools import partial

import psycopg
from flask import g
from flask_babel import lazy_gettext as _l

from sql.audit import Row
from sql.queries import fetch_rows
from sql.users import list_reach
from web.records.kind import Part

MOST = 20
TEMPLATE = "records/assignments.html"
RIGHT = "see assignments"


def list_assignments(field: str, connection: psycopg.Connection, row: Row) -> dict[str, object]:
    """The assignments of the record that this field refers to, the newest first, one more than are shown."""
    ids = {"vehicle_id": None, "driver_id": None, field: row["id"]}
    reach = list_reach(connection, g.user)
    rows = fetch_rows(connection, "list_assignments_of", **ids, depot_ids=reach, most=MOST + 1)
    return {
        "of": field,
        "rows": rows[:MOST],
        "has_more": len(rows) > MOST,
        "current": next((one for one in rows if one["is_now"]), None),
    }


def load(field: str) -> Callable[[psycopg.Connection, Row], dict[str, object]]:
    """What finds them."""
    return partial(list_assignments, field)


OF_VEHICLE = Part(_l("Who drives it"), TEMPLATE, load("vehicle_id"), right=RIGHT)
OF_DRIVER = Part(_l("What they drive"), TEMPLATE, load("driver_id"), right=RIGHT)
