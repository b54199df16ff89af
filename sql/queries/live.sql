-- name: list_live_vehicles
-- What the live map shows: every device in service with its vehicle and newest fix, and every vehicle that
-- has no such device, under its id made negative; nothing of a vehicle that is archived. Last the depot that says
-- who may see it.
SELECT d.id, lp.latitude, lp.longitude, lp.speed_mps, lp.course,
       (extract(epoch FROM lp.fix_time) * 1000)::bigint AS fix_time_ms,
       d.uid, coalesce(v.fleet_number, d.uid) AS label, v.depot_id
FROM devices d
LEFT JOIN vehicles v ON v.id = d.vehicle_id
LEFT JOIN latest_positions lp ON lp.device_id = d.id
WHERE d.disabled_at IS NULL AND v.archived_at IS NULL
UNION ALL
SELECT -v.id, NULL, NULL, NULL, NULL, NULL, NULL, v.fleet_number, v.depot_id
FROM vehicles v
WHERE v.archived_at IS NULL
  AND NOT EXISTS (SELECT FROM devices d WHERE d.vehicle_id = v.id AND d.disabled_at IS NULL);

-- name: list_newest_fixes
-- The newest fixes of some devices, in the order of columns of list_live_vehicles.
SELECT device_id, latitude, longitude, speed_mps, course, (extract(epoch FROM fix_time) * 1000)::bigint
FROM latest_positions WHERE device_id = ANY(:device_ids);

-- name: list_map_features
-- The fleet's own places for the base map.
SELECT layer, name, geometry, properties FROM map_features ORDER BY id;

-- name: list_driven_roads
-- Roads driven, the latest first, as many as a browser draws with ease.
SELECT longitude_a, latitude_a, longitude_b, latitude_b, passes
FROM driven_roads ORDER BY last_driven DESC LIMIT 50000;

-- name: is_migrated$
-- Whether the database holds the tables that the pages read.
SELECT to_regclass('public.users') IS NOT NULL AND to_regclass('public.ingest_status') IS NOT NULL;

-- name: list_live_alerts
-- Alerts as the live connection tells of them: these, or all that wait for somebody. Last the depot that says who may see it.
SELECT id, device_id, label, kind, severity, standing, (extract(epoch FROM raised_at) * 1000)::bigint, storm_id, depot_id
FROM alert_board
WHERE CASE WHEN :ids::bigint[] IS NULL THEN standing = 'open' ELSE id = ANY(:ids) END;
