-- name: list_devices
-- Every device that matches, with its newest fix, for a list that sorts and pages over it.
SELECT devices.*, disabled_at AS archived_at, coalesce(fleet_number, '') AS vehicle, fix_time,
       coalesce(fix_time, '1900-01-01 00:00Z') AS fix_order
FROM devices
LEFT JOIN vehicles ON vehicles.id = devices.vehicle_id
LEFT JOIN latest_positions ON latest_positions.device_id = devices.id
WHERE (:search = ''
       OR strpos(lower(concat_ws(' ', uid, fleet_number, devices.model, devices.phone)), lower(:search)) > 0)
  AND (disabled_at IS NOT NULL) = :archived
  AND (:heard = ''
       OR (:heard = 'never' AND fix_time IS NULL)
       OR (:heard = 'day' AND fix_time < now() - interval '1 day')
       OR (:heard = 'recent' AND fix_time >= now() - interval '1 day'))
  AND (:installed = '' OR (:installed = 'yes') = (devices.vehicle_id IS NOT NULL))
  AND (:depot_ids::integer[] IS NULL OR vehicles.depot_id = ANY(:depot_ids));

-- name: list_device_names
-- Devices by uid, for whoever picks one, or those of these ids: id, uid, whether it is disabled.
SELECT devices.id, uid, disabled_at IS NOT NULL AS disabled
FROM devices LEFT JOIN vehicles ON vehicles.id = devices.vehicle_id
WHERE (:ids::integer[] IS NULL OR devices.id = ANY(:ids))
  AND (:search = '' OR strpos(lower(uid), lower(:search)) > 0)
  AND (:depot_ids::integer[] IS NULL OR vehicles.depot_id = ANY(:depot_ids))
ORDER BY disabled, lower(uid) = lower(:search) DESC, lower(uid), devices.id LIMIT :most;

-- name: get_device
-- One device with its newest fix, where its vehicle is within reach.
SELECT devices.*, disabled_at AS archived_at, fix_time
FROM devices
LEFT JOIN vehicles ON vehicles.id = devices.vehicle_id
LEFT JOIN latest_positions ON latest_positions.device_id = devices.id
WHERE devices.id = :id AND (:depot_ids::integer[] IS NULL OR vehicles.depot_id = ANY(:depot_ids));

-- name: add_device
-- A new device.
INSERT INTO devices (uid, vehicle_id, model, phone, notes)
VALUES (:uid, :vehicle_id, :model, :phone, :notes) RETURNING *, disabled_at AS archived_at;

-- name: change_device
-- Change a device that nobody else has changed since this version.
UPDATE devices
SET uid = :uid, vehicle_id = :vehicle_id, model = :model, phone = :phone, notes = :notes, version = version + 1
WHERE id = :id AND version = :version RETURNING *, disabled_at AS archived_at;

-- name: archive_device
-- Refuse what a device sends from now on.
UPDATE devices SET disabled_at = now(), version = version + 1
WHERE id = :id AND version = :version AND disabled_at IS NULL RETURNING *, disabled_at AS archived_at;

-- name: restore_device
-- Take what a disabled device sends again.
UPDATE devices SET disabled_at = NULL, version = version + 1
WHERE id = :id AND version = :version AND disabled_at IS NOT NULL RETURNING *, disabled_at AS archived_at;

-- name: find_device_in^
-- Which device is in a vehicle: id, uid, whether it is disabled.
SELECT id, uid, disabled_at IS NOT NULL FROM devices WHERE vehicle_id = :vehicle_id;

-- name: list_installations
-- Which vehicles a device was in, the newest first; a vehicle beyond reach has no number.
SELECT vehicle_id, lower(during) AS starts_at, upper(during) AS ends_at,
       CASE WHEN :depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids) THEN fleet_number END AS fleet_number
FROM device_installations JOIN vehicles ON vehicles.id = vehicle_id
WHERE device_id = :device_id
ORDER BY lower(during) DESC NULLS LAST LIMIT :most;

-- name: list_stays_by_uid
-- The devices with these uids, within reach or not, a row for each vehicle that one was in, or one without a vehicle.
SELECT uid, devices.id, disabled_at IS NOT NULL AS is_disabled,
       (:depot_ids::integer[] IS NULL OR now_in.depot_id = ANY(:depot_ids)) IS TRUE AS is_within_reach,
       stay.vehicle_id, lower(during) AS starts_at, upper(during) AS ends_at,
       (:depot_ids::integer[] IS NULL OR then_in.depot_id = ANY(:depot_ids)) IS TRUE AS was_within_reach
FROM devices LEFT JOIN vehicles AS now_in ON now_in.id = devices.vehicle_id
LEFT JOIN device_installations AS stay ON stay.device_id = devices.id
LEFT JOIN vehicles AS then_in ON then_in.id = stay.vehicle_id
WHERE uid = ANY(:uids::text[]);

-- name: list_stays_by_number
-- The vehicles of these numbers, within reach or not, a row for each device that was in one, or one without a device.
SELECT fleet_number, vehicles.id AS vehicle_id,
       (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids)) IS TRUE AS is_within_reach,
       devices.id, lower(during) AS starts_at, upper(during) AS ends_at, disabled_at IS NOT NULL AS is_disabled
FROM vehicles LEFT JOIN device_installations AS stay ON stay.vehicle_id = vehicles.id
LEFT JOIN devices ON devices.id = device_id
WHERE fleet_number = ANY(:fleet_numbers::text[]);
