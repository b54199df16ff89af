-- name: list_stretches
-- When which device spoke for a vehicle within reach, as far as it matches, and who drove, where a driver is
-- asked for: what happened outside of their assignments is not theirs.
SELECT i.device_id, i.vehicle_id, a.driver_id,
       greatest(:since::timestamptz, lower(i.during), lower(a.during)) AS starts_at,
       least(:until::timestamptz, upper(i.during), upper(a.during)) AS ends_at
FROM device_installations i
JOIN vehicles v ON v.id = i.vehicle_id
LEFT JOIN driver_assignments a ON a.driver_id = :driver_id::integer AND a.vehicle_id = v.id
    AND a.during && i.during AND a.during && tstzrange(:since::timestamptz, :until::timestamptz)
LEFT JOIN drivers d ON d.id = a.driver_id
WHERE i.during && tstzrange(:since::timestamptz, :until::timestamptz)
  AND (:device_id::integer IS NULL OR i.device_id = :device_id::integer)
  AND (:vehicle_id::integer IS NULL OR i.vehicle_id = :vehicle_id::integer)
  AND (:driver_id::integer IS NULL OR a.driver_id IS NOT NULL)
  AND (:depot_id::integer IS NULL OR v.depot_id = :depot_id::integer)
  AND (:depot_ids::integer[] IS NULL
       OR (v.depot_id = ANY(:depot_ids) AND (d.id IS NULL OR d.depot_id = ANY(:depot_ids))));

-- name: list_trips
-- The trips that began in these stretches, or of the whole fleet where it is not narrowed to some: the newest
-- first, before the one of this key, each with its vehicle, driver, places and the stop that followed.
WITH found AS (
    SELECT t.* FROM trips t
    WHERE NOT :narrowed AND t.started_at >= :since AND t.started_at < :until
    UNION ALL
    SELECT t.*
    FROM unnest(:device_ids::integer[], :starts::timestamptz[], :ends::timestamptz[]) AS s (device_id, since, until)
    JOIN trips t ON t.device_id = s.device_id AND t.started_at >= s.since AND t.started_at < s.until
), page AS (
    SELECT * FROM found
    WHERE :after_at::timestamptz IS NULL OR (started_at, device_id) < (:after_at::timestamptz, :after_id::integer)
    ORDER BY started_at DESC, device_id DESC LIMIT :most
)
SELECT page.*, v.id AS vehicle_id, coalesce(v.fleet_number, devices.uid) AS vehicle, upper(i.during) AS installed_until,
       d.id AS driver_id, d.name AS driver,
       find_place(page.device_id, page.started_at, start_latitude, start_longitude) AS start_place,
       find_place(page.device_id, page.ended_at, end_latitude, end_longitude) AS end_place,
       stop.started_at AS stop_started_at, stop.ended_at AS stop_ended_at, stop.is_open AS stop_is_open,
       stop.idle_s AS stop_idle_s
FROM page
JOIN devices ON devices.id = page.device_id
LEFT JOIN device_installations i ON i.device_id = page.device_id AND i.during @> page.started_at
LEFT JOIN vehicles v ON v.id = i.vehicle_id
LEFT JOIN driver_assignments a ON :with_drivers AND a.vehicle_id = v.id AND a.during @> page.started_at
LEFT JOIN drivers d ON d.id = a.driver_id AND (:depot_ids::integer[] IS NULL OR d.depot_id = ANY(:depot_ids))
LEFT JOIN LATERAL (
    SELECT s.* FROM stops s
    WHERE s.device_id = page.device_id AND NOT page.is_open AND s.started_at >= page.ended_at
      AND (upper_inf(i.during) OR i.during IS NULL OR s.started_at < upper(i.during))
      AND NOT EXISTS (SELECT FROM trips n WHERE n.device_id = page.device_id
                      AND n.started_at > page.started_at AND n.started_at <= s.started_at)
    ORDER BY s.started_at LIMIT 1) AS stop ON true
ORDER BY page.started_at DESC, page.device_id DESC;

-- name: sum_trips
-- How many trips match, of how many devices, and what they come to.
WITH found AS (
    SELECT t.* FROM trips t
    WHERE NOT :narrowed AND t.started_at >= :since AND t.started_at < :until
    UNION ALL
    SELECT t.*
    FROM unnest(:device_ids::integer[], :starts::timestamptz[], :ends::timestamptz[]) AS s (device_id, since, until)
    JOIN trips t ON t.device_id = s.device_id AND t.started_at >= s.since AND t.started_at < s.until
)
SELECT count(*) AS trips, count(DISTINCT device_id) AS devices, coalesce(sum(distance_m), 0) AS distance_m,
       coalesce(sum(moving_s), 0) AS moving_s, coalesce(sum(idle_s), 0) AS idle_s, max(top_speed_mps) AS top_speed_mps,
       sum(fuel_used_l::double precision) AS fuel_used_l
