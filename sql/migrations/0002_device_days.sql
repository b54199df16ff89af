-- The loss ledger of each device and day, and how far the daemons are behind.

-- Repetitions leave no row in positions, so they are counted where they occur; the day is that of the fix.
CREATE TABLE device_duplicates (
    device_id integer NOT NULL,
    day       date NOT NULL,
    count     bigint NOT NULL,
    PRIMARY KEY (device_id, day)
) WITH (fillfactor = 50);

-- What became of one device's records on one UTC day: of the fix, or where it was put aside, of its receipt. A pause belongs to the day of its later fix. It is a gap
-- when it is longer than three of the device's own intervals and than 30 s. The own interval is the median of
-- the pauses of that day, one while it moves and one while it stands, for many trackers send less then; what
-- follows a fix with the ignition off is no loss and counts for neither.
CREATE FUNCTION measure_device_day(the_device integer, the_day date)
RETURNS TABLE (
    stored bigint, duplicate bigint, quarantined bigint,
    interval_s real, gaps integer, longest_gap_s real, missing_s real, missing_fixes bigint
)
LANGUAGE sql STABLE AS $$
    WITH track AS (
        (SELECT fix_time, speed_mps, attributes ->> 'ignition' AS ignition, false AS is_of_day
         FROM positions
         WHERE device_id = the_device
           AND fix_time >= (the_day - 1)::timestamp AT TIME ZONE 'UTC'
           AND fix_time < the_day::timestamp AT TIME ZONE 'UTC'
         ORDER BY fix_time DESC LIMIT 1)
        UNION ALL
        SELECT fix_time, speed_mps, attributes ->> 'ignition', true
        FROM positions
        WHERE device_id = the_device
          AND fix_time >= the_day::timestamp AT TIME ZONE 'UTC'
          AND fix_time < (the_day + 1)::timestamp AT TIME ZONE 'UTC'
    ), steps AS (
        SELECT is_of_day,
               extract(epoch FROM fix_time - lag(fix_time) OVER w)::double precision AS pause_s,
               coalesce(lag(speed_mps) OVER w < 1, false) AS is_standing,
               coalesce(lag(ignition) OVER w = 'false', false) AS is_off
        FROM track WINDOW w AS (ORDER BY fix_time)
    ), paces AS (
        SELECT is_standing, percentile_cont(0.5) WITHIN GROUP (ORDER BY pause_s) AS own_s
        FROM steps WHERE pause_s IS NOT NULL AND NOT is_off GROUP BY is_standing
    ), holes AS (
        SELECT pause_s, own_s FROM steps JOIN paces USING (is_standing)
        WHERE NOT is_off AND pause_s > greatest(3 * own_s, 30)
    )
    SELECT (SELECT count(*) FROM steps WHERE is_of_day),
           coalesce((SELECT count FROM device_duplicates WHERE device_id = the_device AND day = the_day), 0),
           (SELECT count(*) FROM quarantine
            WHERE uid = (SELECT uid FROM devices WHERE id = the_device)
              AND received_at >= the_day::timestamp AT TIME ZONE 'UTC'
              AND received_at < (the_day + 1)::timestamp AT TIME ZONE 'UTC'),
           (SELECT own_s::real FROM paces ORDER BY is_standing LIMIT 1),
           count(*)::integer,
           coalesce(max(pause_s), 0)::real,
           coalesce(sum(pause_s), 0)::real,
           coalesce(sum(round(pause_s / own_s) - 1), 0)::bigint
    FROM holes
$$;

-- A whole fleet's day, computed once by jobs/ when it is over; one device's day is measured when asked for.
CREATE TABLE device_days (
    day           date NOT NULL,
    device_id     integer NOT NULL REFERENCES devices ON DELETE CASCADE,
    received      bigint GENERATED ALWAYS AS (stored + duplicate + quarantined) STORED,
    stored        bigint NOT NULL,
    duplicate     bigint NOT NULL,
    quarantined   bigint NOT NULL,
    interval_s    real,
    gaps          integer NOT NULL,
    longest_gap_s real NOT NULL,
    missing_s     real NOT NULL,
    missing_fixes bigint NOT NULL,
    computed_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (day, device_id)
);
COMMENT ON COLUMN device_days.interval_s IS
    'median seconds between two fixes while moving (while standing where it never moved); null with fewer than two';

-- Every ingest process says here each 2 s how it does; who has not for 30 s is gone.
CREATE TABLE ingest_status (
    worker          text PRIMARY KEY,
    updated_at      timestamptz NOT NULL,
    behind_s        real NOT NULL,
    waiting_records integer NOT NULL,
    paused          boolean NOT NULL
) WITH (fillfactor = 50);
