-- name: list_flags
-- Every feature flag, by name.
SELECT id, name, description, enabled, roles, version, changed_at FROM feature_flags ORDER BY name;

-- name: get_flag
-- One feature flag by its name, held until the transaction ends.
SELECT id, name, description, enabled, roles, version, changed_at FROM feature_flags WHERE name = :name FOR UPDATE;

-- name: change_flag
-- Switch a flag; the flag as it is then.
UPDATE feature_flags SET enabled = :enabled, roles = :roles, version = version + 1, changed_at = now()
WHERE id = :id
RETURNING id, name, description, enabled, roles, version, changed_at;
