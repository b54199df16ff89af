"""Registers the demo fleet and draws the demo town into the database."""

import json

import psycopg

from local.roster import register_roster
from local.simulator.fleet import fleet_numbers
from local.town.features import list_features
from local.town.town import draw_town, name_drawing
from sql.queries import queries

DEMO_SERIAL_PORTS = ("bus-153", "bus-154")  # the last of the 54: these speak NMEA on serial ports


def register_fleet(conn: psycopg.Connection, vehicles: int = 54, seed: int = 7) -> None:
    """Make vehicles 101, 102, … with devices bus-101, bus-102, …, and draw the town, in one transaction.

    What exists already is left as it is; only a town of another seed or an older drawing is replaced.
    """
    with conn.transaction():
        numbers = fleet_numbers(vehicles)
        queries.add_buses(conn, numbers=numbers)
        queries.add_bus_devices(conn, numbers=numbers)
        register_roster(conn, numbers)
        drawing = name_drawing(seed)
        if queries.find_town(conn) != drawing:
            queries.remove_town(conn)
            features = [feature._asdict() for feature in list_features(draw_town(seed))]
            for feature in features:
                feature["properties"]["town"] = drawing
            queries.add_features(conn, features=json.dumps(features))
