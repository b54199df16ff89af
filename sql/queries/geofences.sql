-- name: list_geofences
-- Every geofence that matches, for a list that sorts and pages over it, and how many vehicles are within it now.
SELECT geofences.*, coalesce(depots.name, '') AS depot,
       ARRAY(SELECT vehicle_id FROM geofence_vehicles WHERE geofence_id = geofences.id ORDER BY vehicle_id)
           AS vehicle_ids,
       (SELECT count(*) FROM geofence_visits v
        WHERE v.geofence_id = geofences.id AND v.left_at IS NULL
          AND (:depot_ids::integer[] IS NULL OR EXISTS (
              SELECT FROM vehicles
              WHERE id = find_vehicle(v.device_id, v.entered_at) AND depot_id = ANY(:depot_ids)))) AS inside
FROM geofences LEFT JOIN depots ON depots.id = geofences.depot_id
WHERE (:search = '' OR strpos(lower(geofences.name || ' ' || geofences.notes), lower(:search)) > 0)
  AND (geofences.archived_at IS NOT NULL) = :archived
  AND (:shape = '' OR shape = :shape)
  AND (:depot_id = '' OR depots.name = :depot_id)
  AND (:depot_ids::integer[] IS NULL OR geofences.depot_id IS NULL OR geofences.depot_id = ANY(:depot_ids));

-- name: list_geofence_shapes
-- What a map draws of the geofences within reach.
SELECT id, name, shape, geometry, radius_m, colour FROM geofences
WHERE archived_at IS NULL AND (:depot_ids::integer[] IS NULL OR depot_id IS NULL OR depot_id = ANY(:depot_ids))
ORDER BY id;

-- name: get_geofence
-- One geofence, where it is within reach; one without a depot is for all.
SELECT *, ARRAY(SELECT vehicle_id FROM geofence_vehicles WHERE geofence_id = geofences.id ORDER BY vehicle_id)
    AS vehicle_ids
FROM geofences
WHERE id = :id AND (:depot_ids::integer[] IS NULL OR depot_id IS NULL OR depot_id = ANY(:depot_ids));

-- name: add_geofence
-- A new geofence, with the vehicles that it concerns.
WITH added AS (
    INSERT INTO geofences (name, shape, geometry, radius_m, depot_id, colour, hysteresis_m, least_visit_s, dwell_s,
                           speed_limit_mps, schedule_id, alert_on, notes)
    VALUES (:name, :shape, :geometry, CASE WHEN :shape <> 'polygon' THEN :radius_m::float END, :depot_id, :colour,
            :hysteresis_m, :least_visit_s, :dwell_s, :speed_limit_mps, :schedule_id, :alert_on, :notes)
    RETURNING *
), concerned AS (
    INSERT INTO geofence_vehicles (geofence_id, vehicle_id)
    SELECT id, unnest(:vehicle_ids::integer[]) FROM added
)
SELECT *, coalesce(:vehicle_ids::integer[], '{}') AS vehicle_ids FROM added;

-- name: change_geofence
-- Change a geofence that nobody else has changed since this version, and the vehicles that it concerns.
WITH changed AS (
    UPDATE geofences
    SET name = :name, shape = :shape, geometry = :geometry,
        radius_m = CASE WHEN :shape <> 'polygon' THEN :radius_m::float END, depot_id = :depot_id, colour = :colour,
        hysteresis_m = :hysteresis_m, least_visit_s = :least_visit_s, dwell_s = :dwell_s,
        speed_limit_mps = :speed_limit_mps, schedule_id = :schedule_id, alert_on = :alert_on, notes = :notes,
        version = version + 1
    WHERE id = :id AND version = :version RETURNING *
), gone AS (
    DELETE FROM geofence_vehicles USING changed
    WHERE geofence_id = changed.id AND vehicle_id <> ALL(coalesce(:vehicle_ids::integer[], '{}'))
), concerned AS (
    INSERT INTO geofence_vehicles (geofence_id, vehicle_id)
    SELECT id, unnest(:vehicle_ids::integer[]) FROM changed
    ON CONFLICT DO NOTHING
)
SELECT *, coalesce(:vehicle_ids::integer[], '{}') AS vehicle_ids FROM changed;

-- name: archive_geofence
-- Put a geofence out of the way; its visits stay.
UPDATE geofences SET archived_at = now(), version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NULL
RETURNING *, ARRAY(SELECT vehicle_id FROM geofence_vehicles WHERE geofence_id = geofences.id ORDER BY vehicle_id)
    AS vehicle_ids;

-- name: restore_geofence
-- Bring an archived geofence back.
UPDATE geofences SET archived_at = NULL, version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NOT NULL
RETURNING *, ARRAY(SELECT vehicle_id FROM geofence_vehicles WHERE geofence_id = geofences.id ORDER BY vehicle_id)
    AS vehicle_ids;

-- name: list_visits
-- Who was within a geofence, who is there now first, then the latest; after the visit of this entry and device.
SELECT v.device_id, v.entered_at, v.left_at, devices.uid, vehicles.id AS vehicle_id, vehicles.fleet_number
FROM (
    SELECT device_id, entered_at, left_at, find_vehicle(device_id, entered_at) AS vehicle_id
    FROM geofence_visits
    WHERE geofence_id = :geofence_id
      AND (:depot_ids::integer[] IS NULL OR EXISTS (
          SELECT FROM vehicles WHERE id = find_vehicle(device_id, entered_at) AND depot_id = ANY(:depot_ids)))
      AND (:entered_at::timestamptz IS NULL
           OR (left_at IS NULL, entered_at, device_id) < (:is_inside, :entered_at, :device_id))
    ORDER BY left_at IS NULL DESC, entered_at DESC, device_id DESC LIMIT :most
) AS v
JOIN devices ON devices.id = v.device_id
LEFT JOIN vehicles ON vehicles.id = v.vehicle_id
ORDER BY v.left_at IS NULL DESC, v.entered_at DESC, v.device_id DESC;

-- name: count_visits^
-- How often vehicles within reach were within a geofence, and how many are there now.
SELECT count(*), count(*) FILTER (WHERE left_at IS NULL) FROM geofence_visits
WHERE geofence_id = :geofence_id
  AND (:depot_ids::integer[] IS NULL OR EXISTS (
      SELECT FROM vehicles WHERE id = find_vehicle(device_id, entered_at) AND depot_id = ANY(:depot_ids)));

-- name: list_latest_places
-- Where the vehicles within reach were last: longitude, latitude, number.
SELECT p.longitude, p.latitude, coalesce(vehicles.fleet_number, devices.uid)
FROM latest_positions p
JOIN devices ON devices.id = p.device_id AND devices.disabled_at IS NULL
LEFT JOIN vehicles ON vehicles.id = devices.vehicle_id
WHERE vehicles.archived_at IS NULL AND (:depot_ids::integer[] IS NULL OR vehicles.depot_id = ANY(:depot_ids))
ORDER BY p.device_id;

-- name: list_geofence_names
-- Geofences by name, for whoever picks one, or those of these ids: id, name, whether it is archived.
SELECT id, name, archived_at IS NOT NULL AS archived FROM geofences
WHERE (:ids::integer[] IS NULL OR id = ANY(:ids))
  AND (:search = '' OR strpos(lower(name), lower(:search)) > 0)
  AND (:depot_ids::integer[] IS NULL OR depot_id IS NULL OR depot_id = ANY(:depot_ids))
ORDER BY archived, lower(name) = lower(:search) DESC, lower(name), id LIMIT :most;
