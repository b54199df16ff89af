"""The demo fleet's drivers: most have one bus every day, some drive in shifts, one has a substitute bus."""

from datetime import UTC, date, datetime, timedelta

import psycopg

from sql.assignments import Assignments
from sql.audit import Author
from sql.queries import fetch_rows, queries

FIRST = (
    *("Amina", "Ben", "Carla", "Dmitri", "Elif", "Farid", "Grace", "Hassan", "Ines", "Jonas", "Kateryna"),
    *("Liam", "Mariam", "Noah", "Olga", "Pedro", "Quynh", "Rosa", "Samuel", "Tomás", "Ursula", "Viktor"),
    *("Wanda", "Xenia", "Yusuf", "Zoë"),
)
LAST = (
    *("Haddad", "Schneider", "Rossi", "Ivanov", "Çelik", "Nasser", "O'Brien", "Khan", "Almeida", "Berg"),
    *("Kovalenko", "Murphy", "Saleh", "Weber", "Petrova", "García", "Nguyen", "Moreno", "Okafor", "Novák"),
    *("Brandt", "Horvath", "Diallo"),
)
SHIFTS = 4  # so many buses have one driver in the morning and another in the afternoon
FREE = 3  # nobody drives the last ones
SHIFT_DAYS = 7


def name_drivers(count: int) -> list[str]:
    """So many people, the same each time."""
    return [f"{FIRST[n % len(FIRST)]} {LAST[n * 7 % len(LAST)]}" for n in range(count)]


def register_roster(connection: psycopg.Connection, numbers: list[str]) -> None:
    """Drivers for the demo's buses and who drives what, where there is nothing of the kind yet."""
    if not numbers or queries.has_drivers(connection):
        return
    count = len(numbers) + SHIFTS
    rows = fetch_rows(
        connection,
        "add_demo_drivers",
        numbers=[numbers[n % len(numbers)] for n in range(count)],
        names=name_drivers(count),
        staff_numbers=[str(2001 + n) for n in range(count)],
        expires=[expire(n) for n in range(count)],
    )
    drivers = [row["id"] for row in rows]
    regular = numbers[SHIFTS : max(len(numbers) - FREE, 0)]
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    queries.add_demo_assignments(
        connection,
        numbers=regular,
        driver_ids=drivers[SHIFTS:][: len(regular)],
        since=today - timedelta(days=80),
    )
    for place, number in enumerate(numbers[:SHIFTS]):
        for driver, start, end in ((drivers[place], 5, 12), (drivers[-1 - place], 12, 19)):
            hours = {"today": today, "start": start, "end": end, "days": SHIFT_DAYS}
            queries.add_demo_shifts(connection, number=number, driver_id=driver, **hours)
    substitute_some(connection, regular[:1], numbers[-1:], today)


def substitute_some(
    connection: psycopg.Connection, broken: list[str], spare: list[str], today: datetime
) -> None:
    """One bus is in the workshop today, and another goes instead."""
    found = fetch_rows(connection, "list_demo_substitution", broken=broken, spare=spare)
    for row in found:
        values = {
            "vehicle_id": row["spare_id"],
            "driver_id": None,
            "starts_at": today + timedelta(hours=5),
            "ends_at": today + timedelta(hours=19),
            "notes": "Brakes are being checked.",
        }
        Assignments(connection, Author(), None).substitute(row["id"], row["version"], values)


def expire(place: int) -> date:
    """When a licence expires: for most in some years, for a few soon or already."""
    days = {3: -4, 8: 12, 15: 26}.get(place, 400 + place * 37)
    return datetime.now(UTC).date() + timedelta(days=days)
