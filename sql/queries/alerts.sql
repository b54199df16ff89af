-- name: add_alerts
-- An alert for each cause that has no unresolved one, but not for events that have been counted before; what
-- caused them is counted by attach_alert_events. In order of the causes, so that two runners cannot deadlock.
INSERT INTO alerts (kind, severity, device_id, vehicle_id, geofence_id, first_event_at, latest_event_at, level, escalates_at)
SELECT c.kind, c.severity, c.device_id, c.vehicle_id, c.geofence_id, c.started_at, c.started_at,
       at_once.level, now() + wait_for_next_level(c.severity, at_once.level)
FROM (SELECT DISTINCT ON (device_id, kind, geofence_id) *
      FROM unnest(:device_ids::integer[], :vehicle_ids::integer[], :kinds::text[], :geofence_ids::integer[],
                  :starts::timestamptz[], :severities::text[])
          AS c (device_id, vehicle_id, kind, geofence_id, started_at, severity)
      WHERE NOT EXISTS (SELECT FROM alert_events e
                        WHERE e.device_id = c.device_id AND e.started_at = c.started_at
                          AND e.kind = c.kind AND e.geofence_id = c.geofence_id)
      ORDER BY device_id, kind, geofence_id, started_at) c
CROSS JOIN LATERAL (SELECT count(*)::integer AS level FROM escalations e
                    WHERE e.severity = c.severity AND e.level = 1 AND e.after_s = 0) at_once
ORDER BY c.device_id, c.kind, c.geofence_id
ON CONFLICT (device_id, kind, geofence_id) WHERE resolved_at IS NULL DO NOTHING
RETURNING id;

-- name: attach_alert_events!
-- Count events at the unresolved alert of their cause, each once; the newest says whether it is over. One whose
-- events had all been withdrawn is told of again.
WITH causes AS (
    SELECT * FROM unnest(:device_ids::integer[], :kinds::text[], :geofence_ids::integer[], :starts::timestamptz[],
                         :are_over::boolean[]) AS c (device_id, kind, geofence_id, started_at, is_over)
), open AS (
    SELECT id, device_id, kind, geofence_id FROM alerts
    WHERE resolved_at IS NULL AND (device_id, kind, geofence_id) IN (SELECT device_id, kind, geofence_id FROM causes)
    ORDER BY device_id, kind, geofence_id FOR UPDATE
), added AS (
    INSERT INTO alert_events (alert_id, device_id, started_at, kind, geofence_id)
    SELECT open.id, device_id, started_at, kind, geofence_id
    FROM causes JOIN open USING (device_id, kind, geofence_id)
    ORDER BY device_id, started_at, kind, geofence_id
    ON CONFLICT DO NOTHING RETURNING *
), told AS (
    SELECT alert_id, count(*) AS events, min(started_at) AS earliest, max(started_at) AS latest,
           (array_agg(is_over ORDER BY started_at DESC))[1] AS is_over
    FROM added JOIN causes USING (device_id, started_at, kind, geofence_id)
    GROUP BY alert_id
)
UPDATE alerts a
SET events = a.events + told.events, first_event_at = least(first_event_at, earliest),
    latest_event_at = greatest(latest_event_at, latest),
    is_over = CASE WHEN latest >= latest_event_at THEN told.is_over ELSE a.is_over END,
    escalates_at = CASE WHEN a.events = 0 AND state = 'open'
        THEN coalesce(escalates_at, now() + wait_for_next_level(severity, level)) ELSE escalates_at END
FROM told WHERE a.id = told.alert_id;

-- name: remove_empty_alerts
-- Take back those of these alerts whose event another runner has counted in the meantime.
DELETE FROM alerts WHERE id = ANY(:ids::bigint[]) AND events = 0 RETURNING id;

-- name: add_alert_steps!
-- A step in the life of each of these alerts.
INSERT INTO alert_steps (alert_id, user_id, action, detail)
SELECT id, :user_id, :action, :detail FROM unnest(:ids::bigint[]) AS id ORDER BY id;

