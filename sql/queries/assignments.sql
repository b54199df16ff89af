-- name: lock_assignments$
-- Let one writer at a time cut and join assignments, until the transaction ends: two cannot deadlock.
SELECT pg_advisory_xact_lock(hashtext('driver_assignments'));

-- name: list_driver_assignments
-- Every assignment that matches and is within reach with both its vehicle and its driver, for a list that
-- sorts and pages over it; those that touch the time from :since to :until, given as texts, empty for ever.
SELECT a.id, a.vehicle_id, a.driver_id, lower(a.during) AS starts_at, upper(a.during) AS ends_at, a.kind,
       a.instead_of_vehicle_id, a.instead_of_driver_id, a.notes, a.version, a.created_at
FROM driver_assignments a
JOIN vehicles v ON v.id = a.vehicle_id
JOIN drivers d ON d.id = a.driver_id
WHERE (:depot_ids::integer[] IS NULL OR (v.depot_id = ANY(:depot_ids) AND d.depot_id = ANY(:depot_ids)))
  AND (:search = '' OR strpos(lower(v.fleet_number || ' ' || d.name || ' ' || d.staff_number), lower(:search)) > 0)
  AND NOT :archived
  AND (:vehicle_id = '' OR a.vehicle_id = nullif(:vehicle_id, '')::integer)
  AND (:driver_id = '' OR a.driver_id = nullif(:driver_id, '')::integer)
  AND a.during && tstzrange(nullif(:since, '')::timestamptz, nullif(:until, '')::timestamptz);

-- name: get_assignment
-- One assignment, where both its vehicle and its driver are within reach.
SELECT a.id, a.vehicle_id, a.driver_id, lower(a.during) AS starts_at, upper(a.during) AS ends_at, a.kind,
       a.instead_of_vehicle_id, a.instead_of_driver_id, a.notes, a.version, a.created_at
FROM driver_assignments a
JOIN vehicles v ON v.id = a.vehicle_id
JOIN drivers d ON d.id = a.driver_id
WHERE a.id = :id
  AND (:depot_ids::integer[] IS NULL OR (v.depot_id = ANY(:depot_ids) AND d.depot_id = ANY(:depot_ids)));

-- name: add_assignment
-- A new assignment.
INSERT INTO driver_assignments
    (vehicle_id, driver_id, during, kind, instead_of_vehicle_id, instead_of_driver_id, notes)
VALUES (:vehicle_id, :driver_id, tstzrange(:starts_at, :ends_at), :kind,
        :instead_of_vehicle_id, :instead_of_driver_id, :notes)
RETURNING id, vehicle_id, driver_id, lower(during) AS starts_at, upper(during) AS ends_at, kind,
    instead_of_vehicle_id, instead_of_driver_id, notes, version, created_at;

-- name: change_assignment
-- Change an assignment that nobody else has changed since this version.
UPDATE driver_assignments
SET vehicle_id = :vehicle_id, driver_id = :driver_id, during = tstzrange(:starts_at, :ends_at), notes = :notes,
    version = version + 1
WHERE id = :id AND version = :version
RETURNING id, vehicle_id, driver_id, lower(during) AS starts_at, upper(during) AS ends_at, kind,
    instead_of_vehicle_id, instead_of_driver_id, notes, version, created_at;

-- name: remove_assignment!
-- Take an assignment away that nobody else has changed since this version; audit_log keeps what it was.
DELETE FROM driver_assignments WHERE id = :id AND version = :version;

-- name: bring_back_assignment
-- An assignment as it once was, under its own id and a version that it never had.
INSERT INTO driver_assignments
    (id, vehicle_id, driver_id, during, kind, instead_of_vehicle_id, instead_of_driver_id, notes, version, created_at)
OVERRIDING SYSTEM VALUE
VALUES (:id, :vehicle_id, :driver_id, tstzrange(:starts_at, :ends_at), :kind,
        :instead_of_vehicle_id, :instead_of_driver_id, :notes, :version, :created_at)
RETURNING id, vehicle_id, driver_id, lower(during) AS starts_at, upper(during) AS ends_at, kind,
    instead_of_vehicle_id, instead_of_driver_id, notes, version, created_at;

-- name: find_assigned_vehicle^
-- Whether a vehicle within reach is archived; nothing where it is beyond.
SELECT archived_at IS NOT NULL FROM vehicles
WHERE id = :id AND (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids));

