DROP FUNCTION find_place, find_driver, find_vehicle;
DROP TABLE events, geofence_visits, stops, trips, rules, geofence_vehicles, geofences, schedules, detection_due;
DROP FUNCTION read_measure;
ALTER TABLE stored_batches DROP COLUMN first_fixes, DROP COLUMN last_fixes, DROP COLUMN is_spread;