-- name: add_first_escalations!
-- Write who was told at once of those of these alerts whose first level waits for nothing.
INSERT INTO alert_steps (alert_id, action, detail)
SELECT a.id, 'escalated', e.role
FROM alerts a JOIN escalations e ON e.severity = a.severity AND e.level = 1
WHERE a.id = ANY(:ids::bigint[]) AND a.level = 1
ORDER BY a.id;

-- name: end_alerts
-- What raised these alerts is over, where it is their newest event that has ended.
WITH causes AS (
    SELECT * FROM unnest(:device_ids::integer[], :kinds::text[], :geofence_ids::integer[], :starts::timestamptz[])
        AS c (device_id, kind, geofence_id, started_at)
), ending AS (
    SELECT a.id FROM alerts a
    WHERE a.resolved_at IS NULL AND NOT a.is_over
      AND (a.device_id, a.kind, a.geofence_id, a.latest_event_at)
          IN (SELECT device_id, kind, geofence_id, started_at FROM causes)
    ORDER BY a.device_id, a.kind, a.geofence_id FOR UPDATE
)
UPDATE alerts SET is_over = true FROM ending WHERE alerts.id = ending.id RETURNING alerts.id;

-- name: withdraw_alert_events
-- Forget events that were none after all; the unresolved alerts that have no event left because of it.
WITH keys AS (
    SELECT * FROM unnest(:device_ids::integer[], :starts::timestamptz[], :kinds::text[], :geofence_ids::integer[])
        AS k (device_id, started_at, kind, geofence_id)
), concerned AS (
    SELECT a.id FROM alerts a
    WHERE a.id IN (SELECT alert_id FROM alert_events JOIN keys USING (device_id, started_at, kind, geofence_id))
    ORDER BY a.device_id, a.kind, a.geofence_id FOR UPDATE
), removed AS (
    DELETE FROM alert_events e USING keys k, concerned
    WHERE e.alert_id = concerned.id AND e.device_id = k.device_id AND e.started_at = k.started_at
      AND e.kind = k.kind AND e.geofence_id = k.geofence_id
    RETURNING e.alert_id, e.started_at
), left_over AS (
    SELECT concerned.id, count(e.started_at) AS events, min(e.started_at) AS earliest, max(e.started_at) AS latest
    FROM concerned LEFT JOIN alert_events e ON e.alert_id = concerned.id
        AND NOT EXISTS (SELECT FROM removed r WHERE r.alert_id = e.alert_id AND r.started_at = e.started_at)
    GROUP BY concerned.id
)
UPDATE alerts a
SET events = l.events, first_event_at = coalesce(l.earliest, first_event_at),
    latest_event_at = coalesce(l.latest, latest_event_at),
    is_over = CASE WHEN l.events = 0 THEN true ELSE is_over END,
    escalates_at = CASE WHEN l.events = 0 THEN NULL ELSE escalates_at END
FROM left_over l WHERE a.id = l.id
RETURNING CASE WHEN l.events = 0 AND a.resolved_at IS NULL THEN a.id END;

