-- name: export_positions
-- The fixes of a device from one moment to before another, the first first, with the vehicle that it sat in.
SELECT device_id, :vehicle_id::integer AS vehicle_id, fix_time, received_at, latitude, longitude, speed_mps, course,
       altitude_m, accuracy_m, satellites, attributes
FROM positions WHERE device_id = :device_id AND fix_time >= :since AND fix_time < :until
ORDER BY fix_time;

-- name: export_visits
-- Who was within which geofence, of vehicles and geofences within reach, by when they came.
SELECT v.geofence_id, v.device_id, vehicles.id AS vehicle_id, v.entered_at, v.left_at,
       extract(epoch FROM v.left_at - v.entered_at)::double precision AS stayed_s
FROM geofence_visits v
JOIN geofences ON geofences.id = v.geofence_id
LEFT JOIN vehicles ON vehicles.id = find_vehicle(v.device_id, v.entered_at)
WHERE v.entered_at >= :since AND v.entered_at < :until
  AND (:geofence_id::integer IS NULL OR v.geofence_id = :geofence_id::integer)
  AND (:vehicle_id::integer IS NULL OR vehicles.id = :vehicle_id::integer)
  AND (:depot_ids::integer[] IS NULL OR vehicles.depot_id = ANY(:depot_ids))
  AND (:depot_ids::integer[] IS NULL OR geofences.depot_id IS NULL OR geofences.depot_id = ANY(:depot_ids))
ORDER BY v.entered_at, v.device_id, v.geofence_id;

-- name: export_readings
-- The odometer readings of vehicles within reach, by vehicle and time.
SELECT r.vehicle_id, r.read_at, r.odometer_m, r.source, r.is_correction, r.notes,
       coalesce(nullif(users.name, ''), users.email) AS who
FROM odometer_readings r
JOIN vehicles ON vehicles.id = r.vehicle_id
LEFT JOIN users ON users.id = r.user_id
WHERE r.read_at >= :since AND r.read_at < :until
  AND (:vehicle_id::integer IS NULL OR r.vehicle_id = :vehicle_id::integer)
  AND (:depot_ids::integer[] IS NULL OR vehicles.depot_id = ANY(:depot_ids))
ORDER BY r.vehicle_id, r.read_at, r.id;

-- name: list_export_templates
-- The templates of a person and those shared with everybody, by name.
SELECT t.*, coalesce(nullif(users.name, ''), users.email) AS who
FROM export_templates t JOIN users ON users.id = t.user_id
WHERE (t.user_id = :user_id OR t.is_shared) AND (:kind = '' OR t.kind = :kind)
ORDER BY lower(t.name), t.id;

-- name: get_export_template
-- One template, where it is the person's own or shared.
SELECT t.*, coalesce(nullif(users.name, ''), users.email) AS who
FROM export_templates t JOIN users ON users.id = t.user_id
WHERE t.id = :id AND (t.user_id = :user_id OR t.is_shared);

-- name: save_export_template$
-- A template of this name, in place of the person's own of the same name.
INSERT INTO export_templates (name, kind, wanted, user_id, is_shared)
VALUES (:name, :kind, :wanted, :user_id, :is_shared)
ON CONFLICT (user_id, kind, name) DO UPDATE SET wanted = EXCLUDED.wanted, is_shared = EXCLUDED.is_shared
RETURNING id;

-- name: remove_export_template!
-- Forget a template of a person's own; what was made from it stays.
DELETE FROM export_templates WHERE id = :id AND user_id = :user_id;

-- name: schedule_export_template!
-- When a template of a person's own is exported by itself; never where :repeats is empty.
UPDATE export_templates
SET repeats = :repeats, on_day = :on_day, at_hour = :at_hour, time_zone = :time_zone, next_run_at = :next_run_at
WHERE id = :id AND user_id = :user_id;

-- name: list_due_export_templates
-- The templates that are to be exported by now, of people who may still sign in.
SELECT t.* FROM export_templates t JOIN users ON users.id = t.user_id
WHERE t.next_run_at <= :now AND users.disabled_at IS NULL ORDER BY t.next_run_at, t.id;

-- name: postpone_export_template!
-- The next time, unless somebody else has been faster.
UPDATE export_templates SET next_run_at = :next_run_at WHERE id = :id AND next_run_at = :was;

-- name: add_export_run$
-- An export that is asked for: where it waits, another process makes it; otherwise it has begun.
INSERT INTO export_runs (user_id, template_id, kind, wanted, depot_ids, way, state)
VALUES (:user_id, :template_id, :kind, :wanted, :depot_ids, :way,
        CASE WHEN :way::text IN ('background', 'schedule') THEN 'waiting' ELSE 'making' END)
