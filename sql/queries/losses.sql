-- name: add_duplicates!
-- Count repetitions by device and UTC day of the fix: three arrays of one length, a pair at most once; in order,
-- so that two writers cannot deadlock.
INSERT INTO device_duplicates AS known (device_id, day, count)
SELECT * FROM unnest(:device_ids::integer[], :days::date[], :counts::bigint[]) AS new (device_id, day, count)
ORDER BY device_id, day
ON CONFLICT (device_id, day) DO UPDATE SET count = known.count + excluded.count;

-- name: get_device_day^
-- The loss ledger of one device on one UTC day, measured now.
SELECT m.stored + m.duplicate + m.quarantined AS received, m.*
FROM devices d CROSS JOIN LATERAL measure_device_day(d.id, :day) m
WHERE d.uid = :uid;

-- name: record_device_days^
-- Write the ledger of one day for the next few devices after the id `after`: for all of them `again`, or for
-- those whose ledger was not yet measured after the end of that day; says how many they were and the last id.
WITH next AS (
    SELECT id FROM devices
    WHERE id > :after AND (:again OR NOT EXISTS (
        SELECT FROM device_days done
        WHERE done.day = :day AND done.device_id = devices.id
          AND done.computed_at >= (:day::date + 1)::timestamp AT TIME ZONE 'UTC'
    ))
    ORDER BY id LIMIT :most
), recorded AS (
    INSERT INTO device_days (day, device_id, stored, duplicate, quarantined,
                             interval_s, gaps, longest_gap_s, missing_s, missing_fixes)
    SELECT :day, next.id, m.* FROM next CROSS JOIN LATERAL measure_device_day(next.id, :day) m
    ON CONFLICT (day, device_id) DO UPDATE SET
        stored = excluded.stored, duplicate = excluded.duplicate, quarantined = excluded.quarantined,
        interval_s = excluded.interval_s, gaps = excluded.gaps, longest_gap_s = excluded.longest_gap_s,
        missing_s = excluded.missing_s, missing_fixes = excluded.missing_fixes,
        computed_at = excluded.computed_at
    RETURNING device_id
)
SELECT count(*), max(device_id) FROM recorded;

-- name: list_device_days
-- The recorded ledgers of one day, the greatest losses first.
SELECT d.uid, received, stored, duplicate, quarantined, interval_s, gaps, longest_gap_s, missing_s, missing_fixes
FROM device_days JOIN devices d ON d.id = device_id
WHERE day = :day
ORDER BY missing_fixes DESC, quarantined DESC, d.uid;

-- name: sum_device_days^
-- What one day's recorded ledgers come to, and how many of the devices were silent all day.
SELECT count(*), coalesce(sum(received), 0)::bigint, coalesce(sum(stored), 0)::bigint,
       coalesce(sum(duplicate), 0)::bigint, coalesce(sum(quarantined), 0)::bigint,
       coalesce(sum(gaps), 0)::bigint, coalesce(sum(missing_fixes), 0)::bigint,
       count(*) FILTER (WHERE received = 0)
FROM device_days WHERE day = :day;
