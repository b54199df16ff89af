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

-- name: has_drivers$
-- Whether there is any driver.
SELECT EXISTS (SELECT FROM drivers);

-- name: add_demo_drivers
-- A driver of each of these names, at the depot of the bus with this number.
INSERT INTO drivers (name, staff_number, phone, licence_number, licence_classes, licence_expires_on,
                     medical_expires_on, depot_id)
SELECT name, staff_number, '+49 89 5550 ' || staff_number, 'B072RRE2I' || staff_number, 'D, DE', expires,
       expires + 90, vehicles.depot_id
FROM unnest(:names::text[], :staff_numbers::text[], :expires::date[], :numbers::text[])
    WITH ORDINALITY AS wanted (name, staff_number, expires, number, place)
LEFT JOIN vehicles ON vehicles.fleet_number = wanted.number
ORDER BY place RETURNING id;

-- name: add_demo_assignments!
-- One driver for each of these buses, until further notice.
INSERT INTO driver_assignments (vehicle_id, driver_id, during)
SELECT vehicles.id, driver_id, tstzrange(:since, NULL)
FROM unnest(:numbers::text[], :driver_ids::integer[]) AS wanted (number, driver_id)
JOIN vehicles ON vehicles.fleet_number = number
ON CONFLICT DO NOTHING;

-- name: add_demo_shifts!
-- The same hours with the same driver for some days, from today on.
INSERT INTO driver_assignments (vehicle_id, driver_id, during)
SELECT vehicles.id, :driver_id,
       tstzrange(day + make_interval(hours => :start), day + make_interval(hours => :end))
FROM vehicles
CROSS JOIN generate_series(:today::timestamptz, :today + make_interval(days => :days - 1), interval '1 day') AS day
WHERE fleet_number = :number
ON CONFLICT DO NOTHING;

-- name: list_demo_substitution
-- The assignment of the first bus, and the id of the bus that goes instead.
SELECT a.id, a.version, spare.id AS spare_id
FROM driver_assignments a
JOIN vehicles broken ON broken.id = a.vehicle_id
JOIN vehicles spare ON spare.fleet_number = ANY(:spare::text[])
WHERE broken.fleet_number = ANY(:broken::text[]) AND a.during @> now()
  AND NOT EXISTS (SELECT FROM driver_assignments other WHERE other.vehicle_id = spare.id);

-- name: add_demo_fences!
-- These geofences, given as JSON, where there are none of their names.
INSERT INTO geofences (name, shape, geometry, radius_m, speed_limit_mps, colour)
SELECT name, shape, geometry, radius_m, speed_limit_mps, coalesce(colour, '#206bc4')
FROM jsonb_populate_recordset(NULL::geofences, :fences::jsonb)
ON CONFLICT (name) DO NOTHING;
