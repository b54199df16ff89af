-- name: record_change$
-- Write who changed which record how; the one way into audit_log.
SELECT record_change(:user_id, :request_id, :action, :table, :record_id, :before, :after);

-- name: list_changes
-- What happened to some records, each given by its table and id, the latest first.
SELECT audit_log.id, at, table_name, action, before, after, request_id,
       coalesce(nullif(users.name, ''), users.email) AS who
FROM unnest(:tables::text[], :record_ids::bigint[]) AS told (table_name, record_id)
JOIN audit_log USING (table_name, record_id)
LEFT JOIN users ON users.id = audit_log.user_id
ORDER BY audit_log.id DESC LIMIT :most;

-- name: find_version$
-- A record as it was in an earlier version.
SELECT after FROM audit_log
WHERE table_name = :table AND record_id = :record_id AND (after ->> 'version')::integer = :version
ORDER BY id DESC LIMIT 1;

-- name: find_last_change^
-- Who changed a record last, and when.
SELECT at, coalesce(nullif(users.name, ''), users.email) AS who
FROM audit_log LEFT JOIN users ON users.id = audit_log.user_id
WHERE table_name = :table AND record_id = :record_id
ORDER BY audit_log.id DESC LIMIT 1;

-- name: find_audit_mark$
-- The number of the newest change.
SELECT coalesce(max(id), 0) FROM audit_log;

-- name: list_changed_since
-- The ids of the records of a table that were changed after this number.
SELECT DISTINCT record_id FROM audit_log WHERE table_name = :table AND id > :mark;
