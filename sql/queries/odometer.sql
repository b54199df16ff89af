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
-- The reading of a vehicle at or last before a moment, of those that were derived or of the others.
SELECT * FROM odometer_readings
WHERE vehicle_id = :vehicle_id AND read_at <= :read_at AND (source IN ('device', 'track')) = :is_derived
ORDER BY read_at DESC, id DESC LIMIT 1;

-- name: find_reading_after
-- The reading of a vehicle next after a moment, those that were derived left out.
SELECT * FROM odometer_readings
WHERE vehicle_id = :vehicle_id AND read_at > :read_at AND source NOT IN ('device', 'track')
ORDER BY read_at, id LIMIT 1;

-- name: add_reading
-- A new reading.
INSERT INTO odometer_readings (vehicle_id, read_at, odometer_m, source, is_correction, notes, user_id)
VALUES (:vehicle_id, :read_at, :odometer_m, :source, :is_correction, :notes, :user_id) RETURNING *;

-- name: lock_odometers
-- Claim the vehicles that devices sat in at these moments, in order of id; the earliest of these of each.
SELECT id AS vehicle_id, since FROM vehicles JOIN (
    SELECT i.vehicle_id, min(moment) AS since
    FROM unnest(:device_ids::integer[], :moments::timestamptz[]) AS asked (device_id, moment)
    JOIN device_installations i ON i.device_id = asked.device_id AND i.during @> asked.moment
    GROUP BY i.vehicle_id
) AS changed ON changed.vehicle_id = id
ORDER BY id FOR NO KEY UPDATE OF vehicles;

