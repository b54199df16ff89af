-- name: spread_batches$
-- Note for each device of some batches that nobody has looked at yet from when to when it has new fixes; how many batches.
WITH claimed AS (
    SELECT id FROM stored_batches WHERE NOT is_spread ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
), batches AS (
    UPDATE stored_batches SET is_spread = true FROM claimed WHERE stored_batches.id = claimed.id
    RETURNING first_fix, last_fix, device_ids, first_fixes, last_fixes
), noted AS (
    INSERT INTO detection_due (device_id, since, until)
    SELECT device_id, min(coalesce(earliest, first_fix)), max(coalesce(latest, last_fix))
    FROM batches CROSS JOIN LATERAL unnest(device_ids, first_fixes, last_fixes) AS of (device_id, earliest, latest)
    GROUP BY device_id ORDER BY device_id
)
SELECT count(*) FROM batches;

-- name: claim_devices
-- Claim devices that are due, those that wait longest first, until this transaction ends; others leave them alone.
SELECT device_id FROM (
    SELECT device_id FROM detection_due GROUP BY device_id ORDER BY min(id) LIMIT 8 * :most
) AS waiting
WHERE pg_try_advisory_xact_lock(hashtext('detection'), device_id) LIMIT :most;

-- name: take_due
-- From when to when devices that were claimed have to be looked at; it is done with this transaction.
WITH taken AS (
    DELETE FROM detection_due WHERE device_id = ANY(:device_ids) RETURNING device_id, since, until
)
SELECT device_id, min(since) AS since, max(until) AS until FROM taken GROUP BY device_id ORDER BY device_id;

-- name: add_due!
-- Have a device looked at from a moment on.
INSERT INTO detection_due (device_id, since, until) VALUES (:device_id, :since, :until);

-- name: add_all_due!
-- Have devices looked at from a moment on: these, or all that ever sent a position.
INSERT INTO detection_due (device_id, since, until)
SELECT id, :since, :until FROM devices JOIN latest_positions ON device_id = id
WHERE :uids::text[] IS NULL OR uid = ANY(:uids::text[]);

-- name: count_due$
-- How many devices wait to be looked at, those of batches that nobody has spread yet left out.
SELECT count(DISTINCT device_id) FROM detection_due;

-- name: find_starts
-- From where each device can be looked at anew: the latest moment, half an hour and some fixes before what is new, at
-- which it stood and nothing stirred, with the stop it was in; and from where on its fixes are needed. Nulls: from its first fix.
SELECT asked.device_id, stop.starts_at AS moment, stop.started_at, stop.latitude, stop.longitude,
       stop.spread_m, stop.quiet_from,
       least(stop.starts_at - greatest(interval '20 minutes', (
           SELECT make_interval(secs => max(lasting_s) + 300) FROM rules WHERE kind = 'idling'
       )), context.earliest) AS context_since
FROM unnest(:device_ids::integer[], :since::timestamptz[]) AS asked (device_id, since)
CROSS JOIN LATERAL (
    SELECT min(fix_time) AS fix_time FROM (
        SELECT fix_time FROM positions WHERE device_id = asked.device_id AND fix_time < asked.since
        ORDER BY fix_time DESC LIMIT 3
    ) AS before
) AS known
LEFT JOIN LATERAL (
    SELECT stops.*, starts_at FROM stops
    CROSS JOIN LATERAL (
        SELECT least(quiet_until - interval '1 minute', asked.since - interval '30 minutes', known.fix_time)
    ) AS possible (starts_at)
    WHERE device_id = asked.device_id AND started_at <= asked.since - interval '36 minutes'
      AND starts_at >= quiet_from + interval '6 minutes'
    ORDER BY started_at DESC LIMIT 1
) AS stop ON true
LEFT JOIN LATERAL (
    SELECT min(fix_time) AS earliest FROM (
        SELECT fix_time FROM positions WHERE device_id = asked.device_id AND fix_time < stop.starts_at
        ORDER BY fix_time DESC LIMIT 8
    ) AS before
) AS context ON true
ORDER BY asked.device_id;

