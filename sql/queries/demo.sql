-- name: add_buses!
-- A vehicle for each fleet number whose demo device does not exist yet.
INSERT INTO vehicles (fleet_number)
SELECT number FROM unnest(:numbers::text[]) AS number
WHERE NOT EXISTS (SELECT 1 FROM devices WHERE uid = 'bus-' || number)
ON CONFLICT (fleet_number) DO NOTHING;

-- name: add_demo_depots!
-- The yards where the demo fleet lives.
INSERT INTO depots (name, address) VALUES
    ('North yard', '14 Mill Road'), ('South yard', '2 Station Street'), ('East garage', '77 Harbour Lane')
ON CONFLICT (name) DO NOTHING;

-- name: describe_buses!
-- What each of these vehicles is, as JSON of number, plate, make, model and so on, where nobody has said yet.
UPDATE vehicles
SET plate = bus.plate, make = bus.make, model = bus.model, year = bus.year, kind = bus.kind, seats = bus.seats,
    fuel = bus.fuel, tank_l = bus.tank_l, status = bus.status, depot_id = depots.id
FROM jsonb_to_recordset(:buses::jsonb) AS bus (
    number text, plate text, make text, model text, year smallint, kind text, seats smallint, fuel text, tank_l real,
    status text, depot text)
JOIN depots ON depots.name = bus.depot
WHERE fleet_number = bus.number AND vehicles.make = '' AND vehicles.version = 1
  AND NOT EXISTS (SELECT FROM vehicles AS other WHERE upper(replace(other.plate, ' ', '')) = replace(bus.plate, ' ', ''));

-- name: add_demo_papers!
-- An inspection and an insurance for each of these vehicles that has no document yet; one or two are overdue.
INSERT INTO documents (vehicle_id, kind, number, expires_on)
SELECT id, paper.kind, paper.kind_of || id, current_date + (id * paper.step %% paper.days)::integer - 3
FROM vehicles CROSS JOIN (VALUES ('inspection', 'HU-', 37, 350), ('insurance', 'KV-', 53, 365)) AS paper (kind, kind_of, step, days)
WHERE fleet_number = ANY (:numbers::text[])
  AND NOT EXISTS (SELECT FROM documents WHERE vehicle_id = vehicles.id);

-- name: add_demo_readings!
-- Where the odometers of these vehicles stood a week ago, where nobody has read them yet.
INSERT INTO odometer_readings (vehicle_id, read_at, odometer_m, source)
SELECT id, date_trunc('day', now()) - interval '7 days', 30000000 + id::bigint * 7919000 %% 290000000, 'import'
FROM vehicles
WHERE fleet_number = ANY (:numbers::text[])
  AND NOT EXISTS (SELECT FROM odometer_readings WHERE vehicle_id = vehicles.id);

-- name: add_bus_devices!
-- The device `bus-NUMBER` for each of these vehicles that has none.
INSERT INTO devices (uid, vehicle_id)
SELECT 'bus-' || fleet_number, vehicles.id FROM vehicles
LEFT JOIN devices ON devices.vehicle_id = vehicles.id
WHERE fleet_number = ANY (:numbers::text[]) AND devices.id IS NULL
ON CONFLICT (uid) DO NOTHING;

-- name: find_town$
-- Which drawing of the demo town the map shows: its seed and version; null where none.
SELECT properties ->> 'town' FROM map_features WHERE properties ->> 'town' IS NOT NULL LIMIT 1;

-- name: remove_town!
-- Take the demo town off the map; what else is drawn there stays.
DELETE FROM map_features WHERE properties ->> 'town' IS NOT NULL;

-- name: add_features!
-- Draw these features, given as a JSON list of layer, name, geometry and properties.
INSERT INTO map_features (layer, name, geometry, properties)
SELECT layer, name, geometry, properties
FROM jsonb_to_recordset(:features::jsonb) AS feature (layer text, name text, geometry jsonb, properties jsonb);
