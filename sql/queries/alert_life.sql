-- name: list_alerts
-- Alerts that match and are within reach, in the order of work, after the one of this rank and id: what waits
-- before what somebody has in hand, the worst first, then the newest. `state` is to_do, one of
-- alert_board.standing, or empty for all. First which ones, then all of these few.
SELECT * FROM alert_board WHERE id = ANY(ARRAY(
    SELECT id FROM alert_board
    WHERE (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids))
      AND (:state = '' OR standing = :state OR (:state = 'to_do' AND standing IN ('open', 'acknowledged')))
      AND (:kind = '' OR kind = :kind)
      AND (:severity = '' OR severity = :severity)
      AND (:depot_id::integer IS NULL OR depot_id = :depot_id)
      AND (:vehicle_id::integer IS NULL OR vehicle_id = :vehicle_id)
      AND (:assigned_to::integer IS NULL OR assigned_to = :assigned_to)
      AND (:storm_id::bigint IS NULL OR storm_id = :storm_id)
      AND (:search = '' OR strpos(lower(concat_ws(' ', label, uid, geofence, assignee)), lower(:search)) > 0)
      AND (:after_id::bigint IS NULL OR rank > :after_rank OR (rank = :after_rank AND id < :after_id))
    ORDER BY rank, id DESC LIMIT :most))
ORDER BY rank, id DESC;

-- name: list_alert_lines
-- The same, with the alerts of one storm as one line: the first of them, and how many they are.
WITH matching AS (
    SELECT id, rank, standing, coalesce(storm_id, -id) AS line FROM alert_board
    WHERE (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids))
      AND standing <> 'resolved'
      AND (:state = '' OR standing = :state OR (:state = 'to_do' AND standing IN ('open', 'acknowledged')))
      AND (:kind = '' OR kind = :kind)
      AND (:severity = '' OR severity = :severity)
      AND (:depot_id::integer IS NULL OR depot_id = :depot_id)
      AND (:vehicle_id::integer IS NULL OR vehicle_id = :vehicle_id)
      AND (:assigned_to::integer IS NULL OR assigned_to = :assigned_to)
      AND (:search = '' OR strpos(lower(concat_ws(' ', label, uid, geofence, assignee)), lower(:search)) > 0)
), lines AS (
    SELECT line, min(rank) AS rank, (array_agg(id ORDER BY rank, id DESC))[1] AS id, count(*) AS alerts,
           count(*) FILTER (WHERE standing = 'open') AS waiting
    FROM matching GROUP BY line
), part AS (
    SELECT * FROM lines
    WHERE :after_id::bigint IS NULL OR rank > :after_rank OR (rank = :after_rank AND id < :after_id)
    ORDER BY rank, id DESC LIMIT :most
)
SELECT b.*, part.alerts, part.waiting
FROM alert_board b JOIN part ON part.id = b.id WHERE b.id = ANY(ARRAY(SELECT id FROM part))
ORDER BY part.rank, b.id DESC;

-- name: count_alerts$
-- How many alerts match and are within reach.
SELECT count(*) FROM alert_board
WHERE (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids))
  AND (:state = '' OR standing = :state OR (:state = 'to_do' AND standing IN ('open', 'acknowledged')))
  AND (:kind = '' OR kind = :kind)
  AND (:severity = '' OR severity = :severity)
  AND (:depot_id::integer IS NULL OR depot_id = :depot_id)
  AND (:vehicle_id::integer IS NULL OR vehicle_id = :vehicle_id)
  AND (:assigned_to::integer IS NULL OR assigned_to = :assigned_to)
  AND (:storm_id::bigint IS NULL OR storm_id = :storm_id)
  AND (:search = '' OR strpos(lower(concat_ws(' ', label, uid, geofence, assignee)), lower(:search)) > 0);

-- name: count_open_alerts^
-- How many alerts within reach wait for somebody, how many of them are critical, and the newest of them.
SELECT count(*), count(*) FILTER (WHERE severity = 'critical'), coalesce(max(id), 0) FROM alert_board
WHERE standing = 'open' AND (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids));

-- name: list_alert_news
-- Alerts within reach that wait for somebody, raised after this one, but for mere information; the newest first.
SELECT * FROM alert_board
WHERE standing = 'open' AND severity <> 'info' AND id > :after
  AND (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids))
ORDER BY id DESC LIMIT :most;

-- name: get_alert
-- One alert within reach, with who drove its vehicle when it began, where they are within reach too.
SELECT b.*, driver.id AS driver_id, driver.name AS driver, (
    SELECT count(*) FROM alert_board same
    WHERE same.storm_id = b.storm_id AND same.standing <> 'resolved'
      AND (:depot_ids::integer[] IS NULL OR same.depot_id = ANY(:depot_ids))) AS storm_alerts
