-- The fleet's own records: what a vehicle is, who drives it when, what must not expire, how far it has gone.

-- Pictures and scans, kept here so that a backup has them.
CREATE TABLE files (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    media_type text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp', 'application/pdf')),
    content    bytea NOT NULL CHECK (length(content) <= 10 * 1024 * 1024),
    created_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE vehicles
    ADD COLUMN plate       text NOT NULL DEFAULT '' CHECK (length(plate) <= 20),
    ADD COLUMN vin         text NOT NULL DEFAULT '' CHECK (vin ~ '^([A-HJ-NPR-Z0-9]{17})?$'),
    ADD COLUMN make        text NOT NULL DEFAULT '' CHECK (length(make) <= 100),
    ADD COLUMN model       text NOT NULL DEFAULT '' CHECK (length(model) <= 100),
    ADD COLUMN year        smallint CHECK (year BETWEEN 1900 AND 2100),
    ADD COLUMN seats       smallint CHECK (seats BETWEEN 0 AND 500),
    ADD COLUMN depot_id    integer REFERENCES depots ON DELETE RESTRICT,
    ADD COLUMN fuel        text NOT NULL DEFAULT 'diesel'
        CHECK (fuel IN ('diesel', 'petrol', 'electric', 'hybrid', 'gas', 'hydrogen', 'other')),
    ADD COLUMN tank_l      real CHECK (tank_l BETWEEN 0 AND 5000),
    ADD COLUMN status      text NOT NULL DEFAULT 'in service'
        CHECK (status IN ('in service', 'in the workshop', 'spare', 'out of service')),
    ADD COLUMN notes       text NOT NULL DEFAULT '' CHECK (length(notes) <= 2000),
    ADD COLUMN photo_id    integer REFERENCES files ON DELETE SET NULL,
    ADD COLUMN version     integer NOT NULL DEFAULT 1,
    ADD COLUMN archived_at timestamptz,
    ADD CONSTRAINT vehicles_kind_check
        CHECK (kind IN ('bus', 'minibus', 'van', 'car', 'truck', 'trailer', 'motorcycle', 'machine', 'other'));
CREATE INDEX vehicles_depot ON vehicles (depot_id);
-- A plate moves on when its vehicle has left the fleet; spaces and capitals do not make another one.
CREATE UNIQUE INDEX vehicles_plate_key ON vehicles (upper(replace(plate, ' ', '')))
    WHERE plate <> '' AND archived_at IS NULL;
CREATE UNIQUE INDEX vehicles_vin_key ON vehicles (vin) WHERE vin <> '' AND archived_at IS NULL;

ALTER TABLE devices
    ADD COLUMN model   text NOT NULL DEFAULT '' CHECK (length(model) <= 100),
    ADD COLUMN phone   text NOT NULL DEFAULT '' CHECK (length(phone) <= 40),
    ADD COLUMN notes   text NOT NULL DEFAULT '' CHECK (length(notes) <= 2000),
    ADD COLUMN version integer NOT NULL DEFAULT 1;

CREATE TABLE drivers (
    id                 integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name               text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    staff_number       text NOT NULL DEFAULT '' CHECK (length(staff_number) <= 40),
    phone              text NOT NULL DEFAULT '' CHECK (length(phone) <= 40),
    licence_number     text NOT NULL DEFAULT '' CHECK (length(licence_number) <= 40),
    licence_classes    text NOT NULL DEFAULT '' CHECK (length(licence_classes) <= 40),
    licence_expires_on date,
    medical_expires_on date,
    status             text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'on leave', 'suspended', 'left')),
    depot_id           integer REFERENCES depots ON DELETE RESTRICT,
    user_id            integer UNIQUE REFERENCES users ON DELETE SET NULL,
    notes              text NOT NULL DEFAULT '' CHECK (length(notes) <= 2000),
    version            integer NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL DEFAULT now(),
    archived_at        timestamptz
);
CREATE INDEX drivers_depot ON drivers (depot_id);
CREATE UNIQUE INDEX drivers_staff_number_key ON drivers (staff_number)
    WHERE staff_number <> '' AND archived_at IS NULL;

-- Papers of a vehicle or a driver, with the day on which they are worth nothing any more.
CREATE TABLE documents (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vehicle_id  integer REFERENCES vehicles ON DELETE RESTRICT,
    driver_id   integer REFERENCES drivers ON DELETE RESTRICT,
    kind        text NOT NULL CHECK (kind IN
        ('registration', 'insurance', 'inspection', 'permit', 'lease', 'licence', 'medical', 'training', 'other')),
    number      text NOT NULL DEFAULT '' CHECK (length(number) <= 100),
    expires_on  date,
    notes       text NOT NULL DEFAULT '' CHECK (length(notes) <= 2000),
    file_id     integer REFERENCES files ON DELETE RESTRICT,
    version     integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz,
    CONSTRAINT documents_one_owner CHECK (num_nonnulls(vehicle_id, driver_id) = 1)
);
CREATE INDEX documents_vehicle ON documents (vehicle_id);
CREATE INDEX documents_driver ON documents (driver_id);
CREATE INDEX documents_expires_on ON documents (expires_on) WHERE archived_at IS NULL;