-- name: find_ends
-- Up to when each device has to be looked at: the first moment, half an hour after what is new, at which it stood and
-- nothing stirred, with the stop it was in; and up to when its fixes are needed. A device without one is left out.
SELECT asked.device_id, stop.ends_at AS moment, stop.started_at, stop.latitude, stop.longitude,
       stop.spread_m, stop.quiet_from, greatest(stop.ends_at + interval '30 minutes', context.latest) AS context_until
FROM unnest(:device_ids::integer[], :until::timestamptz[]) AS asked (device_id, until)
CROSS JOIN LATERAL (
    SELECT stops.*, quiet_from + interval '6 minutes' AS ends_at FROM stops
    WHERE device_id = asked.device_id AND started_at > asked.until + interval '30 minutes'
      AND quiet_until >= quiet_from + interval '8 minutes'
    ORDER BY started_at LIMIT 1
) AS stop
CROSS JOIN LATERAL (
    SELECT max(fix_time) + interval '1 millisecond' AS latest FROM (
        SELECT fix_time FROM positions WHERE device_id = asked.device_id AND fix_time >= stop.ends_at
        ORDER BY fix_time LIMIT 8
    ) AS after
) AS context
ORDER BY asked.device_id;

-- name: list_visits_at
-- The geofences that devices were in at a moment each: device, geofence, since when.
SELECT v.device_id, v.geofence_id, v.entered_at
FROM unnest(:device_ids::integer[], :moments::timestamptz[]) AS asked (device_id, moment)
JOIN geofence_visits v ON v.device_id = asked.device_id AND v.entered_at < asked.moment
    AND (v.left_at IS NULL OR v.left_at >= asked.moment);

-- name: list_lasting_at
-- The states that went on at a moment for each device: device, kind, since when.
SELECT e.device_id, e.kind, e.started_at
FROM unnest(:device_ids::integer[], :moments::timestamptz[]) AS asked (device_id, moment)
JOIN events e ON e.device_id = asked.device_id AND e.started_at < asked.moment
    AND (e.ended_at IS NULL OR e.ended_at >= asked.moment)
WHERE e.kind IN ('idling', 'low_battery', 'power_cut');

-- name: list_detected_vehicles
-- What detection has to know of the vehicles that devices are in: device, vehicle, depot, litres in its tank.
SELECT d.id AS device_id, v.id AS vehicle_id, v.depot_id, v.tank_l
FROM devices d LEFT JOIN vehicles v ON v.id = d.vehicle_id WHERE d.id = ANY(:device_ids);

-- name: list_rules_in_force
-- Every rule that holds, the fleet's and those of vehicles, with its hours.
SELECT r.kind, r.vehicle_id, r.is_on, r.raises_alert, r.severity, r.threshold, r.lasting_s, r.fresh_s,
       s.hours, s.time_zone
FROM rules r LEFT JOIN schedules s ON s.id = r.schedule_id WHERE r.archived_at IS NULL;

-- name: list_fence_versions
-- Which geofences there are, each with all that its detection depends on in one text.
SELECT g.id, concat_ws('/', g.version, s.version,
                       (SELECT string_agg(vehicle_id::text, ',' ORDER BY vehicle_id)
                        FROM geofence_vehicles WHERE geofence_id = g.id)) AS stamp
FROM geofences g LEFT JOIN schedules s ON s.id = g.schedule_id WHERE g.archived_at IS NULL ORDER BY g.id;

-- name: list_fences
-- These geofences with their hours and the vehicles that they concern.
SELECT g.id, g.version, g.shape, g.geometry, g.radius_m, g.depot_id, g.hysteresis_m, g.least_visit_s, g.dwell_s,
       g.speed_limit_mps, g.alert_on, s.hours, s.time_zone,
       ARRAY(SELECT vehicle_id FROM geofence_vehicles WHERE geofence_id = g.id) AS vehicle_ids
FROM geofences g LEFT JOIN schedules s ON s.id = g.schedule_id WHERE g.id = ANY(:ids) ORDER BY g.id;

