-- name: get_database_facts
-- What runs here: versions, edition, size, since when, and how many connections are taken.
SELECT current_setting('server_version') AS postgres,
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescaledb,
       current_setting('timescaledb.license') AS license,
       pg_database_size(current_database()) AS size_bytes,
       pg_postmaster_start_time() AS started_at,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
       current_setting('max_connections')::integer AS most_connections;

-- name: list_applied_steps
-- The steps of the schema that this database has taken.
SELECT migration_id FROM _yoyo_migration ORDER BY migration_id;

-- name: list_connections
-- The connections of our processes by what they are for, and how long the longest statement now runs.
SELECT application_name AS name, count(*) AS count,
       count(*) FILTER (WHERE state = 'active') AS active,
       count(*) FILTER (WHERE state LIKE 'idle in transaction%%') AS in_transaction,
       max(extract(epoch FROM clock_timestamp() - query_start)) FILTER (WHERE state = 'active' AND pid <> pg_backend_pid())
           ::double precision AS longest_s
FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'motorpool-%%'
GROUP BY application_name ORDER BY application_name;

-- name: list_ledger_minutes
-- What came in and what became of it, minute by minute since a moment, all sources together.
SELECT minute, sum(stored)::bigint AS stored, sum(duplicate)::bigint AS duplicate,
       sum(quarantined)::bigint AS quarantined
FROM ingest_ledger WHERE minute >= :since GROUP BY minute ORDER BY minute;

-- name: list_ledger_sources
-- What came in by each source since a moment.
SELECT source, sum(received)::bigint AS received, sum(stored)::bigint AS stored, sum(duplicate)::bigint AS duplicate,
       sum(quarantined)::bigint AS quarantined, sum(ignored)::bigint AS ignored, max(minute) AS last_minute
FROM ingest_ledger WHERE minute >= :since GROUP BY source ORDER BY source;

-- name: list_ledger_days
-- The latest UTC days since anything came in, each with what did, and its losses where they are recorded.
WITH known AS (
    SELECT (minute AT TIME ZONE 'UTC')::date AS day, sum(received)::bigint AS received, sum(stored)::bigint AS stored,
           sum(duplicate)::bigint AS duplicate, sum(quarantined)::bigint AS quarantined, sum(ignored)::bigint AS ignored
    FROM ingest_ledger
    WHERE minute >= (current_date - :most::integer)::timestamp AT TIME ZONE 'UTC' GROUP BY 1
), days AS (
    SELECT generate_series((SELECT min(day) FROM known), current_date, INTERVAL '1 day')::date AS day
)
SELECT day, coalesce(received, 0) AS received, coalesce(stored, 0) AS stored, coalesce(duplicate, 0) AS duplicate,
       coalesce(quarantined, 0) AS quarantined, coalesce(ignored, 0) AS ignored,
       losses.devices, losses.silent, losses.gaps, losses.missing_fixes
FROM days LEFT JOIN known USING (day) LEFT JOIN LATERAL (
    SELECT nullif(count(*), 0) AS devices, count(*) FILTER (WHERE received = 0) AS silent,
           sum(gaps)::bigint AS gaps, sum(missing_fixes)::bigint AS missing_fixes
    FROM device_days WHERE device_days.day = days.day
) losses ON true
ORDER BY day DESC;

-- name: list_recorded_days
-- One day's recorded ledgers as far as a person reaches, the greatest losses first, after the one with these.
SELECT d.id, d.uid, v.fleet_number, r.received, r.stored, r.duplicate, r.quarantined,
       r.interval_s, r.gaps, r.longest_gap_s, r.missing_fixes
FROM device_days r JOIN devices d ON d.id = r.device_id LEFT JOIN vehicles v ON v.id = d.vehicle_id
WHERE r.day = :day
  AND (:depot_ids::integer[] IS NULL OR v.depot_id = ANY(:depot_ids::integer[]))
  AND (:search = '' OR strpos(lower(d.uid || ' ' || coalesce(v.fleet_number, '')), lower(:search)) > 0)
  AND (:after_missing::bigint IS NULL OR (r.missing_fixes, d.id) < (:after_missing::bigint, :after_id::integer))
ORDER BY r.missing_fixes DESC, d.id DESC LIMIT :limit;

