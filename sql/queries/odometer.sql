-- name: list_readings
-- The readings of a vehicle's odometer with who entered them, the newest first.
SELECT odometer_readings.*, coalesce(nullif(users.name, ''), users.email) AS who
FROM odometer_readings LEFT JOIN users ON users.id = user_id
WHERE vehicle_id = :vehicle_id ORDER BY read_at DESC, odometer_readings.id DESC LIMIT :most;

-- name: count_readings$
-- How many readings a vehicle has.
SELECT count(*) FROM odometer_readings WHERE vehicle_id = :vehicle_id;

-- name: lock_vehicle!
-- One at a time: whoever reads a vehicle's odometer sees every reading before.
SELECT FROM vehicles WHERE id = :vehicle_id FOR NO KEY UPDATE;

-- name: find_reading_before
-- The reading of a vehicle at or last before a moment.
SELECT * FROM odometer_readings WHERE vehicle_id = :vehicle_id AND read_at <= :read_at
ORDER BY read_at DESC, id DESC LIMIT 1;

-- name: find_reading_after
-- The reading of a vehicle next after a moment.
SELECT * FROM odometer_readings WHERE vehicle_id = :vehicle_id AND read_at > :read_at
ORDER BY read_at, id LIMIT 1;

-- name: add_reading
-- A new reading.
INSERT INTO odometer_readings (vehicle_id, read_at, odometer_m, source, is_correction, notes, user_id)
VALUES (:vehicle_id, :read_at, :odometer_m, :source, :is_correction, :notes, :user_id) RETURNING *;
