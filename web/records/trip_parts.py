"""Trips as a part of the page of a vehicle or a driver: what the last days came to."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import psycopg
from flask import g
from flask_babel import lazy_gettext as _l

from sql.audit import Row
from sql.trips import Matching, list_days
from sql.users import list_reach
from web import clock
from web.languages import choose_time_zone
from web.records.kind import Part

DAYS = 7
TEMPLATE = "records/trips.html"


def list_last_days(noun: str, connection: psycopg.Connection, row: Row) -> dict[str, object]:
    """What this vehicle or driver did on each of the last days."""
    today = clock.today()
    since, until = clock.begin(today - timedelta(days=DAYS - 1)), clock.begin(today + timedelta(days=1))
    whose = {"vehicle_id": None, "driver_id": None, f"{noun}_id": row["id"]}
    matching = Matching(since, until, **whose, depot_ids=list_reach(connection, g.user))
    days = list_days(connection, matching, choose_time_zone())
    return {"noun": noun, "days": days, "longest_m": max((day["distance_m"] for day in days), default=0)}


def load(noun: str) -> Callable[[psycopg.Connection, Row], dict[str, object]]:
    """What finds them."""
    return partial(list_last_days, noun)


TRIPS_OF_VEHICLE = Part(_l("Trips"), TEMPLATE, load("vehicle"), right="see trips")
TRIPS_OF_DRIVER = Part(_l("Trips"), TEMPLATE, load("driver"), right="see drivers' trips")