-- name: derive_readings!
-- Make the readings of vehicles, each from a UTC day on, follow from their trips and from what was entered: one a day.
--
-- Each counts from the last reading that was entered, or, until there is one, from the first that a device told. It adds
-- each trip by the counter of its device where that agrees with the track, else by the track; and what the counter gained
-- between two such trips, where a vehicle can have driven that unseen. A reading taken on the way has its share of both.
-- What was derived for earlier days is right already: counting goes on from there, in whole millimetres, so that it
-- leads to the same as counting all anew.
WITH base AS (
    SELECT asked.vehicle_id, settled.id, settled.read_at AS settled_at, start.*
    FROM unnest(:vehicle_ids::integer[], :since::timestamptz[]) AS asked (vehicle_id, since)
    LEFT JOIN LATERAL (
        SELECT * FROM odometer_readings
        WHERE vehicle_id = asked.vehicle_id AND read_at < date_trunc('day', asked.since, 'UTC')
        ORDER BY read_at DESC, source IN ('device', 'track'), odometer_readings.id DESC LIMIT 1
    ) AS settled ON true
    LEFT JOIN LATERAL (
        SELECT * FROM (
            SELECT settled.read_at, settled.odometer_m, settled.source WHERE settled.id IS NOT NULL
            UNION ALL
            (SELECT read_at, odometer_m, source FROM odometer_readings
             WHERE settled.id IS NULL AND vehicle_id = asked.vehicle_id AND source NOT IN ('device', 'track')
             ORDER BY read_at LIMIT 1)
            UNION ALL
            (SELECT started_at, start_odometer_m, 'device'
             FROM device_installations i JOIN trips t ON t.device_id = i.device_id AND i.during @> started_at
             WHERE settled.id IS NULL AND i.vehicle_id = asked.vehicle_id AND start_odometer_m IS NOT NULL
               AND NOT is_open AND is_counted(start_odometer_m, end_odometer_m, distance_m)
             ORDER BY started_at LIMIT 1)
        ) AS possible
        ORDER BY read_at, source IN ('device', 'track') LIMIT 1
    ) AS start ON true
), rides AS (
    SELECT base.vehicle_id, base.read_at, base.odometer_m, base.source, i.during,
           t.device_id, started_at, ended_at, distance_m, start_odometer_m, end_odometer_m,
           is_counted(start_odometer_m, end_odometer_m, distance_m) AS counts
    FROM base JOIN device_installations i USING (vehicle_id)
    CROSS JOIN LATERAL (
        SELECT coalesce(max(started_at), '-infinity') AS since FROM trips
        WHERE device_id = i.device_id AND started_at <= base.read_at
    ) AS earliest
    CROSS JOIN LATERAL (  -- OFFSET 0 has the planner read from there on, not all that the device ever drove
        SELECT * FROM trips
        WHERE device_id = i.device_id AND started_at >= earliest.since AND i.during @> started_at AND NOT is_open
          AND (ended_at > base.read_at OR ended_at = base.read_at AND base.source NOT IN ('device', 'track'))
        OFFSET 0
    ) AS t
    WHERE base.read_at IS NOT NULL
), steps AS (
    SELECT vehicle_id, ended_at, rides.counts, start.*,
           round(1000 * (CASE WHEN rides.counts THEN end_odometer_m - start_odometer_m ELSE distance_m END
                         * share_after(entered.read_at, started_at, ended_at)
                         + coalesce(unseen.gain_m * share_after(entered.read_at, unseen.since, started_at), 0)
               ))::bigint AS step_mm
    FROM rides
    LEFT JOIN LATERAL (
        SELECT read_at, odometer_m FROM odometer_readings
        WHERE vehicle_id = rides.vehicle_id AND read_at <= rides.ended_at AND source NOT IN ('device', 'track')
        ORDER BY read_at DESC, id DESC LIMIT 1
    ) AS entered ON true
    LEFT JOIN LATERAL (
        SELECT before.ended_at AS since, rides.start_odometer_m - before.end_odometer_m AS gain_m FROM (
            SELECT * FROM trips WHERE device_id = rides.device_id AND started_at < rides.started_at
            ORDER BY started_at DESC LIMIT 1
        ) AS before
        WHERE rides.counts AND NOT before.is_open AND rides.during @> before.started_at
          AND is_counted(before.start_odometer_m, before.end_odometer_m, before.distance_m)
          AND rides.start_odometer_m - before.end_odometer_m BETWEEN 0 AND
              500 + least(40 * extract(epoch FROM rides.started_at - before.ended_at), 1e6)
    ) AS unseen ON true
    CROSS JOIN LATERAL (
        SELECT entered.read_at AS start_at, entered.odometer_m AS start_m, true AS start_counts
        WHERE entered.read_at >= rides.read_at
        UNION ALL
        SELECT rides.read_at, rides.odometer_m, rides.source <> 'track'
        WHERE entered.read_at IS NULL OR entered.read_at < rides.read_at
    ) AS start
), stands AS (
    SELECT vehicle_id, ended_at, (ended_at AT TIME ZONE 'UTC')::date AS day,
           ((round(1000 * start_m)::bigint + sum(step_mm) OVER so_far) / 1000.0)::double precision AS odometer_m,
           CASE WHEN start_counts AND bool_and(counts) OVER so_far THEN 'device' ELSE 'track' END AS source
    FROM steps WINDOW so_far AS (PARTITION BY vehicle_id, start_at ORDER BY ended_at)
), derived AS (
    SELECT * FROM (
        SELECT DISTINCT ON (vehicle_id, day) * FROM stands ORDER BY vehicle_id, day, ended_at DESC
    ) AS last_of_day
    WHERE odometer_m <= coalesce((
        SELECT CASE WHEN is_correction THEN 1e10 ELSE r.odometer_m END FROM odometer_readings r
        WHERE r.vehicle_id = last_of_day.vehicle_id AND r.read_at > ended_at AND r.source NOT IN ('device', 'track')
        ORDER BY r.read_at, r.id LIMIT 1), 1e10)
), known AS (
    SELECT r.*, (r.read_at AT TIME ZONE 'UTC')::date AS day,
           r.id <> base.id AND r.read_at >= base.settled_at OR base.id IS NULL AS is_due
    FROM base JOIN odometer_readings r USING (vehicle_id)
    WHERE r.source IN ('device', 'track')
      AND r.read_at >= coalesce(date_trunc('day', base.settled_at, 'UTC'), '-infinity')
), compared AS (
    SELECT vehicle_id, id, is_due, ended_at, derived.odometer_m, derived.source,
           (known.read_at, known.odometer_m, known.source) IS DISTINCT FROM (ended_at, derived.odometer_m, derived.source) AS differs
    FROM known FULL JOIN derived USING (vehicle_id, day)
), removed AS (
    DELETE FROM odometer_readings AS r USING compared WHERE r.id = compared.id AND ended_at IS NULL AND is_due
), changed AS (
    UPDATE odometer_readings AS r SET read_at = ended_at, odometer_m = compared.odometer_m, source = compared.source
    FROM compared WHERE r.id = compared.id AND ended_at IS NOT NULL AND differs
)
INSERT INTO odometer_readings (vehicle_id, read_at, odometer_m, source)
SELECT vehicle_id, ended_at, odometer_m, source FROM compared WHERE id IS NULL ORDER BY vehicle_id, ended_at;
