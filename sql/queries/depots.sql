-- name: list_depots
-- Every depot that matches, for a list that sorts and pages over it.
SELECT * FROM depots
WHERE (:search = '' OR strpos(lower(name || ' ' || address), lower(:search)) > 0)
  AND (archived_at IS NOT NULL) = :archived
  AND (:depot_ids::integer[] IS NULL OR id = ANY(:depot_ids));

-- name: list_depot_names
-- Depots by name, for whoever picks one, or those of these ids: id, name, whether it is archived.
SELECT id, name, archived_at IS NOT NULL AS archived FROM depots
WHERE (:ids::integer[] IS NULL OR id = ANY(:ids))
  AND (:search = '' OR strpos(lower(name), lower(:search)) > 0)
  AND (:depot_ids::integer[] IS NULL OR id = ANY(:depot_ids))
ORDER BY archived, lower(name) = lower(:search) DESC, lower(name), id LIMIT :most;

-- name: get_depot
-- One depot, where it is within reach.
SELECT * FROM depots
WHERE id = :id AND (:depot_ids::integer[] IS NULL OR id = ANY(:depot_ids));

-- name: add_depot
-- A new depot.
INSERT INTO depots (name, address, latitude, longitude)
VALUES (:name, :address, :latitude, :longitude) RETURNING *;

-- name: change_depot
-- Change a depot that nobody else has changed since this version.
UPDATE depots
SET name = :name, address = :address, latitude = :latitude, longitude = :longitude, version = version + 1
WHERE id = :id AND version = :version RETURNING *;

-- name: archive_depot
-- Put a depot out of the way; its history stays.
UPDATE depots SET archived_at = now(), version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NULL RETURNING *;

-- name: restore_depot
-- Bring an archived depot back.
UPDATE depots SET archived_at = NULL, version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NOT NULL RETURNING *;
