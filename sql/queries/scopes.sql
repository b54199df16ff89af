-- name: list_scope_depots
-- The depots within a person's reach, where that is not the whole fleet.
SELECT depot_id FROM user_scopes WHERE user_id = :user_id AND depot_id IS NOT NULL;

-- name: list_scopes
-- The depots within the reach of each of these people.
SELECT user_id, array_agg(depot_id) FROM user_scopes
WHERE user_id = ANY(:user_ids) AND depot_id IS NOT NULL GROUP BY user_id;