-- name: find_assigned_driver^
-- Whether a driver within reach is archived; nothing where it is beyond.
SELECT archived_at IS NOT NULL FROM drivers
WHERE id = :id AND (:depot_ids::integer[] IS NULL OR depot_id = ANY(:depot_ids));

-- name: list_assignments_in_the_way
-- What already holds the vehicle or the driver at some of this time, the earliest first.
SELECT id, vehicle_id, driver_id, lower(during) AS starts_at, upper(during) AS ends_at
FROM driver_assignments
WHERE (vehicle_id = :vehicle_id OR driver_id = :driver_id) AND id IS DISTINCT FROM :id
  AND during && tstzrange(:starts_at, :ends_at)
ORDER BY lower(during);

-- name: list_neighbours
-- What this driver does with this vehicle right before the one moment or right from the other on.
SELECT id, upper(during) = :before AS is_before
FROM driver_assignments
WHERE vehicle_id = :vehicle_id AND driver_id = :driver_id AND (upper(during) = :before OR lower(during) = :after);

-- name: list_changes_of_action
-- All that one action changed of the assignments, by any one of its lines in audit_log, the first first.
SELECT other.id, other.record_id, other.before, other.after
FROM audit_log one JOIN audit_log other
    ON other.at = one.at AND other.table_name = one.table_name
    AND other.user_id IS NOT DISTINCT FROM one.user_id
    AND other.request_id IS NOT DISTINCT FROM one.request_id
WHERE one.id = :change_id AND one.table_name = 'driver_assignments'
ORDER BY other.id;

-- name: find_newest_change$
-- The newest line of audit_log about any of these assignments.
SELECT max(id) FROM audit_log WHERE table_name = 'driver_assignments' AND record_id = ANY(:ids);

-- name: list_assignments_of
-- What a driver drives, or who drives a vehicle: the newest first, what is ahead included.
SELECT a.id, a.vehicle_id, a.driver_id, v.fleet_number, d.name, lower(a.during) AS starts_at,
       upper(a.during) AS ends_at, a.kind, a.instead_of_vehicle_id, a.instead_of_driver_id, a.notes,
       now() <@ a.during AS is_now, lower(a.during) > now() AS is_ahead
FROM driver_assignments a
JOIN vehicles v ON v.id = a.vehicle_id
JOIN drivers d ON d.id = a.driver_id
WHERE (a.vehicle_id = :vehicle_id OR a.driver_id = :driver_id)
  AND (:depot_ids::integer[] IS NULL OR (v.depot_id = ANY(:depot_ids) AND d.depot_id = ANY(:depot_ids)))
ORDER BY lower(a.during) DESC LIMIT :most;

-- name: list_board_vehicles
-- The vehicles of the board, in its order, after the one with this number and id.
SELECT v.id, v.fleet_number, v.status, depots.name AS depot
FROM vehicles v LEFT JOIN depots ON depots.id = v.depot_id
WHERE (:depot_ids::integer[] IS NULL OR v.depot_id = ANY(:depot_ids))
  AND (:depot = '' OR depots.name = :depot)
  AND (v.archived_at IS NULL OR EXISTS (
      SELECT FROM driver_assignments a WHERE a.vehicle_id = v.id AND a.during && tstzrange(:since, :until)))
  AND (:search = '' OR strpos(lower(v.fleet_number), lower(:search)) > 0 OR EXISTS (
      SELECT FROM driver_assignments a JOIN drivers d ON d.id = a.driver_id
      WHERE a.vehicle_id = v.id AND a.during && tstzrange(:since, :until)
        AND (:depot_ids::integer[] IS NULL OR d.depot_id = ANY(:depot_ids))
        AND strpos(lower(d.name || ' ' || d.staff_number), lower(:search)) > 0))
  AND (:after_id::integer IS NULL OR (v.fleet_number, v.id) > (:after_number::text, :after_id))
ORDER BY v.fleet_number, v.id LIMIT :most;

-- name: count_board_vehicles$
-- How many vehicles the board has in all.
SELECT count(*)
FROM vehicles v LEFT JOIN depots ON depots.id = v.depot_id
WHERE (:depot_ids::integer[] IS NULL OR v.depot_id = ANY(:depot_ids))
  AND (:depot = '' OR depots.name = :depot)
  AND (v.archived_at IS NULL OR EXISTS (
      SELECT FROM driver_assignments a WHERE a.vehicle_id = v.id AND a.during && tstzrange(:since, :until)))
  AND (:search = '' OR strpos(lower(v.fleet_number), lower(:search)) > 0 OR EXISTS (
      SELECT FROM driver_assignments a JOIN drivers d ON d.id = a.driver_id
      WHERE a.vehicle_id = v.id AND a.during && tstzrange(:since, :until)
        AND (:depot_ids::integer[] IS NULL OR d.depot_id = ANY(:depot_ids))
        AND strpos(lower(d.name || ' ' || d.staff_number), lower(:search)) > 0));