-- How far a vehicle has gone, as somebody or something read it; the newest reading is where it stands.
CREATE TABLE odometer_readings (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vehicle_id    integer NOT NULL REFERENCES vehicles ON DELETE RESTRICT,
    read_at       timestamptz NOT NULL,
    odometer_m    double precision NOT NULL CHECK (odometer_m BETWEEN 0 AND 1e10),
    source        text NOT NULL CHECK (source IN ('entered', 'device', 'track', 'service', 'import')),
    is_correction boolean NOT NULL DEFAULT false,
    notes         text NOT NULL DEFAULT '' CHECK (length(notes) <= 500),
    user_id       integer REFERENCES users ON DELETE SET NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (vehicle_id, read_at, source)
);
COMMENT ON COLUMN odometer_readings.is_correction IS 'whether it may be lower than the one before: a new instrument, or a typing error put right';

-- Who drives what from when to when. Nobody drives two vehicles at once, and no vehicle has two drivers.
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE driver_assignments (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vehicle_id integer NOT NULL REFERENCES vehicles ON DELETE RESTRICT,
    driver_id  integer NOT NULL REFERENCES drivers ON DELETE RESTRICT,
    during     tstzrange NOT NULL CHECK (
        NOT isempty(during) AND NOT lower_inf(during) AND lower_inc(during) AND NOT upper_inc(during)),
    kind       text NOT NULL DEFAULT 'regular' CHECK (kind IN ('regular', 'substitute')),
    notes      text NOT NULL DEFAULT '' CHECK (length(notes) <= 500),
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT driver_assignments_vehicle_once EXCLUDE USING gist (vehicle_id WITH =, during WITH &&),
    CONSTRAINT driver_assignments_driver_once EXCLUDE USING gist (driver_id WITH =, during WITH &&)
);

-- Which vehicle a device sat in when, kept by the trigger below: a device that moves takes no history along.
CREATE TABLE device_installations (
    device_id  integer NOT NULL REFERENCES devices ON DELETE CASCADE,
    vehicle_id integer NOT NULL REFERENCES vehicles ON DELETE CASCADE,
    during     tstzrange NOT NULL CHECK (NOT isempty(during)),
    CONSTRAINT device_installations_device_once EXCLUDE USING gist (device_id WITH =, during WITH &&)
);
CREATE INDEX device_installations_vehicle ON device_installations (vehicle_id);

CREATE FUNCTION keep_installations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM device_installations WHERE device_id = NEW.id AND lower(during) = now();
    UPDATE device_installations SET during = tstzrange(lower(during), now())
    WHERE device_id = NEW.id AND upper_inf(during);
    -- What a device sent before it was first put into a vehicle here is that vehicle's too.
    IF NEW.vehicle_id IS NOT NULL THEN
        INSERT INTO device_installations (device_id, vehicle_id, during)
        SELECT NEW.id, NEW.vehicle_id, tstzrange(max(CASE WHEN during IS NOT NULL THEN now() END), NULL)
        FROM (SELECT during FROM device_installations WHERE device_id = NEW.id) AS earlier;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER device_installed AFTER INSERT ON devices
    FOR EACH ROW WHEN (NEW.vehicle_id IS NOT NULL) EXECUTE FUNCTION keep_installations();
CREATE TRIGGER device_moved AFTER UPDATE OF vehicle_id ON devices
    FOR EACH ROW WHEN (NEW.vehicle_id IS DISTINCT FROM OLD.vehicle_id) EXECUTE FUNCTION keep_installations();
INSERT INTO device_installations (device_id, vehicle_id, during)
SELECT id, vehicle_id, tstzrange(NULL, NULL) FROM devices WHERE vehicle_id IS NOT NULL;

-- Where each driver was while they drove, and nothing of where they were otherwise.
CREATE VIEW driver_locations AS
SELECT a.driver_id, a.vehicle_id, p.device_id, p.fix_time, p.received_at, p.latitude, p.longitude, p.speed_mps, p.course
FROM driver_assignments a
JOIN device_installations i ON i.vehicle_id = a.vehicle_id AND i.during && a.during
JOIN positions p ON p.device_id = i.device_id
    AND p.fix_time >= greatest(lower(a.during), lower(i.during))
    AND p.fix_time < coalesce(least(upper(a.during), upper(i.during)), 'infinity');
