"""Registers the demo fleet and draws the demo town into the database."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import psycopg

from local.roster import register_roster
from local.simulator.fleet import fleet_numbers
from local.town.features import list_features
from local.town.town import draw_town, name_drawing
from sql.queries import queries

# Make, model, kind, seats, fuel and tank (litres) of what a school-bus fleet drives; the common ones twice.
MODELS = (
    *2 * (("Blue Bird", "Vision", "bus", 77, "diesel", 227),),
    *2 * (("Thomas Built", "Saf-T-Liner C2", "bus", 72, "diesel", 227),),
    ("IC Bus", "CE Series", "bus", 71, "diesel", 246),
    ("Lion Electric", "LionC", "bus", 77, "electric", None),
    ("Ford", "Transit 350", "minibus", 15, "petrol", 95),
    ("Mercedes-Benz", "Sprinter 516", "minibus", 19, "diesel", 93),
)
DEPOTS = ("North yard", "South yard", "East garage")
ZONE_M, ZONE_MPS = 250, 20 / 3.6
DEMO_SERIAL_PORTS = ("bus-153", "bus-154")  # the last of the 54: these speak NMEA on serial ports


def register_fleet(conn: psycopg.Connection, vehicles: int = 54, seed: int = 7) -> None:
    """Make vehicles 101, 102, … with devices bus-101, bus-102, …, and draw the town, in one transaction.

    What exists already is left as it is; only a town of another seed or an older drawing is replaced.
    """
    with conn.transaction():
        numbers = fleet_numbers(vehicles)
        queries.add_buses(conn, numbers=numbers)
        queries.add_bus_devices(conn, numbers=numbers)
        queries.add_demo_depots(conn)
        queries.describe_buses(conn, buses=json.dumps(describe_buses(numbers, seed)))
        queries.add_demo_papers(conn, numbers=numbers)
        queries.add_demo_readings(conn, numbers=numbers)
        register_roster(conn, numbers)
        drawing = name_drawing(seed)
        if queries.find_town(conn) != drawing:
            queries.remove_town(conn)
            features = [feature._asdict() for feature in list_features(draw_town(seed))]
            for feature in features:
                feature["properties"]["town"] = drawing
            queries.add_features(conn, features=json.dumps(features))
            queries.add_demo_fences(conn, fences=json.dumps(list(draw_fences(features))))


def draw_fences(features: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Geofences: the yards and schools of the town, and around the first school a zone to drive slowly in."""
    grounds = [feature for feature in features if feature["layer"] in ("depot", "school")]
    for ground in grounds:
        yield {"name": ground["name"], "shape": "polygon", "geometry": ground["geometry"]}
    school = next(ground for ground in grounds if ground["layer"] == "school")
    corners = school["geometry"]["coordinates"][0]
    middle = [round(sum(corner[axis] for corner in corners) / len(corners), 6) for axis in (0, 1)]
    yield {
        "name": f"{school['name']} zone",
        "shape": "circle",
        "geometry": {"type": "Point", "coordinates": middle},
        "radius_m": ZONE_M,
        "speed_limit_mps": ZONE_MPS,
        "colour": "#d63939",
    }


def describe_buses(numbers: list[str], seed: int) -> list[dict[str, Any]]:
    """What the buses of these numbers are: the same for the same seed."""
    buses = []
    for i, number in enumerate(numbers):
        rng = Random(f"{number} {seed}")  # noqa: S311
        make, model, kind, seats, fuel, tank_l = rng.choice(MODELS)
        status = {11: "in the workshop", 29: "in the workshop", 41: "spare", 52: "spare"}.get(i, "in service")
        buses.append(
            {
                "number": number,
                "plate": f"SB {rng.randint(10, 99)} {number}",
                "make": make,
                "model": model,
                "year": rng.randint(2012, 2025),
                "kind": kind,
                "seats": seats,
                "fuel": fuel,
                "tank_l": tank_l,
                "status": status,
                "depot": DEPOTS[i % len(DEPOTS)],
            }
        )
    return buses
