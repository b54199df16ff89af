-- What a substitute stands in for, so that the regular assignment can resume; and who drives what now.

ALTER TABLE driver_assignments
    ADD COLUMN instead_of_vehicle_id integer REFERENCES vehicles ON DELETE RESTRICT,
    ADD COLUMN instead_of_driver_id  integer REFERENCES drivers ON DELETE RESTRICT,
    ADD CONSTRAINT driver_assignments_kind_substitute CHECK (
        (kind = 'substitute') = (num_nonnulls(instead_of_vehicle_id, instead_of_driver_id) > 0));

-- Who drives each vehicle at this moment; a vehicle that nobody drives is not in it.
CREATE VIEW current_drivers AS
SELECT a.vehicle_id, a.driver_id, d.name, a.id AS assignment_id, a.kind,
       lower(a.during) AS starts_at, upper(a.during) AS ends_at
FROM driver_assignments a JOIN drivers d ON d.id = a.driver_id
WHERE a.during @> now();
