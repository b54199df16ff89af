-- name: create_import_staging#
-- What an import holds in mind on its connection beside the tables of create_staging: the fixes that a file or an import
-- names, and which devices have fixes that are new or gone, from when to when.
DROP TABLE IF EXISTS pg_temp.named_fixes, pg_temp.touched;
CREATE TEMP TABLE named_fixes (device_id integer NOT NULL, fix_time timestamptz NOT NULL);
CREATE TEMP TABLE touched (device_id integer NOT NULL, first_fix timestamptz NOT NULL, last_fix timestamptz NOT NULL);

-- name: drop_import_staging#
-- Give the space back.
DROP TABLE IF EXISTS pg_temp.named_fixes, pg_temp.touched;

-- name: clear_staging#
-- Empty the tables of create_staging at once: rows that are deleted would be passed over until the transaction ends.
TRUNCATE pg_temp.incoming, pg_temp.newest;

-- name: allow_decompression#
-- Within this transaction change as many rows in the columnstore as it takes: TimescaleDB stops at 100,000 that it has to
-- take out for that. Deleting does, storing new ones did in earlier releases.
SET LOCAL timescaledb.max_tuples_decompressed_per_dml_transaction = 0;

-- name: list_missing_days
-- Those of some UTC days that have no chunk yet.
SELECT day FROM unnest(:days::timestamptz[]) AS day
WHERE NOT EXISTS (
    SELECT FROM timescaledb_information.chunks
    WHERE hypertable_schema = 'public' AND hypertable_name = 'positions' AND range_start <= day AND day < range_end
)
ORDER BY day;

-- name: enter_day!
-- Have TimescaleDB make the chunk of a day, by a fix of no device.
INSERT INTO positions (device_id, fix_time, received_at, latitude, longitude) VALUES (0, :day, :day, 0, 0)
ON CONFLICT DO NOTHING;

-- name: leave_day!
-- Take the fix of no device away again.
DELETE FROM positions WHERE device_id = 0 AND fix_time = :day;

-- name: insert_imported$
-- Store what is not there yet, and note that this import brought it; how many fixes that is.
WITH fresh AS (
    INSERT INTO positions SELECT * FROM pg_temp.incoming ON CONFLICT DO NOTHING RETURNING device_id, fix_time
), noted AS (
    INSERT INTO imported_positions (import_id, device_id, fix_times)
    SELECT :import_id, device_id, array_agg(fix_time) FROM fresh GROUP BY device_id
)
SELECT count(*) FROM fresh;

-- name: sort_named_fixes#
-- Make the named fixes of a day quick to find.
CREATE INDEX ON pg_temp.named_fixes (fix_time);
ANALYZE pg_temp.named_fixes;

-- name: list_named_days
-- The UTC days of the named fixes.
SELECT DISTINCT date_trunc('day', fix_time, 'UTC') AS day FROM pg_temp.named_fixes ORDER BY day;

-- name: count_unknown$
-- How many of the fixes named between two moments are not stored yet, each counted once.
SELECT count(*) FROM (
    SELECT DISTINCT device_id, fix_time FROM pg_temp.named_fixes WHERE fix_time >= :since AND fix_time < :until
) AS named
WHERE NOT EXISTS (
    SELECT FROM positions AS p
    WHERE p.device_id = named.device_id AND p.fix_time = named.fix_time AND p.fix_time >= :since AND p.fix_time < :until
);

-- name: touch_imported!
-- Which devices an import brought fixes of, from when to when.
INSERT INTO pg_temp.touched
SELECT device_id, min(fix_time), max(fix_time) FROM imported_positions CROSS JOIN LATERAL unnest(fix_times) AS fix_time
WHERE import_id = :import_id GROUP BY device_id;

-- name: list_newest_days
-- The UTC days of what is newer than the newest fix that devices had.
SELECT DISTINCT date_trunc('day', last_fix, 'UTC') AS day
FROM pg_temp.touched LEFT JOIN latest_positions AS latest USING (device_id)
WHERE latest.fix_time IS NULL OR latest.fix_time < last_fix ORDER BY day;

-- name: gather_newest!
-- Gather in `newest` those fixes between two moments that are the newest of their devices: one look into the index for
-- each, for of what this transaction has stored nobody knows yet how much it is, and any other plan may take an hour.
INSERT INTO pg_temp.newest
SELECT newest.* FROM pg_temp.touched LEFT JOIN latest_positions AS latest USING (device_id)
CROSS JOIN LATERAL (
    SELECT * FROM positions
    WHERE device_id = touched.device_id AND fix_time = last_fix AND fix_time >= :since AND fix_time < :until LIMIT 1
) AS newest
WHERE (latest.fix_time IS NULL OR latest.fix_time < last_fix) AND last_fix >= :since AND last_fix < :until;

-- name: add_touched_batch!
-- Leave in the outbox which devices have fixes that are new or gone, each over its own time; the newest are moved.
INSERT INTO stored_batches (first_fix, last_fix, device_ids, first_fixes, last_fixes, latest_moved)
SELECT min(first_fix), max(last_fix), array_agg(device_id), array_agg(first_fix), array_agg(last_fix), true
FROM (
    SELECT device_id, min(first_fix) AS first_fix, max(last_fix) AS last_fix
    FROM pg_temp.touched GROUP BY device_id ORDER BY device_id
) AS by_device
HAVING count(*) > 0;

-- name: list_touched_devices
-- The devices that have fixes that are new or gone.
SELECT DISTINCT device_id FROM pg_temp.touched;

-- name: name_imported!
-- Name the fixes that an import brought.
INSERT INTO pg_temp.named_fixes
SELECT device_id, unnest(fix_times) FROM imported_positions WHERE import_id = :import_id;

-- name: delete_named$
-- Delete the fixes named between two moments; how many.
WITH gone AS (
    DELETE FROM positions AS p USING pg_temp.named_fixes AS named
    WHERE p.device_id = named.device_id AND p.fix_time = named.fix_time
      AND p.fix_time >= :since AND p.fix_time < :until AND named.fix_time >= :since AND named.fix_time < :until
    RETURNING p.device_id, p.fix_time
), noted AS (
    INSERT INTO pg_temp.touched SELECT device_id, min(fix_time), max(fix_time) FROM gone GROUP BY device_id
)
SELECT count(*) FROM gone;

-- name: forget_imported!
-- Forget which fixes an import brought.
DELETE FROM imported_positions WHERE import_id = :import_id;

-- name: lock_latest!
-- Claim the newest fixes of the devices that have lost some; in order, as update_latest does.
SELECT FROM latest_positions WHERE device_id IN (SELECT device_id FROM pg_temp.touched) ORDER BY device_id FOR UPDATE;

-- name: take_latest_back!
-- Remove the newest fixes that are gone, and gather in `newest` those that are the newest now; after lock_latest, to see
-- what was stored while it waited.
WITH gone AS (
    DELETE FROM latest_positions AS latest USING pg_temp.touched
    WHERE latest.device_id = touched.device_id AND latest.fix_time = touched.last_fix RETURNING latest.device_id
)
INSERT INTO pg_temp.newest
SELECT newest.* FROM gone CROSS JOIN LATERAL (
    SELECT * FROM positions WHERE device_id = gone.device_id ORDER BY fix_time DESC LIMIT 1
) AS newest;

-- name: notify_moved_back$
-- Have those who show the fleet read it anew; they take no older fix for a newer one.
SELECT pg_notify('vehicle_changed', '');
