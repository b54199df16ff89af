DROP TABLE ingest_status;
DROP TABLE device_days;
DROP FUNCTION measure_device_day(integer, date);
DROP TABLE device_duplicates;
