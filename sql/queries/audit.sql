-- name: record_change$
-- Write who changed which record how; the one way into audit_log.
SELECT record_change(:user_id, :request_id, :action, :table, :record_id, :before, :after);

-- name: list_changes
-- What happened to some records, each given by its table and id, the latest first.
SELECT audit_log.id, at, table_name, action, before, after, request_id, user_id,
       coalesce(nullif(users.name, ''), users.email) AS who
FROM unnest(:tables::text[], :record_ids::bigint[]) AS told (table_name, record_id)
JOIN audit_log USING (table_name, record_id)
LEFT JOIN users ON users.id = audit_log.user_id
ORDER BY audit_log.id DESC LIMIT :most;

-- name: find_version$
-- A record as it was in an earlier version, as the change that made it says, or else the one that followed.
SELECT CASE WHEN (after ->> 'version')::integer = :version THEN after ELSE before END FROM audit_log
WHERE table_name = :table AND record_id = :record_id
  AND :version IN ((after ->> 'version')::integer, (before ->> 'version')::integer)
ORDER BY (after ->> 'version')::integer = :version DESC NULLS LAST, id DESC LIMIT 1;

-- name: find_last_change^
-- Who changed a record last, and when.
SELECT at, coalesce(nullif(users.name, ''), users.email) AS who
FROM audit_log LEFT JOIN users ON users.id = audit_log.user_id
WHERE table_name = :table AND record_id = :record_id
ORDER BY audit_log.id DESC LIMIT 1;

-- name: list_audit
-- Every change of every record that matches, the latest first, before the one with this id.
SELECT a.id, a.at, a.table_name, a.record_id, a.action, a.before, a.after, a.request_id,
       coalesce(nullif(u.name, ''), u.email) AS who
FROM audit_log a LEFT JOIN users u ON u.id = a.user_id
WHERE (:user_id::integer IS NULL OR a.user_id = :user_id::integer OR (:user_id = 0 AND a.user_id IS NULL))
  AND (:table = '' OR a.table_name = :table)
  AND (:action = '' OR a.action = :action)
  AND (:since::timestamptz IS NULL OR a.at >= :since::timestamptz)
  AND (:until::timestamptz IS NULL OR a.at < :until::timestamptz)
  AND (:after::bigint IS NULL OR a.id < :after::bigint)
ORDER BY a.id DESC LIMIT :limit;

-- name: count_audit$
-- How many changes match.
SELECT count(*) FROM audit_log a
WHERE (:user_id::integer IS NULL OR a.user_id = :user_id::integer OR (:user_id = 0 AND a.user_id IS NULL))
  AND (:table = '' OR a.table_name = :table)
  AND (:action = '' OR a.action = :action)
  AND (:since::timestamptz IS NULL OR a.at >= :since::timestamptz)
  AND (:until::timestamptz IS NULL OR a.at < :until::timestamptz);

-- name: list_audit_tables
-- Each table that has changes, found by jumping along the index.
WITH RECURSIVE tables AS (
    (SELECT table_name FROM audit_log ORDER BY table_name LIMIT 1)
    UNION ALL
    SELECT (SELECT a.table_name FROM audit_log a WHERE a.table_name > tables.table_name ORDER BY a.table_name LIMIT 1)
    FROM tables WHERE tables.table_name IS NOT NULL
)
SELECT table_name FROM tables WHERE table_name IS NOT NULL;

-- name: list_authors
-- Who has ever changed a record.
SELECT id, coalesce(nullif(name, ''), email) AS who FROM users
WHERE EXISTS (SELECT FROM audit_log WHERE user_id = users.id) ORDER BY who;

-- name: find_audit_mark$
-- The number of the newest change.
SELECT coalesce(max(id), 0) FROM audit_log;

-- name: list_changed_since
-- The ids of the records of a table that were changed after this number.
SELECT DISTINCT record_id FROM audit_log WHERE table_name = :table AND id > :mark;