-- name: list_silences
-- Devices in a vehicle of the fleet that have been silent for longer than the rule allows at this moment, with
-- their newest fix, which no alert has counted yet. Whose ignition is off is silent by right, and whose newest fix
-- is more than a day old, or came later than that silence may last, has been for long: an import raises nothing.
SELECT p.device_id, v.id AS vehicle_id, p.fix_time, r.severity
FROM latest_positions p
JOIN devices d ON d.id = p.device_id AND d.disabled_at IS NULL
JOIN vehicles v ON v.id = d.vehicle_id AND v.archived_at IS NULL
CROSS JOIN LATERAL (
    SELECT is_on, raises_alert, severity, lasting_s FROM rules
    WHERE kind = 'offline' AND archived_at IS NULL AND (vehicle_id = v.id OR vehicle_id IS NULL)
    ORDER BY vehicle_id NULLS LAST LIMIT 1
) r
WHERE p.received_at < :now - make_interval(
          secs => (SELECT min(lasting_s) FROM rules WHERE kind = 'offline' AND archived_at IS NULL))
  AND p.received_at < :now - make_interval(secs => r.lasting_s)
  AND p.fix_time > :now - interval '1 day'
  AND p.received_at <= p.fix_time + make_interval(secs => r.lasting_s)
  AND r.is_on AND r.raises_alert
  AND p.attributes ->> 'ignition' IS DISTINCT FROM 'false'
  AND NOT EXISTS (SELECT FROM alert_events e
                  WHERE e.device_id = p.device_id AND e.started_at = p.fix_time
                    AND e.kind = 'offline' AND e.geofence_id = 0)
ORDER BY p.device_id;

-- name: list_ended_silences
-- Alerts of silences whose device has sent a newer fix, but those that another transaction has in hand. One that came
-- late, in a file perhaps, is no sign that it speaks again.
SELECT a.device_id, a.latest_event_at
FROM alerts a JOIN latest_positions p ON p.device_id = a.device_id
WHERE a.kind = 'offline' AND a.geofence_id = 0 AND a.resolved_at IS NULL AND NOT a.is_over
  AND p.fix_time > a.latest_event_at
  AND p.received_at <= p.fix_time + make_interval(
          secs => coalesce((SELECT max(lasting_s) FROM rules WHERE kind = 'offline' AND archived_at IS NULL), 600))
ORDER BY a.device_id FOR UPDATE OF a SKIP LOCKED;

-- name: try_lock_storms$
-- Whether nobody else gathers the storms of this kind, nor will until this transaction ends.
SELECT pg_try_advisory_xact_lock(hashtext('alert storms'), hashtext(:kind));

-- name: list_recent_kinds
-- The kinds of the unresolved alerts raised within so many seconds that are in no storm.
SELECT DISTINCT kind FROM alerts
WHERE resolved_at IS NULL AND storm_id IS NULL AND raised_at > now() - make_interval(secs => :within_s);

-- name: gather_storm!
-- Put the alerts of one kind raised within so many seconds into the storm that goes on, or into a new one where
-- they are many enough.
WITH recent AS (
    SELECT a.id, a.storm_id, v.depot_id
    FROM alerts a LEFT JOIN vehicles v ON v.id = a.vehicle_id
    WHERE a.kind = :kind AND a.resolved_at IS NULL AND a.raised_at > now() - make_interval(secs => :within_s)
    ORDER BY a.device_id, a.kind, a.geofence_id FOR UPDATE OF a SKIP LOCKED
), loose AS (
    SELECT count(*) AS alerts, CASE WHEN count(DISTINCT coalesce(depot_id, 0)) = 1 THEN min(depot_id) END AS depot_id
    FROM recent WHERE storm_id IS NULL
), going_on AS (
    UPDATE alert_storms s
    SET latest_at = now(), depot_id = CASE WHEN s.depot_id = loose.depot_id THEN s.depot_id END
    FROM loose
    WHERE loose.alerts > 0 AND s.id = (
        SELECT id FROM alert_storms
        WHERE kind = :kind AND latest_at > now() - make_interval(secs => :within_s) ORDER BY id DESC LIMIT 1)
    RETURNING s.id
), begun AS (
    INSERT INTO alert_storms (kind, depot_id)
    SELECT :kind, depot_id FROM loose WHERE alerts >= :least AND NOT EXISTS (SELECT FROM going_on)
    RETURNING id
)
UPDATE alerts SET storm_id = storm.id
FROM (SELECT id FROM going_on UNION ALL SELECT id FROM begun) storm, recent
WHERE alerts.id = recent.id AND recent.storm_id IS NULL;
