DROP VIEW current_drivers;
ALTER TABLE driver_assignments
    DROP CONSTRAINT driver_assignments_kind_substitute,
    DROP COLUMN instead_of_vehicle_id,
    DROP COLUMN instead_of_driver_id;