-- name: remove_stale_trips
-- Remove the trips of these stretches that are not found any more; which of them were over.
WITH removed AS (
    DELETE FROM trips USING unnest(:device_ids::integer[], :since::timestamptz[], :until::timestamptz[]) AS span (device_id, since, until)
    WHERE trips.device_id = span.device_id AND started_at >= span.since AND started_at < span.until
      AND (trips.device_id, started_at) NOT IN (
          SELECT device_id, started_at FROM jsonb_populate_recordset(NULL::trips, :rows::jsonb))
    RETURNING trips.device_id, started_at, is_open
)
SELECT device_id, started_at FROM removed WHERE NOT is_open;

-- name: keep_trips
-- Keep the trips found; those that are new or not as before, and over or were thought to be.
WITH found AS (
    SELECT * FROM jsonb_populate_recordset(NULL::trips, :rows::jsonb)
), kept AS (
    INSERT INTO trips AS kept SELECT * FROM found
    ON CONFLICT (device_id, started_at) DO UPDATE SET
        ended_at = excluded.ended_at, is_open = excluded.is_open, distance_m = excluded.distance_m,
        moving_s = excluded.moving_s, idle_s = excluded.idle_s,
        top_speed_mps = excluded.top_speed_mps, mean_speed_mps = excluded.mean_speed_mps,
        start_latitude = excluded.start_latitude, start_longitude = excluded.start_longitude,
        end_latitude = excluded.end_latitude, end_longitude = excluded.end_longitude,
        start_odometer_m = excluded.start_odometer_m, end_odometer_m = excluded.end_odometer_m,
        fuel_used_l = excluded.fuel_used_l, fuel_used_percent = excluded.fuel_used_percent, fixes = excluded.fixes
    WHERE (kept.*) IS DISTINCT FROM (excluded.*)
    RETURNING device_id, started_at, is_open
)
SELECT kept.device_id, kept.started_at FROM kept LEFT JOIN trips AS before USING (device_id, started_at)
WHERE NOT kept.is_open OR NOT before.is_open;

-- name: remove_stale_stops!
-- Remove the stops of these stretches that are not found any more.
DELETE FROM stops USING unnest(:device_ids::integer[], :since::timestamptz[], :until::timestamptz[]) AS span (device_id, since, until)
WHERE stops.device_id = span.device_id AND started_at >= span.since AND started_at < span.until
  AND (stops.device_id, started_at) NOT IN (
      SELECT device_id, started_at FROM jsonb_populate_recordset(NULL::stops, :rows::jsonb));

-- name: keep_stops!
-- Keep the stops found.
INSERT INTO stops AS kept (device_id, started_at, ended_at, is_open, latitude, longitude, spread_m, quiet_from, quiet_until)
SELECT device_id, started_at, ended_at, is_open, latitude, longitude, spread_m, quiet_from, quiet_until
FROM jsonb_populate_recordset(NULL::stops, :rows::jsonb)
ON CONFLICT (device_id, started_at) DO UPDATE SET
    ended_at = excluded.ended_at, is_open = excluded.is_open,
    latitude = excluded.latitude, longitude = excluded.longitude, spread_m = excluded.spread_m,
    quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until
WHERE (kept.ended_at, kept.is_open, kept.latitude, kept.longitude, kept.spread_m, kept.quiet_from, kept.quiet_until) IS DISTINCT FROM
    (excluded.ended_at, excluded.is_open, excluded.latitude, excluded.longitude, excluded.spread_m, excluded.quiet_from, excluded.quiet_until);

-- name: sum_idling!
-- Enter in the stops found how long the engine idled in them, by the events of that kind.
UPDATE stops SET idle_s = idled.seconds
FROM jsonb_populate_recordset(NULL::stops, :rows::jsonb) AS found
CROSS JOIN LATERAL (
    SELECT coalesce(sum(extract(epoch FROM
        least(coalesce(e.ended_at, found.ended_at), found.ended_at) - greatest(e.started_at, found.started_at)
    )), 0)::double precision AS seconds
    FROM events e
    WHERE e.device_id = found.device_id AND e.kind = 'idling' AND e.started_at < found.ended_at
      AND e.started_at > found.started_at - interval '1 day' AND (e.ended_at IS NULL OR e.ended_at > found.started_at)
) AS idled
WHERE stops.device_id = found.device_id AND stops.started_at = found.started_at AND stops.idle_s <> idled.seconds;

