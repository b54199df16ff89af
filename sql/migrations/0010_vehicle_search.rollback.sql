DROP TRIGGER document_kept ON documents;
DROP FUNCTION keep_next_expiry;
DROP TRIGGER odometer_read ON odometer_readings;
DROP FUNCTION keep_odometer;
DROP INDEX odometer_readings_newest, drivers_search, vehicles_search, vehicles_in_order;
ALTER TABLE vehicles RESET (fillfactor);
ALTER TABLE vehicles
    DROP COLUMN search_text, DROP COLUMN number_order, DROP COLUMN next_expiry,
    DROP COLUMN odometer_read_at, DROP COLUMN odometer_m;
DROP FUNCTION containing, natural_order;
DROP EXTENSION pg_trgm;
