-- name: list_drivers
-- Every driver that matches, for a list that sorts and pages over it. What expires counts from its day on.
SELECT drivers.*, coalesce(depots.name, '') AS depot,
       coalesce(licence_expires_on, '9999-12-31') AS licence_order
FROM drivers LEFT JOIN depots ON depots.id = drivers.depot_id
WHERE (:search = '' OR strpos(lower(drivers.name || ' ' || staff_number), lower(:search)) > 0)
  AND (drivers.archived_at IS NOT NULL) = :archived
  AND (:depot_id = '' OR depots.name = :depot_id)
  AND (:status = '' OR status = :status)
  AND (:expires = ''
       OR (:expires = 'over' AND least(licence_expires_on, medical_expires_on) < current_date)
       OR (:expires = 'soon' AND least(licence_expires_on, medical_expires_on) <= current_date + 30))
  AND (:depot_ids::integer[] IS NULL OR drivers.depot_id = ANY(:depot_ids));

-- name: list_driver_names
-- Drivers by name and staff number, for whoever picks one, or those of these ids: id, name, whether archived.
SELECT id, label, archived
FROM (
    SELECT id, name || CASE WHEN staff_number = '' THEN '' ELSE ' (' || staff_number || ')' END AS label,
           archived_at IS NOT NULL AS archived, depot_id
    FROM drivers
) AS labelled
WHERE (:ids::integer[] IS NULL OR id = ANY(:ids))
  AND (:search = '' OR strpos(lower(label), lower(:search)) > 0)
  AND (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids))
ORDER BY archived, lower(label) = lower(:search) DESC, lower(label), id LIMIT :most;

-- name: list_driver_account_names
-- Accounts that a driver may sign in with, by e-mail address, or those of these ids: id, address, whether
-- disabled. Within some depots, those of their drivers, and those that are nobody's yet.
SELECT users.id, email, disabled_at IS NOT NULL
FROM users LEFT JOIN drivers ON drivers.user_id = users.id
WHERE (role = 'driver' OR drivers.id IS NOT NULL)
  AND (:ids::integer[] IS NULL OR users.id = ANY(:ids))
  AND (:search = '' OR strpos(lower(email), lower(:search)) > 0)
  AND (:depot_ids::integer[] IS NULL OR drivers.id IS NULL OR drivers.depot_id = ANY(:depot_ids))
ORDER BY 3, lower(email) = lower(:search) DESC, lower(email), users.id LIMIT :most;

-- name: get_driver
-- One driver, where they are within reach.
SELECT * FROM drivers
WHERE id = :id AND (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids));

-- name: add_driver
-- A new driver.
INSERT INTO drivers (name, staff_number, phone, licence_number, licence_classes, licence_expires_on,
                     medical_expires_on, status, depot_id, user_id, notes)
VALUES (:name, :staff_number, :phone, :licence_number, :licence_classes, :licence_expires_on,
        :medical_expires_on, :status, :depot_id, :user_id, :notes)
RETURNING *;

-- name: change_driver
-- Change a driver whom nobody else has changed since this version.
UPDATE drivers
SET name = :name, staff_number = :staff_number, phone = :phone, licence_number = :licence_number,
    licence_classes = :licence_classes, licence_expires_on = :licence_expires_on,
    medical_expires_on = :medical_expires_on, status = :status, depot_id = :depot_id, user_id = :user_id, notes = :notes,
    version = version + 1
WHERE id = :id AND version = :version RETURNING *;

-- name: archive_driver
-- Put a driver out of the way; what they drove stays theirs.
UPDATE drivers SET archived_at = now(), version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NULL RETURNING *;

-- name: restore_driver
-- Bring an archived driver back.
UPDATE drivers SET archived_at = NULL, version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NOT NULL RETURNING *;