-- name: count_recorded_days$
-- How many recorded ledgers of one day match.
SELECT count(*)
FROM device_days r JOIN devices d ON d.id = r.device_id LEFT JOIN vehicles v ON v.id = d.vehicle_id
WHERE r.day = :day
  AND (:depot_ids::integer[] IS NULL OR v.depot_id = ANY(:depot_ids::integer[]))
  AND (:search = '' OR strpos(lower(d.uid || ' ' || coalesce(v.fleet_number, '')), lower(:search)) > 0);

-- name: measure_days
-- The ledgers of some devices on one day, measured now, in the order of their ids, after this one.
WITH wanted AS MATERIALIZED (
    SELECT d.id, d.uid, v.fleet_number
    FROM devices d LEFT JOIN vehicles v ON v.id = d.vehicle_id
    WHERE (:depot_ids::integer[] IS NULL OR v.depot_id = ANY(:depot_ids::integer[]))
      AND (:search = '' OR strpos(lower(d.uid || ' ' || coalesce(v.fleet_number, '')), lower(:search)) > 0)
      AND d.id > coalesce(:after_id::integer, 0)
    ORDER BY d.id LIMIT :limit
)
SELECT wanted.*, m.stored + m.duplicate + m.quarantined AS received, m.stored, m.duplicate, m.quarantined,
       m.interval_s, m.gaps, m.longest_gap_s, m.missing_fixes
FROM wanted CROSS JOIN LATERAL measure_device_day(wanted.id, :day) m
ORDER BY wanted.id;

-- name: count_measured_days$
-- How many devices match.
SELECT count(*) FROM devices d LEFT JOIN vehicles v ON v.id = d.vehicle_id
WHERE (:depot_ids::integer[] IS NULL OR v.depot_id = ANY(:depot_ids::integer[]))
  AND (:search = '' OR strpos(lower(d.uid || ' ' || coalesce(v.fleet_number, '')), lower(:search)) > 0);

-- name: measure_one_day
-- One device's ledger of one day, measured now, where the device is within reach.
SELECT d.id, d.uid, v.fleet_number, m.stored + m.duplicate + m.quarantined AS received, m.*
FROM devices d LEFT JOIN vehicles v ON v.id = d.vehicle_id CROSS JOIN LATERAL measure_device_day(d.id, :day) m
WHERE d.id = :id AND (:depot_ids::integer[] IS NULL OR v.depot_id = ANY(:depot_ids::integer[]));

-- name: list_gaps
-- The gaps of one device on one UTC day, in order: the rule is that of measure_device_day, which only adds them up.
WITH track AS (
    (SELECT fix_time, speed_mps, attributes ->> 'ignition' AS ignition
     FROM positions
     WHERE device_id = :id
       AND fix_time >= (:day::date - 1)::timestamp AT TIME ZONE 'UTC'
       AND fix_time < :day::date::timestamp AT TIME ZONE 'UTC'
     ORDER BY fix_time DESC LIMIT 1)
    UNION ALL
    SELECT fix_time, speed_mps, attributes ->> 'ignition'
    FROM positions
    WHERE device_id = :id
      AND fix_time >= :day::date::timestamp AT TIME ZONE 'UTC'
      AND fix_time < (:day::date + 1)::timestamp AT TIME ZONE 'UTC'
), steps AS (
    SELECT lag(fix_time) OVER w AS start, fix_time AS "end",
           extract(epoch FROM fix_time - lag(fix_time) OVER w)::double precision AS pause_s,
           coalesce(lag(speed_mps) OVER w < 1, false) AS is_standing,
           coalesce(lag(ignition) OVER w = 'false', false) AS is_off
    FROM track WINDOW w AS (ORDER BY fix_time)
), paces AS (
    SELECT is_standing, percentile_cont(0.5) WITHIN GROUP (ORDER BY pause_s) AS own_s
    FROM steps WHERE pause_s IS NOT NULL AND NOT is_off GROUP BY is_standing
)
SELECT start, "end", pause_s, own_s, is_standing, (round(pause_s / own_s) - 1)::bigint AS missing_fixes
FROM steps JOIN paces USING (is_standing)
WHERE NOT is_off AND pause_s > greatest(3 * own_s, 30)
ORDER BY start LIMIT :most;

-- name: is_day_recorded$
-- Whether the fleet's ledgers of a day have been recorded.
SELECT EXISTS (SELECT FROM device_days WHERE day = :day);
