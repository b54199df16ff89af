-- name: list_escalations
-- Who is told of an unacknowledged alert, by severity and level.
SELECT severity, level, after_s, role FROM escalations ORDER BY severity, level;

-- name: lock_escalations$
-- Let one person at a time change who is told.
SELECT pg_advisory_xact_lock(hashtext('escalations'));

-- name: clear_escalations!
-- Forget who is told.
DELETE FROM escalations;

-- name: add_escalation*!
-- Who is told at one level.
INSERT INTO escalations (severity, level, after_s, role) VALUES (:severity, :level, :after_s, :role);

-- name: get_escalations_version$
-- What the escalations are at: the newest line of audit_log about them, 0 before there is one.
SELECT coalesce(max(id), 0) FROM audit_log WHERE table_name = 'escalations';

-- name: wake_alerts
-- Snoozed alerts whose time has come, open again; what waits for the next level waits from now on.
WITH due AS (
    SELECT id FROM alerts WHERE snoozed_until <= :now AND resolved_at IS NULL ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE alerts a
SET snoozed_until = NULL,
    escalates_at = CASE WHEN a.state = 'open' THEN :now + wait_for_next_level(severity, level) END
FROM due WHERE a.id = due.id RETURNING a.id;

-- name: escalate_alerts
-- Open alerts that are due for their next level, on it, each once however many runners look; the step is theirs.
WITH due AS (
    SELECT id FROM alerts
    WHERE escalates_at <= :now AND state = 'open' AND snoozed_until IS NULL ORDER BY id FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE alerts a
    SET level = coalesce(now_told.level, a.level),
        escalates_at = CASE WHEN now_told.level IS NOT NULL
            THEN :now + wait_for_next_level(a.severity, now_told.level) END
    FROM due
    JOIN alerts same ON same.id = due.id
    LEFT JOIN escalations now_told ON now_told.severity = same.severity AND now_told.level = same.level + 1
    WHERE a.id = due.id
    RETURNING a.id, now_told.role
)
INSERT INTO alert_steps (alert_id, action, detail)
SELECT id, 'escalated', role FROM moved WHERE role IS NOT NULL ORDER BY id
RETURNING alert_id, detail AS role;
