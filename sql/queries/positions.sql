-- name: create_staging#
-- The two tables a connection stores through; they empty themselves at each commit.
CREATE TEMP TABLE IF NOT EXISTS incoming (LIKE positions) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS newest (LIKE positions) ON COMMIT DELETE ROWS;

-- name: empty_incoming!
-- Forget what an earlier part of this transaction stored.
DELETE FROM pg_temp.incoming;

-- name: insert_incoming
-- Store what is not there yet; returns how many were there already, by device and UTC day of the fix.
WITH fresh AS (
    INSERT INTO positions SELECT * FROM pg_temp.incoming ON CONFLICT DO NOTHING RETURNING device_id, fix_time
)
SELECT incoming.device_id, (incoming.fix_time AT TIME ZONE 'UTC')::date AS day, count(*)
FROM pg_temp.incoming LEFT JOIN fresh USING (device_id, fix_time)
WHERE fresh.device_id IS NULL
GROUP BY 1, 2;

-- name: update_latest!
-- Move the latest position of each device forward, never back; in order, so that two writers cannot deadlock.
INSERT INTO latest_positions AS latest
SELECT newest.* FROM pg_temp.newest JOIN devices ON devices.id = newest.device_id ORDER BY newest.device_id
ON CONFLICT (device_id) DO UPDATE SET
    fix_time = excluded.fix_time, received_at = excluded.received_at,
    latitude = excluded.latitude, longitude = excluded.longitude,
    speed_mps = excluded.speed_mps, course = excluded.course, altitude_m = excluded.altitude_m,
    accuracy_m = excluded.accuracy_m, satellites = excluded.satellites, attributes = excluded.attributes
WHERE latest.fix_time < excluded.fix_time;

-- name: add_stored_batch$
-- Leave in the outbox which devices have new positions, over which time, and whether their newest fix is moved.
INSERT INTO stored_batches (first_fix, last_fix, device_ids, first_fixes, last_fixes, latest_moved)
VALUES (:first_fix, :last_fix, :device_ids::integer[], :first_fixes::timestamptz[], :last_fixes::timestamptz[],
        :latest_moved) RETURNING id;

-- name: settle_stored_batches!
-- These batches owe latest_positions nothing any more; before update_latest, so that two writers cannot deadlock.
UPDATE stored_batches SET latest_moved = true WHERE id = ANY(:ids::bigint[]);

-- name: gather_owed
-- Gather in `newest` the fixes that batches older than some seconds still owe latest_positions, and call those
-- batches settled; the devices concerned.
WITH owing AS (
    SELECT id, device_ids, first_fix, last_fix FROM stored_batches
    WHERE NOT latest_moved AND stored_at <= now() - make_interval(secs => :older_than_s)
    ORDER BY id FOR UPDATE SKIP LOCKED
), settled AS (
    UPDATE stored_batches SET latest_moved = true FROM owing WHERE stored_batches.id = owing.id
), touched AS (
    SELECT device_id, min(first_fix) AS first_fix, max(last_fix) AS last_fix
    FROM owing CROSS JOIN unnest(device_ids) AS device_id GROUP BY device_id
)
INSERT INTO pg_temp.newest
SELECT newest.* FROM touched CROSS JOIN LATERAL (
    SELECT * FROM positions
    WHERE device_id = touched.device_id AND fix_time BETWEEN touched.first_fix AND touched.last_fix
    ORDER BY fix_time DESC LIMIT 1
) newest
RETURNING device_id;

-- name: forget_stored_batches!
-- Drop outbox rows that nobody has claimed for some days.
DELETE FROM stored_batches WHERE latest_moved AND is_spread AND stored_at < now() - make_interval(days => :days);

-- name: list_devices_by_uid
-- The devices with these uids, and whether each may speak.
SELECT uid, id, disabled_at IS NOT NULL FROM devices WHERE uid = ANY(:uids);

-- name: add_to_ledger!
-- Enter what became of a batch of one source in the minute it was stored.
INSERT INTO ingest_ledger AS ledger (source, minute, received, stored, duplicate, quarantined, ignored)
VALUES (:source, date_trunc('minute', now()), :stored + :duplicate + :quarantined,
        :stored, :duplicate, :quarantined, :ignored)
ON CONFLICT (source, minute) DO UPDATE SET
    received = ledger.received + excluded.received, stored = ledger.stored + excluded.stored,
    duplicate = ledger.duplicate + excluded.duplicate, quarantined = ledger.quarantined + excluded.quarantined,
    ignored = ledger.ignored + excluded.ignored;

-- name: add_to_quarantine*!
-- Put aside what is no position of a known device, with the reason.
INSERT INTO quarantine (received_at, source, topic, uid, reason, detail, size_bytes, raw)
VALUES (:received_at, :source, :topic, :uid, :reason, :detail, :size_bytes, :raw);

-- name: notify_stored$
-- Tell whoever listens which devices have new positions.
SELECT pg_notify('positions_stored', :device_ids);
