-- name: list_schedules
-- Every schedule that matches, for a list that sorts and pages over it, and how many refer to it.
SELECT schedules.*,
       (SELECT count(*) FROM geofences WHERE schedule_id = schedules.id AND archived_at IS NULL)
       + (SELECT count(*) FROM rules WHERE schedule_id = schedules.id AND archived_at IS NULL) AS uses
FROM schedules
WHERE (:search = '' OR strpos(lower(name || ' ' || hours || ' ' || time_zone), lower(:search)) > 0)
  AND (archived_at IS NOT NULL) = :archived
  AND (:depot_ids::integer[] IS NULL OR true);

-- name: list_schedule_names
-- Schedules by name, for whoever picks one, or those of these ids: id, name, whether it is archived.
SELECT id, name, archived_at IS NOT NULL AS archived FROM schedules
WHERE (:ids::integer[] IS NULL OR id = ANY(:ids))
  AND (:search = '' OR strpos(lower(name), lower(:search)) > 0)
  AND (:depot_ids::integer[] IS NULL OR true)
ORDER BY archived, lower(name) = lower(:search) DESC, lower(name), id LIMIT :most;

-- name: get_schedule
-- One schedule; they belong to no depot.
SELECT * FROM schedules WHERE id = :id AND (:depot_ids::integer[] IS NULL OR true);

-- name: add_schedule
-- A new schedule.
INSERT INTO schedules (name, hours, time_zone) VALUES (:name, :hours, :time_zone) RETURNING *;

-- name: change_schedule
-- Change a schedule that nobody else has changed since this version.
UPDATE schedules SET name = :name, hours = :hours, time_zone = :time_zone, version = version + 1
WHERE id = :id AND version = :version RETURNING *;

-- name: archive_schedule
-- Put a schedule out of the way; what refers to it goes on by its hours.
UPDATE schedules SET archived_at = now(), version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NULL RETURNING *;

-- name: restore_schedule
-- Bring an archived schedule back.
UPDATE schedules SET archived_at = NULL, version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NOT NULL RETURNING *;
