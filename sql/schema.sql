-- The fleet, its devices, and every position they ever sent.

CREATE EXTENSION IF NOT EXISTS timescaledb;

CREATE TABLE vehicles (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fleet_number text NOT NULL UNIQUE CHECK (length(fleet_number) BETWEEN 1 AND 200),
    kind         text NOT NULL DEFAULT 'bus',
    created_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE devices (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uid         text NOT NULL UNIQUE CHECK (length(uid) BETWEEN 1 AND 200),
    vehicle_id  integer UNIQUE REFERENCES vehicles ON DELETE SET NULL,
    disabled_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- No foreign key to devices: it would cost a lookup for each of 120,000 rows a second; ingest resolves the id.
CREATE TABLE positions (
    device_id   integer NOT NULL,
    fix_time    timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    latitude    double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude   double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    speed_mps   real,
    course      real,
    altitude_m  real,
    accuracy_m  real,
    satellites  smallint,
    attributes  jsonb,
    UNIQUE (device_id, fix_time)
);
DO $$ BEGIN
    PERFORM create_hypertable('positions', by_range('fix_time', INTERVAL '1 day'), create_default_indexes => false);
END $$;

-- One row a device, its newest fix: what the live map reads. Half-empty pages keep its updates in place.
CREATE TABLE latest_positions (
    device_id   integer PRIMARY KEY REFERENCES devices ON DELETE CASCADE,
    fix_time    timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    latitude    double precision NOT NULL,
    longitude   double precision NOT NULL,
    speed_mps   real,
    course      real,
    altitude_m  real,
    accuracy_m  real,
    satellites  smallint,
    attributes  jsonb
) WITH (fillfactor = 50);

-- What was received but is no position of a known device, kept whole with the reason.
CREATE TABLE quarantine (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    source      text NOT NULL,
    topic       text NOT NULL,
    uid         text,
    reason      text NOT NULL,
    detail      text NOT NULL,
    size_bytes  integer NOT NULL,
    raw         bytea NOT NULL
);
CREATE INDEX quarantine_received_at ON quarantine (received_at);
CREATE INDEX quarantine_uid ON quarantine (uid, received_at) WHERE uid IS NOT NULL;

-- The books: every record that came in ended in exactly one of three places.
CREATE TABLE ingest_ledger (
    source      text NOT NULL,
    minute      timestamptz NOT NULL,
    received    bigint NOT NULL DEFAULT 0,
    stored      bigint NOT NULL DEFAULT 0,
    duplicate   bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0,
    ignored     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (source, minute),
    CHECK (received = stored + duplicate + quarantined)
);
COMMENT ON COLUMN ingest_ledger.ignored IS
    'messages that carry no position by their nature (a farewell, a void fix), not part of received';

CREATE TABLE users (
    id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    password_hash text NOT NULL,
    role          text NOT NULL CHECK (role IN
        ('admin', 'dispatcher', 'mechanic', 'accountant', 'driver', 'guardian', 'viewer')),
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

-- What the offline base map draws: the fleet's own places. GeoJSON geometry in longitude, latitude.
CREATE TABLE map_features (
    id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer    text NOT NULL CHECK (layer IN
        ('water', 'park', 'school', 'depot', 'street', 'stop', 'place')),
    name     text,
    geometry jsonb NOT NULL,
    properties jsonb NOT NULL DEFAULT '{}'
);

-- Roads the fleet has driven, in pieces of about 50 m, each once; jobs/ adds to them.
CREATE TABLE driven_roads (
    latitude_a  double precision NOT NULL,
    longitude_a double precision NOT NULL,
    latitude_b  double precision NOT NULL,
    longitude_b double precision NOT NULL,
    passes      bigint NOT NULL DEFAULT 1,
    last_driven timestamptz NOT NULL,
    PRIMARY KEY (latitude_a, longitude_a, latitude_b, longitude_b)
);

-- Whoever keeps devices in memory hears of a change: the payload is the uid.
CREATE FUNCTION notify_device_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('device_changed', CASE WHEN TG_OP = 'INSERT' THEN NEW.uid ELSE OLD.uid END);
    RETURN NULL;
END $$;
CREATE TRIGGER device_changed AFTER INSERT OR UPDATE OR DELETE ON devices
    FOR EACH ROW EXECUTE FUNCTION notify_device_changed();
