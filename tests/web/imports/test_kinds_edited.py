"""A list of records, edited at random and brought back in: all of it is kept, and undone."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from web.tables.formulas import protect

TABLES = ("drivers", "vehicles", "devices", "device_installations", "driver_assignments")
QUIET = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=False,
)
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn"))


def texts(most: int, least: int = 0) -> st.SearchStrategy[str]:
    """What people write: any letters, without spaces at the ends."""
    usual = st.sampled_from(
        ["O'Hara", "محمد علي", "=1+1", "'-", "+49 151", '"', "a,b;c\td", "0017", "1/2/2024"]
    )
    some = st.one_of(usual, st.text(LETTERS, max_size=most)).map(str.strip)
    return some.filter(lambda text: least <= len(text) <= most)


DAYS = st.one_of(st.just(""), st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(str))
DRIVERS = st.lists(
    st.fixed_dictionaries(
        {
            "name": texts(200, least=1),
            "phone": texts(40),
            "status": st.sampled_from(["active", "on leave", "suspended", "left"]),
            "licence_expires_on": DAYS,
            "depot_id": st.sampled_from(["North", "South", ""]),
            "notes": texts(300),
        }
    ),
    min_size=4,
    max_size=4,
)  # fmt: skip
VEHICLES = st.tuples(
    st.permutations(["101", "102", "103", "104"]),
    st.lists(
        st.fixed_dictionaries(
            {
                "make": texts(100),
                "seats": st.one_of(st.just(""), st.integers(0, 500).map(str)),
                "tank_l": st.one_of(
                    st.just(""), st.integers(0, 500_000).map(lambda many: f"{many / 100:.2f}")
                ),
                "status": st.sampled_from(["in service", "spare", "out of service"]),
                "notes": texts(300),
            }
        ),
        min_size=4,
        max_size=4,
    ),
)
DEVICES = st.tuples(
    st.permutations(["101", "102", "103", "104", "", ""]),
    st.lists(texts(100), min_size=6, max_size=6),
)  # fmt: skip

SHIFTS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(7, 29), texts(300)),
    min_size=1,
    max_size=12,
    unique_by=lambda shift: shift[:2],
)


class List:
    """A file of rows, as an export writes it."""

    def __init__(self, importer: Any, connection: psycopg.Connection, kept: Any) -> None:
        self.importer, self.connection, self.kept = importer, connection, kept

    def set_up(self) -> None:
        """Four vehicles, four drivers who drive them for three days, and six devices, three in vehicles."""
        self.connection.execute(
            "TRUNCATE drivers, vehicles, devices, depots RESTART IDENTITY CASCADE;"
            "INSERT INTO depots (name) VALUES ('North'), ('South');"
            "INSERT INTO drivers (name, staff_number, depot_id) SELECT 'Driver ' || n, '00' || n, 1"
            " FROM generate_series(1, 4) AS n;"
            "INSERT INTO vehicles (fleet_number, plate, vin) SELECT 100 + n, 'M ' || n, vin"
            " FROM unnest('{11111111111111111,1HGCM82633A004352,1M8GDM9AXKP042788,5GZCZ43D13S812715}'"
            "::text[]) WITH ORDINALITY AS given (vin, n);"
            "INSERT INTO devices (uid, vehicle_id) SELECT 'device ' || n, CASE WHEN n < 4 THEN n END"
            " FROM generate_series(1, 6) AS n;"
            "INSERT INTO driver_assignments (vehicle_id, driver_id, during)"
            " SELECT n, n, tstzrange(timestamptz '2026-03-01 06:00Z' + day * interval '1 day',"
            "                        timestamptz '2026-03-01 14:00Z' + day * interval '1 day')"
            " FROM generate_series(1, 4) AS n, generate_series(0, 2) AS day"
        )

    def bring_in(self, kind: str, rows: Sequence[dict[str, str]], new: int = 0, **said: Any) -> None:
        """Import the rows, twice, see that all of it is there, and take it back; `new` ones among them."""
        file = io.StringIO(newline="")
        writer = csv.writer(file)
        writer.writerow(rows[0])
        writer.writerows([protect(row[name]) for name in rows[0]] for row in rows)
        before = self.kept(*TABLES)
        first = self.importer.run(kind, file.getvalue(), clears=True, dates="ymd", decimals=".", **said)
        assert self.importer.list_rejected(first["id"]) == {}
        assert (first["state"], first["rows_new"]) == ("done", new)
        after = self.kept(*TABLES, but=())
        self.expect(kind, rows)
        again = self.importer.run(kind, file.getvalue(), clears=True, dates="ymd", decimals=".", **said)
        assert (again["rows_same"], self.kept(*TABLES, but=())) == (len(rows), after)
        undone = self.importer.undo(first["id"])
        assert (undone["state"], self.kept(*TABLES)) == ("undone", before)

    def expect(self, kind: str, rows: Sequence[dict[str, str]]) -> None:
        """Every cell is in the fleet as it is in the file."""
        table = {"assignments": "driver_assignments"}.get(kind, kind)
        names = {
            "depot_id": "(SELECT name FROM depots WHERE id = depot_id)",
            "driver_id": "(SELECT staff_number FROM drivers WHERE id = driver_id)",
            "starts_at": "to_char(lower(during), 'YYYY-MM-DD HH24:MI')",
            "ends_at": "to_char(upper(during), 'YYYY-MM-DD HH24:MI')",
            "vehicle_id": "(SELECT fleet_number FROM vehicles WHERE id = vehicle_id)",
            "tank_l": "to_char(tank_l, 'FM9990.00')",
        }
        told = ", ".join(f"coalesce({names.get(name, name + '::text')}, '')" for name in rows[0])
        found = self.connection.execute(f"SELECT {told} FROM {table}").fetchall()
        assert {tuple(row[name] for name in rows[0]) for row in rows} <= set(found)


@pytest.fixture
def listed(importer: Any, connection: psycopg.Connection, kept: Any) -> List:
    return List(importer, connection, kept)


@QUIET
@given(edited=DRIVERS, newcomers=st.integers(0, 2))
def test_drivers(edited: list[dict[str, str]], newcomers: int, listed: List) -> None:
    listed.set_up()
    rows = [{"staff_number": f"00{number}", **row} for number, row in enumerate(edited, 1)]
    rows += [{**row, "staff_number": f"1{row['staff_number']}"} for row in rows[:newcomers]]
    listed.bring_in("drivers", rows, new=newcomers)


@QUIET
@given(edited=VEHICLES)
def test_vehicles(edited: Any, listed: List) -> None:
    """Each is known by its VIN, and the numbers of the fleet are dealt out anew."""
    listed.set_up()
    vins = sorted(vin for (vin,) in listed.connection.execute("SELECT vin FROM vehicles"))
    rows = [
        {"vin": vin, "fleet_number": number, **row} for vin, number, row in zip(vins, *edited, strict=True)
    ]
    listed.bring_in("vehicles", rows, key="vin")


@QUIET
@given(edited=DEVICES)
def test_devices(edited: Any, listed: List) -> None:
    """The vehicles are dealt out anew, in whatever circles that goes."""
    listed.set_up()
    rows = [
        {"uid": f"device {number}", "vehicle_id": vehicle, "notes": notes}
        for number, (vehicle, notes) in enumerate(zip(*edited, strict=True), 1)
    ]
    listed.bring_in("devices", rows)


@QUIET
@given(edited=SHIFTS)
def test_assignments(edited: list[tuple[int, int, int, str]], listed: List) -> None:
    """Each drives their own vehicle on some of six days, from 6 o'clock on and till before the next 6."""
    listed.set_up()
    rows = []
    for driver, day, hour, notes in edited:
        start = datetime(2026, 3, day, 6)  # noqa: DTZ001
        end = start + timedelta(hours=hour - 6)
        told = {"starts_at": f"{start:%Y-%m-%d %H:%M}", "ends_at": f"{end:%Y-%m-%d %H:%M}", "notes": notes}
        rows.append({"vehicle_id": str(100 + driver), "driver_id": f"00{driver}", **told})
    listed.bring_in("assignments", rows, new=sum(1 for _driver, day, *_told in edited if day > 3))
