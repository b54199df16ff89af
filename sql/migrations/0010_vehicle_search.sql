-- Finding one of 50,000 vehicles while somebody types, and what a list says of each without looking it up.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Numbers inside a name count as numbers: 2 comes before 10.
CREATE FUNCTION natural_order(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(
    regexp_replace(lower(name), '([0-9]+)', repeat('0', 20) || '\1', 'g'), '[0-9]*([0-9]{20})', '\1', 'g');

-- A LIKE pattern for what holds these words anywhere; a sign that patterns use stands for itself.
CREATE FUNCTION containing(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '%' || replace(replace(replace(lower(words), '\', '\\'), '%', '\%'), '_', '\_') || '%';

-- Room in each page, so that a new reading of an odometer touches no index.
ALTER TABLE vehicles SET (fillfactor = 70);
ALTER TABLE vehicles
    ADD COLUMN odometer_m       double precision,
    ADD COLUMN odometer_read_at timestamptz,
    ADD COLUMN next_expiry      date,
    ADD COLUMN number_order     text COLLATE "C" NOT NULL GENERATED ALWAYS AS (natural_order(fleet_number)) STORED,
    ADD COLUMN search_text      text NOT NULL GENERATED ALWAYS AS (lower(
        fleet_number || ' ' || plate || ' ' || replace(plate, ' ', '') || ' ' || vin || ' ' || make || ' ' || model
    )) STORED;
COMMENT ON COLUMN vehicles.odometer_m IS 'the newest of odometer_readings, kept by keep_odometer()';
COMMENT ON COLUMN vehicles.next_expiry IS 'the next of its documents to expire, kept by keep_next_expiry()';
CREATE INDEX vehicles_in_order ON vehicles (number_order, id) WHERE archived_at IS NULL;
CREATE INDEX vehicles_search ON vehicles USING gin (search_text gin_trgm_ops);
CREATE INDEX drivers_search ON drivers USING gin (lower(name) gin_trgm_ops);

CREATE INDEX odometer_readings_newest ON odometer_readings (vehicle_id, read_at, id);

CREATE FUNCTION keep_odometer() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER odometer_read AFTER INSERT OR UPDATE OR DELETE ON odometer_readings
    FOR EACH ROW EXECUTE FUNCTION keep_odometer();

CREATE FUNCTION keep_next_expiry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_vehicle integer := CASE WHEN TG_OP = 'DELETE' THEN OLD.vehicle_id ELSE NEW.vehicle_id END;
BEGIN
    PERFORM FROM vehicles WHERE id = the_vehicle FOR NO KEY UPDATE;
    UPDATE vehicles SET next_expiry = (
        SELECT min(expires_on) FROM documents WHERE vehicle_id = the_vehicle AND archived_at IS NULL)
    WHERE id = the_vehicle;
    RETURN NULL;
END
$$;
CREATE TRIGGER document_kept AFTER INSERT OR UPDATE OR DELETE ON documents
    FOR EACH ROW EXECUTE FUNCTION keep_next_expiry();

UPDATE vehicles SET
    (odometer_m, odometer_read_at) = (
        SELECT odometer_m, read_at FROM odometer_readings WHERE vehicle_id = vehicles.id
        ORDER BY read_at DESC, id DESC LIMIT 1),
    next_expiry = (SELECT min(expires_on) FROM documents WHERE vehicle_id = vehicles.id AND archived_at IS NULL)
WHERE EXISTS (SELECT FROM odometer_readings WHERE vehicle_id = vehicles.id)
   OR EXISTS (SELECT FROM documents WHERE vehicle_id = vehicles.id);
