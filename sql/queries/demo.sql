-- name: add_buses!
-- A vehicle for each fleet number whose demo device does not exist yet.
INSERT INTO vehicles (fleet_number)
SELECT number FROM unnest(:numbers::text[]) AS number
WHERE NOT EXISTS (SELECT 1 FROM devices WHERE uid = 'bus-' || number)
ON CONFLICT (fleet_number) DO NOTHING;

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