FROM found;

-- name: find_neighbour_trips
-- When the trips of a device before and after the one that began at this moment began, within its installation.
SELECT (SELECT max(started_at) FROM trips
        WHERE device_id = :device_id AND started_at < :started_at
          AND (i.during IS NULL OR started_at >= coalesce(lower(i.during), '-infinity'))) AS previous_at,
       (SELECT min(started_at) FROM trips
        WHERE device_id = :device_id AND started_at > :started_at
          AND (i.during IS NULL OR started_at < coalesce(upper(i.during), 'infinity'))) AS next_at
FROM (SELECT) AS one
LEFT JOIN device_installations i ON i.device_id = :device_id AND i.during @> :started_at::timestamptz;

-- name: list_stops
-- The stops that began in these stretches, or of the whole fleet, as list_trips does.
WITH found AS (
    SELECT t.* FROM stops t
    WHERE NOT :narrowed AND t.started_at >= :since AND t.started_at < :until
    UNION ALL
    SELECT t.*
    FROM unnest(:device_ids::integer[], :starts::timestamptz[], :ends::timestamptz[]) AS s (device_id, since, until)
    JOIN stops t ON t.device_id = s.device_id AND t.started_at >= s.since AND t.started_at < s.until
), page AS (
    SELECT * FROM found
    WHERE :after_at::timestamptz IS NULL OR (started_at, device_id) < (:after_at::timestamptz, :after_id::integer)
    ORDER BY started_at DESC, device_id DESC LIMIT :most
)
SELECT page.*, v.id AS vehicle_id, coalesce(v.fleet_number, devices.uid) AS vehicle, d.id AS driver_id, d.name AS driver,
       find_place(page.device_id, page.started_at, latitude, longitude) AS place
FROM page
JOIN devices ON devices.id = page.device_id
LEFT JOIN device_installations i ON i.device_id = page.device_id AND i.during @> page.started_at
LEFT JOIN vehicles v ON v.id = i.vehicle_id
LEFT JOIN driver_assignments a ON :with_drivers AND a.vehicle_id = v.id AND a.during @> page.started_at
LEFT JOIN drivers d ON d.id = a.driver_id AND (:depot_ids::integer[] IS NULL OR d.depot_id = ANY(:depot_ids))
ORDER BY page.started_at DESC, page.device_id DESC;

-- name: count_stops$
-- How many stops match.
SELECT (SELECT count(*) FROM stops t WHERE NOT :narrowed AND t.started_at >= :since AND t.started_at < :until)
     + (SELECT count(*)
        FROM unnest(:device_ids::integer[], :starts::timestamptz[], :ends::timestamptz[]) AS s (device_id, since, until)
        JOIN stops t ON t.device_id = s.device_id AND t.started_at >= s.since AND t.started_at < s.until) AS count;

-- name: list_events
-- The events of these kinds that began in these stretches, or of the whole fleet, as list_trips does; each with
-- the trip during or after which it happened.
WITH found AS (
    SELECT t.* FROM events t
    WHERE NOT :narrowed AND t.started_at >= :since AND t.started_at < :until
    UNION ALL
    SELECT t.*
    FROM unnest(:device_ids::integer[], :starts::timestamptz[], :ends::timestamptz[]) AS s (device_id, since, until)
    JOIN events t ON t.device_id = s.device_id AND t.started_at >= s.since AND t.started_at < s.until
), page AS (
    SELECT * FROM found
    WHERE (:kinds::text[] IS NULL OR kind = ANY(:kinds))
      AND (:after_at::timestamptz IS NULL
           OR (started_at, device_id, kind, geofence_id)
               < (:after_at::timestamptz, :after_id::integer, :after_kind::text, :after_geofence_id::integer))
    ORDER BY started_at DESC, device_id DESC, kind DESC, geofence_id DESC LIMIT :most
)
SELECT page.*, v.id AS vehicle_id, coalesce(v.fleet_number, devices.uid) AS vehicle, d.id AS driver_id, d.name AS driver,
       f.name AS geofence, find_place(page.device_id, page.started_at, page.latitude, page.longitude) AS place,
       (SELECT max(t.started_at) FROM trips t
        WHERE t.device_id = page.device_id AND t.started_at <= page.started_at
          AND (i.during IS NULL OR t.started_at >= coalesce(lower(i.during), '-infinity'))) AS trip_started_at
