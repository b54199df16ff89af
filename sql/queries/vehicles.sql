-- name: list_vehicles
-- Every vehicle that matches, for a list that sorts and pages over it.
SELECT * FROM vehicles
WHERE (:search = '' OR strpos(lower(fleet_number), lower(:search)) > 0)
  AND (archived_at IS NOT NULL) = :archived
  AND (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids));

-- name: list_vehicle_names
-- Vehicles by number, for whoever picks one, or those of these ids: id, number, whether it is archived.
SELECT id, fleet_number, archived_at IS NOT NULL AS archived FROM vehicles
WHERE (:ids::integer[] IS NULL OR id = ANY(:ids))
  AND (:search = '' OR strpos(lower(fleet_number), lower(:search)) > 0)
  AND (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids))
ORDER BY archived, lower(fleet_number) = lower(:search) DESC, lower(fleet_number), id LIMIT :most;

-- name: get_vehicle
-- One vehicle, where it is within reach.
SELECT * FROM vehicles
WHERE id = :id AND (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids));

-- name: add_vehicle
-- A new vehicle.
INSERT INTO vehicles (fleet_number, depot_id) VALUES (:fleet_number, :depot_id) RETURNING *;

-- name: change_vehicle
-- Change a vehicle that nobody else has changed since this version.
UPDATE vehicles SET fleet_number = :fleet_number, depot_id = :depot_id, version = version + 1
WHERE id = :id AND version = :version RETURNING *;

-- name: archive_vehicle
-- Put a vehicle out of the way; its history stays.
UPDATE vehicles SET archived_at = now(), version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NULL RETURNING *;

-- name: restore_vehicle
-- Bring an archived vehicle back.
UPDATE vehicles SET archived_at = NULL, version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NOT NULL RETURNING *;
