"""A large fleet in the database: vehicles of many makes in 25 depots, one in ten with a driver now."""

import psycopg

FILL = """
INSERT INTO depots (name) SELECT 'Depot ' || n FROM generate_series(1, 25) AS n;
INSERT INTO vehicles (fleet_number, plate, vin, make, model, kind, depot_id, status, archived_at,
                      odometer_m, next_expiry)
SELECT 'V' || n,
       'M ' || chr(65 + n % 26) || chr(65 + n / 26 % 26) || ' ' || n,
       'WDB' || lpad((n * 7919)::text, 14, '0'),
       (ARRAY['Setra', 'MAN', 'Mercedes-Benz', 'Volvo', 'Iveco', 'Ford', 'Škoda'])[1 + n % 7],
       'Model ' || n % 90,
       (ARRAY['bus', 'bus', 'bus', 'minibus', 'van', 'truck'])[1 + n % 6],
       1 + n % 25,
       (ARRAY['in service', 'in service', 'in service', 'in the workshop', 'spare'])[1 + n % 5],
       CASE WHEN n % 50 = 0 THEN now() END,
       CASE WHEN n % 10 > 0 THEN n * 7919.0 % 400000000 END,
       CASE WHEN n % 10 > 0 THEN DATE '2026-01-01' + (n * 7919) % 700 END
FROM generate_series(1, {vehicles}) AS n;
INSERT INTO drivers (name) SELECT 'Driver ' || n FROM generate_series(1, {vehicles} / 10) AS n;
INSERT INTO driver_assignments (vehicle_id, driver_id, during)
SELECT id, id, tstzrange(now() - interval '1 day', NULL) FROM drivers;
"""


def fill(connection: psycopg.Connection, vehicles: int) -> None:
    """Make that many vehicles and let the database learn what they are like."""
    for statement in FILL.format(vehicles=int(vehicles)).split(";\n"):
        if statement.strip():
            connection.execute(statement.encode())
    connection.execute("VACUUM ANALYZE")
