"""What was exported can be imported, and changes nothing; edited, it changes just that."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

PROGRAM = [sys.executable, "-c", "import motorpool; motorpool.main()", "export"]
FLEET = """
    INSERT INTO depots (name) VALUES ('North, “old”'), ('Süd; =2+2');
    INSERT INTO vehicles (fleet_number, plate, vin, kind, make, model, year, seats, fuel, tank_l, depot_id,
                          status, notes)
    VALUES ('007', 'M-AB 7', '1M8GDM9AXKP042788', 'bus', '+Plus', '@home', 1999, 54, 'diesel', 300.25, 1,
            'spare', E'two\nlines; "quoted", ''single'''),
           ('-1', '', '', 'van', 'Škoda', '-', NULL, NULL, 'electric', NULL, NULL, 'in service', ''),
           ('''=x', '', '', 'car', '', '', NULL, 0, 'gas', 0.1, 2, 'spare', ''),
           ('حافلة 9', 'O''1', '', 'car', '''=1+1', '1/2/2024', 2020, 5, 'petrol', 80.1, 2,
            'out of service', '=A1');
    INSERT INTO drivers (name, staff_number, phone, licence_expires_on, status, depot_id, notes)
    VALUES ('O''Hara, Ana', '0042', '+49 151 0000000', '2027-02-01', 'active', 1, ''),
           ('محمد', '', '', NULL, 'on leave', NULL, '-');
    INSERT INTO devices (uid, vehicle_id, model, phone, notes)
    VALUES ('356307042441013', 1, 'FMB120', '+49 170 1', ''), ('00042', NULL, '', '', '=x');
    INSERT INTO driver_assignments (vehicle_id, driver_id, during, notes)
    VALUES (1, 1, '[2026-03-02 07:00:00.5Z, 2026-03-02 09:00Z)', 'a;b'),
           (4, 2, '[2026-03-29 00:30Z,)', '');
    INSERT INTO positions (device_id, fix_time, received_at, latitude, longitude, speed_mps, course,
                           satellites, attributes)
    SELECT 1, '2026-03-02 07:00Z'::timestamptz + n * interval '10.123 s', now(), 48.123456789 + n, 11.5,
           n / 3.0, 90.5, 9, CASE WHEN n % 2 = 0 THEN '{"ignition": true}'::jsonb END
    FROM generate_series(1, 20) n;
"""
TABLES = {
    "vehicles": "vehicles",
    "drivers": "drivers",
    "devices": "devices",
    "assignments": "driver_assignments",
    "positions": "positions",
}


@pytest.fixture
def export(database_url: str, connection: psycopg.Connection) -> Callable[..., bytes]:
    """What `motorpool export` writes of this fleet."""
    connection.execute(FLEET)

    def write(*arguments: str) -> bytes:
        ended = subprocess.run(
            [*PROGRAM, *arguments],
            env={"DATABASE_URL": database_url, "PATH": "/bin"},
            capture_output=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    return write


def read_table(connection: psycopg.Connection, table: str) -> list[Any]:
    return connection.execute(f"SELECT to_jsonb(t) FROM {table} t ORDER BY 1").fetchall()  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("way", ["--format=csv", "--format=xlsx", "--header=name"])
def test_what_was_exported_and_is_imported_changes_nothing(
    kind: str, way: str, export: Callable[..., bytes], importer: Any, connection: psycopg.Connection
) -> None:
    content = export(kind, way, *(["--filter", "period=all"] if kind == "positions" else []))
    before = read_table(connection, TABLES[kind])
    row = importer.run(kind, content, name=f"{kind}.{'xlsx' if 'xlsx' in way else 'csv'}")
    assert (row["state"], row["rows_same"], importer.list_rejected(row["id"])) == ("done", len(before), {})
    assert read_table(connection, TABLES[kind]) == before


def test_a_cell_that_was_edited_is_all_that_changes(
    export: Callable[..., bytes], importer: Any, connection: psycopg.Connection, verdicts: Callable[..., Any]
) -> None:
    content = export("vehicles", "--format", "csv").replace("Škoda".encode(), b"Tatra")
    row = importer.run("vehicles", content)
    assert verdicts(row) == (0, 1, 3, 0)
    assert connection.execute("SELECT make FROM vehicles WHERE fleet_number = '-1'").fetchone() == ("Tatra",)
