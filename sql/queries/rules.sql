-- name: list_rules
-- The fleet's rules and those of vehicles within reach that match, for a list that sorts and pages over it.
SELECT rules.*, coalesce(vehicles.number_order, '') AS vehicle_order,
       array_position(ARRAY[
           'overspeed', 'harsh_braking', 'harsh_acceleration', 'harsh_cornering', 'idling', 'unauthorised', 'off_route',
           'fence_enter', 'fence_leave', 'fence_dwell', 'tow', 'fuel_drop', 'power_cut', 'low_battery', 'offline',
           'ignition_on', 'ignition_off', 'device_alarm', 'sos'], rules.kind) AS kind_order
FROM rules LEFT JOIN vehicles ON vehicles.id = rules.vehicle_id
WHERE (:search = '' OR strpos(lower(coalesce(vehicles.fleet_number, '')), lower(:search)) > 0)
  AND (rules.archived_at IS NOT NULL) = :archived
  AND (:kind = '' OR rules.kind = :kind)
  AND (:whose = '' OR (:whose = 'fleet') = (rules.vehicle_id IS NULL))
  AND (:depot_ids::integer[] IS NULL OR rules.vehicle_id IS NULL OR vehicles.depot_id = ANY(:depot_ids));

-- name: get_rule
-- One rule: the fleet's, or that of a vehicle within reach.
SELECT rules.* FROM rules LEFT JOIN vehicles ON vehicles.id = rules.vehicle_id
WHERE rules.id = :id
  AND (:depot_ids::integer[] IS NULL OR rules.vehicle_id IS NULL OR vehicles.depot_id = ANY(:depot_ids));

-- name: add_rule
-- A rule of a vehicle; the fleet's are there already.
INSERT INTO rules (kind, vehicle_id, is_on, raises_alert, severity, threshold, lasting_s, fresh_s, schedule_id)
VALUES (:kind, :vehicle_id, :is_on, :raises_alert, :severity, :threshold, :lasting_s, :fresh_s, :schedule_id)
RETURNING *;

-- name: change_rule
-- Change a rule that nobody else has changed since this version; its kind and vehicle stay.
UPDATE rules
SET is_on = :is_on, raises_alert = :raises_alert, severity = :severity, threshold = :threshold,
    lasting_s = :lasting_s, fresh_s = :fresh_s, schedule_id = :schedule_id, version = version + 1
WHERE id = :id AND version = :version RETURNING *;

-- name: archive_rule
-- End a vehicle's own rule; the fleet's holds for it again.
UPDATE rules SET archived_at = now(), version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NULL RETURNING *;

-- name: restore_rule
-- Bring a vehicle's own rule back.
UPDATE rules SET archived_at = NULL, version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NOT NULL RETURNING *;

-- name: find_fleet_rule
-- The fleet's rule of a kind.
SELECT * FROM rules WHERE kind = :kind AND vehicle_id IS NULL;

-- name: list_rule_names
-- Rules by kind and vehicle, or those of these ids: id, name, whether it is archived.
SELECT id, name, archived
FROM (
    SELECT rules.id, concat_ws(' ', rules.kind, fleet_number) AS name, rules.archived_at IS NOT NULL AS archived,
           vehicle_id, depot_id
    FROM rules LEFT JOIN vehicles ON vehicles.id = vehicle_id
) AS named
WHERE (:ids::integer[] IS NULL OR id = ANY(:ids))
  AND (:search = '' OR strpos(lower(name), lower(:search)) > 0)
  AND (:depot_ids::integer[] IS NULL OR vehicle_id IS NULL OR depot_id = ANY(:depot_ids))
ORDER BY archived, lower(name) = lower(:search) DESC, lower(name), id LIMIT :most;
