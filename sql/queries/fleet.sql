-- name: add_devices_with_vehicles!
-- A device and a vehicle of the same name for each uid that is not known yet.
WITH wanted AS (
    SELECT unnest(:uids::text[]) AS uid EXCEPT SELECT uid FROM devices
), made AS (
    INSERT INTO vehicles (fleet_number) SELECT uid FROM wanted
    ON CONFLICT (fleet_number) DO NOTHING RETURNING id, fleet_number
)
INSERT INTO devices (uid, vehicle_id)
SELECT uid, made.id FROM wanted LEFT JOIN made ON made.fleet_number = wanted.uid
ON CONFLICT (uid) DO NOTHING;

-- name: add_vehicle_if_absent$
-- The id of the vehicle with this number, made where it is new.
INSERT INTO vehicles (fleet_number) VALUES (:fleet_number)
ON CONFLICT (fleet_number) DO UPDATE SET fleet_number = excluded.fleet_number RETURNING id;

-- name: register_device$
-- A new device; its id.
INSERT INTO devices (uid, vehicle_id) VALUES (:uid, :vehicle_id) RETURNING id;

-- name: disable_device!
-- Refuse what this device sends from now on.
UPDATE devices SET disabled_at = coalesce(disabled_at, now()) WHERE uid = :uid;

-- name: list_devices_with_fixes
-- Every device with its vehicle and newest fix.
SELECT uid, fleet_number, disabled_at, fix_time, latitude, longitude
FROM devices
LEFT JOIN vehicles ON vehicles.id = devices.vehicle_id
LEFT JOIN latest_positions ON latest_positions.device_id = devices.id
ORDER BY uid;
