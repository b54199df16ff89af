-- name: list_vehicles
-- Every vehicle that matches, for a list that sorts and pages over it; a search also finds who drives it now.
SELECT vehicles.*,
       concat_ws(' ', nullif(make, ''), nullif(model, '')) AS make_and_model,
       lower(make || ' ' || model) AS make_order,
       lower(coalesce(depots.name, '')) AS depot_order,
       coalesce(odometer_m, -1) AS odometer_order,
       coalesce(next_expiry, DATE '9999-12-31') AS expiry_order
FROM vehicles LEFT JOIN depots ON depots.id = vehicles.depot_id
WHERE (:search = '' OR search_text LIKE containing(:search) OR vehicles.id = ANY(ARRAY(
          SELECT vehicle_id FROM drivers JOIN driver_assignments ON driver_id = drivers.id AND during @> now()
          WHERE lower(drivers.name) LIKE containing(:search))))
  AND (vehicles.archived_at IS NOT NULL) = :archived
  AND (:depot_id = '' OR depots.name = :depot_id)
  AND (:status = '' OR vehicles.status = :status)
  AND (:kind = '' OR vehicles.kind = :kind)
  AND (:depot_ids::integer[] IS NULL OR vehicles.depot_id = ANY(:depot_ids));

-- name: list_vehicle_names
-- Vehicles by number, for whoever picks one, or those of these ids: id, number, whether it is archived.
SELECT id, fleet_number, archived_at IS NOT NULL AS archived FROM vehicles
WHERE (:ids::integer[] IS NULL OR id = ANY(:ids))
  AND (:search = '' OR search_text LIKE containing(:search))
  AND (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids))
ORDER BY archived, lower(fleet_number) = lower(:search) DESC, number_order, id LIMIT :most;

-- name: get_vehicle
-- One vehicle, where it is within reach.
SELECT * FROM vehicles
WHERE id = :id AND (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids));

-- name: add_vehicle
-- A new vehicle.
INSERT INTO vehicles (fleet_number, plate, vin, make, model, year, kind, seats, depot_id, fuel, tank_l, status, notes)
VALUES (:fleet_number, :plate, :vin, :make, :model, :year, :kind, :seats, :depot_id, :fuel, :tank_l, :status, :notes)
RETURNING *;

-- name: change_vehicle
-- Change a vehicle that nobody else has changed since this version.
UPDATE vehicles
SET fleet_number = :fleet_number, plate = :plate, vin = :vin, make = :make, model = :model, year = :year,
    kind = :kind, seats = :seats, depot_id = :depot_id, fuel = :fuel, tank_l = :tank_l, status = :status,
    notes = :notes, version = version + 1
WHERE id = :id AND version = :version RETURNING *;

-- name: archive_vehicle
-- Put a vehicle out of the way and off the live map; its history, its device and its driver stay as they are.
UPDATE vehicles SET archived_at = now(), version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NULL RETURNING *;

-- name: restore_vehicle
-- Bring an archived vehicle back.
UPDATE vehicles SET archived_at = NULL, version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NOT NULL RETURNING *;

-- name: change_vehicle_photo
-- Another photo, or none; it makes no new version, for nobody edits it in the form.
UPDATE vehicles SET photo_id = :photo_id WHERE id = :id RETURNING *;

-- name: find_vehicle_today
-- What is in a vehicle now: its device in service with the newest fix, and its driver with the time since.
SELECT devices.uid, devices.disabled_at, fix_time, latitude, longitude, speed_mps,
       drivers.id AS driver_id, drivers.name AS driver, lower(during) AS drives_since, upper(during) AS drives_until
FROM vehicles
LEFT JOIN devices ON devices.vehicle_id = vehicles.id
LEFT JOIN latest_positions ON latest_positions.device_id = devices.id
LEFT JOIN driver_assignments ON driver_assignments.vehicle_id = vehicles.id AND during @> now()
LEFT JOIN drivers ON drivers.id = driver_assignments.driver_id
WHERE vehicles.id = :vehicle_id;

-- name: count_attached^
-- How many of these vehicles have a device in service, and how many a driver now.
SELECT count(DISTINCT devices.vehicle_id) AS devices, count(DISTINCT driver_assignments.vehicle_id) AS drivers
FROM unnest(:ids::integer[]) AS picked (id)
LEFT JOIN devices ON devices.vehicle_id = picked.id AND devices.disabled_at IS NULL
LEFT JOIN driver_assignments ON driver_assignments.vehicle_id = picked.id AND during @> now();
