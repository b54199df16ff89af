DROP VIEW driver_locations;
DROP TRIGGER device_installed ON devices;
DROP TRIGGER device_moved ON devices;
DROP FUNCTION keep_installations;
DROP TABLE device_installations, driver_assignments, odometer_readings, documents;
DROP EXTENSION btree_gist;
DROP TABLE drivers;
ALTER TABLE devices DROP COLUMN model, DROP COLUMN phone, DROP COLUMN notes, DROP COLUMN version;
DROP INDEX vehicles_plate_key, vehicles_vin_key;
ALTER TABLE vehicles
    DROP CONSTRAINT vehicles_kind_check,
    DROP COLUMN plate, DROP COLUMN vin, DROP COLUMN make, DROP COLUMN model, DROP COLUMN year, DROP COLUMN seats,
    DROP COLUMN depot_id, DROP COLUMN fuel, DROP COLUMN tank_l, DROP COLUMN status, DROP COLUMN notes,
    DROP COLUMN photo_id, DROP COLUMN version, DROP COLUMN archived_at;
DROP TABLE files;