-- name: list_board_assignments
-- Who drives these vehicles in this time, and what goes instead of them; a driver beyond reach has no name.
SELECT a.id, a.vehicle_id, a.driver_id, lower(a.during) AS starts_at, upper(a.during) AS ends_at, a.kind,
       a.instead_of_vehicle_id, a.instead_of_driver_id, v.fleet_number,
       CASE WHEN :depot_ids::integer[] IS NULL OR d.depot_id = ANY(:depot_ids) THEN d.name END AS driver
FROM driver_assignments a
JOIN drivers d ON d.id = a.driver_id
JOIN vehicles v ON v.id = a.vehicle_id
WHERE (a.vehicle_id = ANY(:vehicle_ids) OR a.instead_of_vehicle_id = ANY(:vehicle_ids))
  AND a.during && tstzrange(:since, :until)
ORDER BY lower(a.during);

-- name: list_free_vehicles
-- Vehicles in service that nobody drives at any of this time, those of the given one's depot first.
SELECT v.fleet_number
FROM vehicles v LEFT JOIN vehicles given ON given.id = :vehicle_id
WHERE v.archived_at IS NULL AND v.status IN ('in service', 'spare') AND v.id IS DISTINCT FROM :vehicle_id
  AND (:depot_ids::integer[] IS NULL OR v.depot_id = ANY(:depot_ids))
  AND NOT EXISTS (SELECT FROM driver_assignments a
                  WHERE a.vehicle_id = v.id AND a.during && tstzrange(:starts_at, :ends_at))
ORDER BY v.depot_id IS DISTINCT FROM given.depot_id, v.status <> 'spare', v.fleet_number LIMIT :most;

-- name: list_free_drivers
-- Active drivers who drive nothing at any of this time, those of the given vehicle's depot first.
SELECT d.name || CASE WHEN d.staff_number = '' THEN '' ELSE ' (' || d.staff_number || ')' END
FROM drivers d LEFT JOIN vehicles given ON given.id = :vehicle_id
WHERE d.archived_at IS NULL AND d.status = 'active'
  AND (:depot_ids::integer[] IS NULL OR d.depot_id = ANY(:depot_ids))
  AND NOT EXISTS (SELECT FROM driver_assignments a
                  WHERE a.driver_id = d.id AND a.during && tstzrange(:starts_at, :ends_at))
ORDER BY d.depot_id IS DISTINCT FROM given.depot_id, lower(d.name) LIMIT :most;

-- name: find_assignments
-- The assignments of these vehicles to these drivers from these moments on, to be changed.
SELECT a.id, a.vehicle_id, a.driver_id, lower(a.during) AS starts_at, upper(a.during) AS ends_at, a.kind,
       a.notes, a.version
FROM driver_assignments a
JOIN unnest(:vehicle_ids::integer[], :driver_ids::integer[], :moments::timestamptz[]) AS one (vehicle, driver, moment)
    ON a.vehicle_id = vehicle AND a.driver_id = driver AND lower(a.during) = moment
FOR UPDATE OF a;

-- name: list_assignments_of_request
-- What one request did to assignments, the first first: whether that has been changed since, and whether taking
-- it back would take another's time.
SELECT l.id AS change_id, l.record_id, one.vehicle_id, one.driver_id,
       a.version IS DISTINCT FROM (l.after ->> 'version')::integer AS is_changed,
       l.before IS NOT NULL AND EXISTS (
           SELECT FROM driver_assignments other
           WHERE (other.vehicle_id = one.vehicle_id OR other.driver_id = one.driver_id)
             AND other.during && tstzrange((l.before ->> 'starts_at')::timestamptz, (l.before ->> 'ends_at')::timestamptz)
             AND NOT EXISTS (SELECT FROM audit_log own
                             WHERE own.request_id = l.request_id AND own.table_name = l.table_name
                               AND own.record_id = other.id)) AS is_taken
FROM audit_log l
LEFT JOIN driver_assignments a ON a.id = l.record_id,
     jsonb_to_record(coalesce(l.after, l.before)) AS one (vehicle_id integer, driver_id integer)
WHERE l.request_id = :request_id AND l.table_name = 'driver_assignments'
ORDER BY l.id;