-- name: remove_stale_visits!
-- Remove the visits of these stretches that are not found any more.
DELETE FROM geofence_visits AS visit
USING unnest(:device_ids::integer[], :since::timestamptz[], :until::timestamptz[]) AS span (device_id, since, until)
WHERE visit.device_id = span.device_id AND entered_at >= span.since AND entered_at < span.until
  AND (visit.device_id, geofence_id, entered_at) NOT IN (
      SELECT device_id, geofence_id, entered_at FROM jsonb_populate_recordset(NULL::geofence_visits, :rows::jsonb));

-- name: keep_visits!
-- Keep the visits found.
INSERT INTO geofence_visits AS kept SELECT * FROM jsonb_populate_recordset(NULL::geofence_visits, :rows::jsonb)
ON CONFLICT (device_id, geofence_id, entered_at) DO UPDATE SET left_at = excluded.left_at
WHERE kept.left_at IS DISTINCT FROM excluded.left_at;

-- name: remove_stale_events
-- Remove the events of these stretches that are not found any more; which these were.
DELETE FROM events USING unnest(:device_ids::integer[], :since::timestamptz[], :until::timestamptz[]) AS span (device_id, since, until)
WHERE events.device_id = span.device_id AND started_at >= span.since AND started_at < span.until
  AND (events.device_id, started_at, kind, geofence_id) NOT IN (
      SELECT device_id, started_at, kind, geofence_id FROM jsonb_populate_recordset(NULL::events, :rows::jsonb))
RETURNING events.device_id, started_at, kind, geofence_id, ended_at;

-- name: keep_events
-- Keep the events found; those that are new or not as before, and whether each is new.
INSERT INTO events AS kept SELECT * FROM jsonb_populate_recordset(NULL::events, :rows::jsonb)
ON CONFLICT (device_id, started_at, kind, geofence_id) DO UPDATE SET
    ended_at = excluded.ended_at, latitude = excluded.latitude, longitude = excluded.longitude,
    value = excluded.value, limit_value = excluded.limit_value, detail = excluded.detail, fixes = excluded.fixes
WHERE (kept.*) IS DISTINCT FROM (excluded.*)
RETURNING device_id, started_at, kind, geofence_id, ended_at, xmax = 0 AS is_new;

-- name: end_events
-- Say of events that began before when they ended, or that they go on; those that this changes.
UPDATE events SET ended_at = found.ended_at
FROM jsonb_populate_recordset(NULL::events, :rows::jsonb) AS found
WHERE events.device_id = found.device_id AND events.started_at = found.started_at AND events.kind = found.kind
  AND events.geofence_id = 0 AND events.ended_at IS DISTINCT FROM found.ended_at
RETURNING events.device_id, events.started_at, events.kind, events.geofence_id, events.ended_at;

-- name: move_alert_event!
-- An event that led to an alert began at another moment than was thought.
WITH moved AS (
    UPDATE alert_events SET started_at = :moved_to
    WHERE device_id = :device_id AND started_at = :started_at AND kind = :kind AND geofence_id = :geofence_id
    RETURNING alert_id
)
UPDATE alerts
SET first_event_at = CASE first_event_at WHEN :started_at THEN :moved_to ELSE first_event_at END,
    latest_event_at = CASE latest_event_at WHEN :started_at THEN :moved_to ELSE latest_event_at END
FROM moved WHERE id = alert_id;

-- name: list_alerted_events
-- Those of some events that led to an alert.
SELECT a.device_id, a.started_at, a.kind, a.geofence_id
FROM jsonb_populate_recordset(NULL::events, :rows::jsonb) AS found
JOIN alert_events a ON (a.device_id, a.started_at, a.kind, a.geofence_id)
    = (found.device_id, found.started_at, found.kind, found.geofence_id);
