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
