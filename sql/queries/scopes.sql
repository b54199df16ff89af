-- name: list_scope_depots
-- The depots within a person's reach, where that is not the whole fleet.
SELECT depot_id FROM user_scopes WHERE user_id = :user_id AND depot_id IS NOT NULL;