FROM alert_board b
LEFT JOIN drivers driver ON driver.id = find_driver(b.vehicle_id, b.latest_event_at)
    AND (:depot_ids::integer[] IS NULL OR driver.depot_id = ANY(:depot_ids))
WHERE b.id = :id AND (:depot_ids::integer[] IS NULL OR b.depot_id = ANY(:depot_ids));

-- name: list_alert_events
-- What led to an alert, the newest first: its events with the fixes that show them; one that lasts without a fix, such
-- as a silence, has none.
SELECT k.started_at, e.ended_at, e.latitude, e.longitude, e.value, e.limit_value, e.detail, e.fixes
FROM alert_events k
LEFT JOIN events e USING (device_id, started_at, kind, geofence_id)
WHERE k.alert_id = :id ORDER BY k.started_at DESC LIMIT :most;

-- name: find_fix_at^
-- Where a device was at a moment, by the fix of that very time.
SELECT latitude, longitude FROM positions WHERE device_id = :device_id AND fix_time = :at;

-- name: list_alert_steps
-- The life of an alert, the latest first; who took a step, null where the product itself did.
SELECT s.at, s.action, s.detail, coalesce(nullif(u.name, ''), u.email) AS who
FROM alert_steps s LEFT JOIN users u ON u.id = s.user_id
WHERE s.alert_id = :id ORDER BY s.id DESC LIMIT :most;

-- name: list_assignees
-- Who can be given an alert: everybody of these roles whose rights reach its vehicle, or only this one.
SELECT id, coalesce(nullif(name, ''), email) AS name FROM users
WHERE disabled_at IS NULL AND role = ANY(:roles) AND (:user_id::integer IS NULL OR id = :user_id)
  AND (scope = 'fleet' OR EXISTS (
      SELECT FROM user_scopes WHERE user_id = users.id AND depot_id = :depot_id::integer))
ORDER BY lower(coalesce(nullif(name, ''), email)), id;

-- name: lock_alerts
-- Those of these alerts that are within reach, or those of a storm, for whoever is about to change them.
SELECT a.id, a.state, a.version
FROM alerts a LEFT JOIN vehicles v ON v.id = a.vehicle_id
WHERE (a.id = ANY(:ids::bigint[]) OR (a.storm_id = :storm_id::bigint AND a.state <> 'resolved'))
  AND (:depot_ids::integer[] IS NULL OR v.depot_id = ANY(:depot_ids))
ORDER BY a.device_id, a.kind, a.geofence_id, a.id FOR UPDATE OF a;

-- name: acknowledge_alerts
-- Somebody has these open alerts in hand, so nobody else is told of them.
UPDATE alerts SET state = 'acknowledged', escalates_at = NULL, snoozed_until = NULL, version = version + 1
WHERE id = ANY(:ids::bigint[]) AND state = 'open' RETURNING id;

-- name: assign_alerts
-- These alerts are for this person to look after, or for nobody any more.
UPDATE alerts SET assigned_to = :assigned_to, version = version + 1
WHERE id = ANY(:ids::bigint[]) AND state <> 'resolved' AND assigned_to IS DISTINCT FROM :assigned_to RETURNING id;

-- name: snooze_alerts
-- Let these alerts rest until this moment; none is told of while it does.
UPDATE alerts SET snoozed_until = :until, version = version + 1
WHERE id = ANY(:ids::bigint[]) AND state <> 'resolved' RETURNING id;

-- name: note_alerts
-- Somebody has written something down about these alerts.
UPDATE alerts SET version = version + 1 WHERE id = ANY(:ids::bigint[]) RETURNING id;

-- name: resolve_alerts
-- These alerts are done with; what happens again raises another.
UPDATE alerts SET state = 'resolved', resolved_at = now(), escalates_at = NULL, snoozed_until = NULL,
    version = version + 1
WHERE id = ANY(:ids::bigint[]) AND state <> 'resolved' RETURNING id;

-- name: reopen_alerts
-- These alerts were not done with: they wait for somebody again, and count to their next level from now on.
UPDATE alerts SET state = 'open', resolved_at = NULL, version = version + 1, level = 0,
    escalates_at = now() + wait_for_next_level(severity, 0)
WHERE id = ANY(:ids::bigint[]) AND state = 'resolved' RETURNING id;

-- name: find_unresolved_alert$
-- The unresolved alert of the same cause as this one.
SELECT other.id FROM alerts a JOIN alerts other USING (device_id, kind, geofence_id)
WHERE a.id = :id AND other.resolved_at IS NULL;
