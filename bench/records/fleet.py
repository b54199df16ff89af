"""A large fleet in the database: vehicles of many makes in 25 depots, each with a reading and a document."""

import psycopg

FILL = """
INSERT INTO depots (name) SELECT 'Depot ' || n FROM generate_series(1, 25) AS n;
INSERT INTO vehicles (fleet_number, plate, vin, make, model, kind, depot_id, status, seats, archived_at)
SELECT 'V' || n,
       'M ' || chr(65 + n % 26) || chr(65 + n / 26 % 26) || ' ' || n,
       'WDB' || lpad((n * 7919)::text, 14, '0'),
       (ARRAY['Setra', 'MAN', 'Mercedes-Benz', 'Volvo', 'Iveco', 'Ford', 'Škoda'])[1 + n % 7],
       'Model ' || n % 90,
       (ARRAY['bus', 'bus', 'bus', 'minibus', 'van', 'truck'])[1 + n % 6],
       1 + n % 25,
       (ARRAY['in service', 'in service', 'in service', 'in the workshop', 'spare'])[1 + n % 5],
       n % 60,
       CASE WHEN n % 50 = 0 THEN now() END
FROM generate_series(1, {vehicles}) AS n;
INSERT INTO odometer_readings (vehicle_id, read_at, odometer_m, source)
SELECT id, now(), (id * 7919) % 400000000, 'import' FROM vehicles WHERE id % 10 > 0;
INSERT INTO documents (vehicle_id, kind, expires_on)
SELECT id, 'inspection', DATE '2026-01-01' + (id * 7919) % 700 FROM vehicles WHERE id % 10 > 0;
INSERT INTO drivers (name) SELECT 'Driver ' || n FROM generate_series(1, {vehicles} / 2) AS n;
INSERT INTO driver_assignments (vehicle_id, driver_id, during)
SELECT id, id, tstzrange(now() - interval '1 day', NULL) FROM drivers;
"""


def fill(connection: psycopg.Connection, vehicles: int) -> None:
    """Make that many vehicles and let the database learn what they are like."""
    for statement in FILL.format(vehicles=int(vehicles)).split(";\n"):
        if statement.strip():
            connection.execute(statement.encode())
    connection.execute("VACUUM ANALYZE")