RETURNING id;

-- name: end_export_run!
-- How an export ended, and until when its file is kept.
UPDATE export_runs
SET state = CASE WHEN :problem = '' THEN 'done' ELSE 'failed' END, ended_at = now(), rows = :rows, bytes = :bytes,
    file_name = :file_name, kept_until = :kept_until, problem = :problem
WHERE id = :id AND state = 'making';

-- name: list_waiting_export_runs
-- The first export that each person waits for, whether somebody is at it or not: one at a time.
SELECT id FROM (
    SELECT DISTINCT ON (user_id) id FROM export_runs
    WHERE state IN ('waiting', 'making') AND way IN ('background', 'schedule')
    ORDER BY user_id, id
) AS first ORDER BY id;

-- name: count_waiting_export_runs$
-- How many exports of a person wait or are being made in the background.
SELECT count(*) FROM export_runs
WHERE user_id = :user_id AND state IN ('waiting', 'making') AND way IN ('background', 'schedule');

-- name: try_export_lock$
-- Whether this connection alone works on an export from now on; a process that dies lets go of it.
SELECT pg_try_advisory_lock(hashtext('export_runs'), :id::integer);

-- name: release_export_lock$
-- Let go of an export.
SELECT pg_advisory_unlock(hashtext('export_runs'), :id::integer);

-- name: begin_export_run
-- An export that is still to be made, as it is begun, for the first time or anew.
UPDATE export_runs SET state = 'making', attempts = attempts + 1
WHERE id = :id AND state IN ('waiting', 'making') RETURNING *;

-- name: report_export_run!
-- How far an export is.
UPDATE export_runs SET rows = :rows WHERE id = :id AND state = 'making';

-- name: list_export_runs
-- The exports before the one with this id, the newest first: a person's, or everybody's.
SELECT r.*, coalesce(nullif(users.name, ''), users.email) AS who, t.name AS template
FROM export_runs r
LEFT JOIN users ON users.id = r.user_id
LEFT JOIN export_templates t ON t.id = r.template_id
WHERE (:user_id::integer IS NULL OR r.user_id = :user_id::integer) AND (:after::bigint IS NULL OR r.id < :after::bigint)
ORDER BY r.id DESC LIMIT :most;

-- name: count_export_runs$
-- How many exports a person, or everybody, has begun.
SELECT count(*) FROM export_runs WHERE :user_id::integer IS NULL OR user_id = :user_id::integer;

-- name: get_export_run
-- One export of a person.
SELECT r.*, coalesce(nullif(users.name, ''), users.email) AS who
FROM export_runs r LEFT JOIN users ON users.id = r.user_id
WHERE r.id = :id AND r.user_id = :user_id;

-- name: add_export_piece!
-- A piece of a file that is kept.
INSERT INTO export_pieces (run_id, number, content) VALUES (:run_id, :number, :content);

-- name: find_export_piece$
-- A piece of a file, by its number from 0.
SELECT content FROM export_pieces WHERE run_id = :run_id AND number = :number;

-- name: remove_export_pieces!
-- Forget what is kept of a file.
DELETE FROM export_pieces WHERE run_id = :run_id;

-- name: release_export_file!
-- Say that the file of a person's export is no longer kept.
UPDATE export_runs SET kept_until = NULL WHERE id = :id AND user_id = :user_id AND kept_until IS NOT NULL;

-- name: cancel_export_run!
-- Stop an export of a person that waits or is being made.
UPDATE export_runs SET state = 'failed', ended_at = now(), problem = :problem
WHERE id = :id AND user_id = :user_id AND state IN ('waiting', 'making') AND way IN ('background', 'schedule');

-- name: forget_export_files!
-- Files are kept until a day; who took what stays known.
WITH forgotten AS (
    UPDATE export_runs SET kept_until = NULL WHERE kept_until <= now() RETURNING id
)
DELETE FROM export_pieces WHERE run_id IN (SELECT id FROM forgotten);

-- name: export_trip_positions
-- The fixes of a trip, from the one with which it began to the one with which it ended.
SELECT fix_time, latitude, longitude, speed_mps, course, altitude_m
FROM positions WHERE device_id = :device_id AND fix_time >= :since AND fix_time <= :until
ORDER BY fix_time;

-- name: set_export_reach!
-- How far the rights of whoever asked reach when their export is made.
UPDATE export_runs SET depot_ids = :depot_ids WHERE id = :id;
