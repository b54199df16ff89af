DROP FUNCTION find_place, find_driver, find_vehicle;
CREATE OR REPLACE FUNCTION keep_odometer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_vehicle integer := CASE WHEN TG_OP = 'DELETE' THEN OLD.vehicle_id ELSE NEW.vehicle_id END;
BEGIN
    PERFORM FROM vehicles WHERE id = the_vehicle FOR NO KEY UPDATE;
    UPDATE vehicles SET (odometer_m, odometer_read_at) = (
        SELECT odometer_m, read_at FROM odometer_readings WHERE vehicle_id = the_vehicle
        ORDER BY read_at DESC, id DESC LIMIT 1)
    WHERE id = the_vehicle;
    RETURN NULL;
END
$$;
DROP INDEX odometer_readings_daily, odometer_readings_entered;
DROP FUNCTION share_after, is_counted;
DROP TABLE events, geofence_visits, stops, trips, rules, geofence_vehicles, geofences, schedules, detection_due;
DROP FUNCTION read_measure;
ALTER TABLE stored_batches DROP COLUMN first_fixes, DROP COLUMN last_fixes, DROP COLUMN is_spread;