FROM page
JOIN devices ON devices.id = page.device_id
LEFT JOIN geofences f ON f.id = page.geofence_id
LEFT JOIN device_installations i ON i.device_id = page.device_id AND i.during @> page.started_at
LEFT JOIN vehicles v ON v.id = i.vehicle_id
LEFT JOIN driver_assignments a ON :with_drivers AND a.vehicle_id = v.id AND a.during @> page.started_at
LEFT JOIN drivers d ON d.id = a.driver_id AND (:depot_ids::integer[] IS NULL OR d.depot_id = ANY(:depot_ids))
ORDER BY page.started_at DESC, page.device_id DESC, page.kind DESC, page.geofence_id DESC;

-- name: count_events
-- How many events match, by their kinds.
WITH found AS (
    SELECT t.kind FROM events t
    WHERE NOT :narrowed AND t.started_at >= :since AND t.started_at < :until
    UNION ALL
    SELECT t.kind
    FROM unnest(:device_ids::integer[], :starts::timestamptz[], :ends::timestamptz[]) AS s (device_id, since, until)
    JOIN events t ON t.device_id = s.device_id AND t.started_at >= s.since AND t.started_at < s.until
)
SELECT kind, count(*) FROM found WHERE :kinds::text[] IS NULL OR kind = ANY(:kinds) GROUP BY kind ORDER BY kind;

-- name: list_days
-- What each owner of these stretches, a vehicle or a driver, did on each day of this time zone, the latest first.
WITH stretches AS (
    SELECT *
    FROM unnest(:device_ids::integer[], :owner_ids::integer[], :starts::timestamptz[], :ends::timestamptz[])
        AS s (device_id, owner_id, since, until)
), driven AS (
    SELECT owner_id, (t.started_at AT TIME ZONE :time_zone)::date AS day, count(*) AS trips,
           sum(distance_m) AS distance_m, sum(moving_s) AS moving_s, sum(idle_s) AS idle_s
    FROM stretches s JOIN trips t ON t.device_id = s.device_id AND t.started_at >= s.since AND t.started_at < s.until
    GROUP BY 1, 2
), stood AS (
    SELECT owner_id, (t.started_at AT TIME ZONE :time_zone)::date AS day, count(*) AS stops
    FROM stretches s JOIN stops t ON t.device_id = s.device_id AND t.started_at >= s.since AND t.started_at < s.until
    GROUP BY 1, 2
), kinds AS (
    SELECT owner_id, (t.started_at AT TIME ZONE :time_zone)::date AS day, kind, count(*) AS events
    FROM stretches s JOIN events t ON t.device_id = s.device_id AND t.started_at >= s.since AND t.started_at < s.until
    GROUP BY 1, 2, 3
), happened AS (
    SELECT owner_id, day, jsonb_object_agg(kind, events) AS events FROM kinds GROUP BY 1, 2
)
SELECT owner_id, day, coalesce(trips, 0) AS trips, coalesce(distance_m, 0) AS distance_m,
       coalesce(moving_s, 0) AS moving_s, coalesce(idle_s, 0) AS idle_s, coalesce(stops, 0) AS stops,
       coalesce(events, '{}') AS events
FROM driven FULL JOIN stood USING (owner_id, day) FULL JOIN happened USING (owner_id, day)
ORDER BY day DESC, owner_id;

-- name: list_track
-- The fixes of a device from one moment to another, the first first.
SELECT extract(epoch FROM fix_time)::double precision, latitude, longitude, speed_mps
FROM positions WHERE device_id = :device_id AND fix_time >= :since AND fix_time <= :until
ORDER BY fix_time;

-- name: list_positions
-- The fixes of these stretches, the first first, after the one of this key.
SELECT p.*, s.vehicle_id
FROM unnest(:device_ids::integer[], :vehicle_ids::integer[], :starts::timestamptz[], :ends::timestamptz[])
    AS s (device_id, vehicle_id, since, until)
JOIN positions p ON p.device_id = s.device_id AND p.fix_time >= s.since AND p.fix_time < s.until
WHERE p.fix_time >= :since AND p.fix_time < :until
  AND (:after_at::timestamptz IS NULL OR (p.fix_time, p.device_id) > (:after_at::timestamptz, :after_id::integer))
ORDER BY p.fix_time, p.device_id LIMIT :most;

-- name: count_positions$
-- How many fixes there are in these stretches.
SELECT count(*)
FROM unnest(:device_ids::integer[], :starts::timestamptz[], :ends::timestamptz[]) AS s (device_id, since, until)
JOIN positions p ON p.device_id = s.device_id AND p.fix_time >= s.since AND p.fix_time < s.until
WHERE p.fix_time >= :since AND p.fix_time < :until;
