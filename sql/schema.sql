-- The fleet, its devices, and every position they ever sent.

CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Where vehicles live.
CREATE TABLE depots (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
    address     text NOT NULL DEFAULT '' CHECK (length(address) <= 300),
    latitude    double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude   double precision CHECK (longitude BETWEEN -180 AND 180),
    version     integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz,
    CONSTRAINT depots_longitude_goes_with_latitude CHECK ((latitude IS NULL) = (longitude IS NULL))
);

-- Pictures and scans, kept here so that a backup has them.
CREATE TABLE files (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    media_type text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp', 'application/pdf')),
    content    bytea NOT NULL CHECK (length(content) <= 10 * 1024 * 1024),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Numbers inside a name count as numbers: 2 comes before 10.
CREATE FUNCTION natural_order(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(
    regexp_replace(lower(name), '([0-9]+)', repeat('0', 20) || '\1', 'g'), '[0-9]*([0-9]{20})', '\1', 'g');

-- A LIKE pattern for what holds these words anywhere; a sign that patterns use stands for itself.
CREATE FUNCTION containing(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '%' || replace(replace(replace(lower(words), '\', '\\'), '%', '\%'), '_', '\_') || '%';

CREATE TABLE vehicles (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fleet_number text NOT NULL UNIQUE CHECK (length(fleet_number) BETWEEN 1 AND 200),
    kind         text NOT NULL DEFAULT 'bus',
    created_at   timestamptz NOT NULL DEFAULT now(),
    plate       text NOT NULL DEFAULT '' CHECK (length(plate) <= 20),
    vin         text NOT NULL DEFAULT '' CHECK (vin ~ '^([A-HJ-NPR-Z0-9]{17})?$'),
    make        text NOT NULL DEFAULT '' CHECK (length(make) <= 100),
    model       text NOT NULL DEFAULT '' CHECK (length(model) <= 100),
    year        smallint CHECK (year BETWEEN 1900 AND 2100),
    seats       smallint CHECK (seats BETWEEN 0 AND 500),
    depot_id    integer REFERENCES depots ON DELETE RESTRICT,
    fuel        text NOT NULL DEFAULT 'diesel'
        CHECK (fuel IN ('diesel', 'petrol', 'electric', 'hybrid', 'gas', 'hydrogen', 'other')),
    tank_l      real CHECK (tank_l BETWEEN 0 AND 5000),
    status      text NOT NULL DEFAULT 'in service'
        CHECK (status IN ('in service', 'in the workshop', 'spare', 'out of service')),
    notes       text NOT NULL DEFAULT '' CHECK (length(notes) <= 2000),
    photo_id    integer REFERENCES files ON DELETE SET NULL,
    version     integer NOT NULL DEFAULT 1,
    archived_at timestamptz,
    odometer_m       double precision,
    odometer_read_at timestamptz,
    next_expiry      date,
    number_order     text COLLATE "C" NOT NULL GENERATED ALWAYS AS (natural_order(fleet_number)) STORED,
    search_text      text NOT NULL GENERATED ALWAYS AS (lower(
        fleet_number || ' ' || plate || ' ' || replace(plate, ' ', '') || ' ' || vin || ' ' || make || ' ' || model
    )) STORED,
    CONSTRAINT vehicles_kind_check
        CHECK (kind IN ('bus', 'minibus', 'van', 'car', 'truck', 'trailer', 'motorcycle', 'machine', 'other'))
) WITH (fillfactor = 70);
CREATE INDEX vehicles_depot ON vehicles (depot_id);
-- A plate moves on when its vehicle has left the fleet; spaces and capitals do not make another one.
CREATE UNIQUE INDEX vehicles_plate_key ON vehicles (upper(replace(plate, ' ', '')))
    WHERE plate <> '' AND archived_at IS NULL;
CREATE UNIQUE INDEX vehicles_vin_key ON vehicles (vin) WHERE vin <> '' AND archived_at IS NULL;
COMMENT ON COLUMN vehicles.odometer_m IS 'the newest of odometer_readings, kept by keep_odometer()';
COMMENT ON COLUMN vehicles.next_expiry IS 'the next of its documents to expire, kept by keep_next_expiry()';
CREATE INDEX vehicles_in_order ON vehicles (number_order, id) WHERE archived_at IS NULL;
CREATE INDEX vehicles_search ON vehicles USING gin (search_text gin_trgm_ops);

CREATE TABLE devices (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uid         text NOT NULL UNIQUE CHECK (length(uid) BETWEEN 1 AND 200),
    vehicle_id  integer UNIQUE REFERENCES vehicles ON DELETE SET NULL,
    disabled_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    model   text NOT NULL DEFAULT '' CHECK (length(model) <= 100),
    phone   text NOT NULL DEFAULT '' CHECK (length(phone) <= 40),
    notes   text NOT NULL DEFAULT '' CHECK (length(notes) <= 2000),
    version integer NOT NULL DEFAULT 1
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
    created_at    timestamptz NOT NULL DEFAULT now(),
    name          text NOT NULL DEFAULT '' CHECK (length(name) <= 200),
    language      text NOT NULL DEFAULT 'en' CHECK (length(language) BETWEEN 2 AND 10),
    time_zone     text CHECK (length(time_zone) BETWEEN 1 AND 64),
    units         text NOT NULL DEFAULT 'metric' CHECK (units IN ('metric', 'imperial')),
    scope         text NOT NULL CHECK (scope IN ('fleet', 'depot', 'route', 'child')),
    version       integer NOT NULL DEFAULT 1,
    totp_secret   text,
    totp_confirmed_at timestamptz,
    totp_last_step bigint NOT NULL DEFAULT 0,
    CONSTRAINT users_scope_admin CHECK (role <> 'admin' OR scope = 'fleet')
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

-- A person as the pages know them: what no page may show is not in it.
CREATE VIEW accounts AS
SELECT id, email, role, disabled_at IS NOT NULL AS disabled, name, language, time_zone, units, scope,
       totp_confirmed_at IS NOT NULL AS has_second_factor
FROM users;

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

-- Repetitions leave no row in positions, so they are counted where they occur; the day is that of the fix.
CREATE TABLE device_duplicates (
    device_id integer NOT NULL,
    day       date NOT NULL,
    count     bigint NOT NULL,
    PRIMARY KEY (device_id, day)
) WITH (fillfactor = 50);

-- What became of one device's records on one UTC day: of the fix, or where it was put aside, of its receipt. A pause belongs to the day of its later fix. It is a gap
-- when it is longer than three of the device's own intervals and than 30 s. The own interval is the median of
-- the pauses of that day, one while it moves and one while it stands, for many trackers send less then; what
-- follows a fix with the ignition off is no loss and counts for neither.
CREATE FUNCTION measure_device_day(the_device integer, the_day date)
RETURNS TABLE (
    stored bigint, duplicate bigint, quarantined bigint,
    interval_s real, gaps integer, longest_gap_s real, missing_s real, missing_fixes bigint
)
LANGUAGE sql STABLE AS $$
    WITH track AS (
        (SELECT fix_time, speed_mps, attributes ->> 'ignition' AS ignition, false AS is_of_day
         FROM positions
         WHERE device_id = the_device
           AND fix_time >= (the_day - 1)::timestamp AT TIME ZONE 'UTC'
           AND fix_time < the_day::timestamp AT TIME ZONE 'UTC'
         ORDER BY fix_time DESC LIMIT 1)
        UNION ALL
        SELECT fix_time, speed_mps, attributes ->> 'ignition', true
        FROM positions
        WHERE device_id = the_device
          AND fix_time >= the_day::timestamp AT TIME ZONE 'UTC'
          AND fix_time < (the_day + 1)::timestamp AT TIME ZONE 'UTC'
    ), steps AS (
        SELECT is_of_day,
               extract(epoch FROM fix_time - lag(fix_time) OVER w)::double precision AS pause_s,
               coalesce(lag(speed_mps) OVER w < 1, false) AS is_standing,
               coalesce(lag(ignition) OVER w = 'false', false) AS is_off
        FROM track WINDOW w AS (ORDER BY fix_time)
    ), paces AS (
        SELECT is_standing, percentile_cont(0.5) WITHIN GROUP (ORDER BY pause_s) AS own_s
        FROM steps WHERE pause_s IS NOT NULL AND NOT is_off GROUP BY is_standing
    ), holes AS (
        SELECT pause_s, own_s FROM steps JOIN paces USING (is_standing)
        WHERE NOT is_off AND pause_s > greatest(3 * own_s, 30)
    )
    SELECT (SELECT count(*) FROM steps WHERE is_of_day),
           coalesce((SELECT count FROM device_duplicates WHERE device_id = the_device AND day = the_day), 0),
           (SELECT count(*) FROM quarantine
            WHERE uid = (SELECT uid FROM devices WHERE id = the_device)
              AND received_at >= the_day::timestamp AT TIME ZONE 'UTC'
              AND received_at < (the_day + 1)::timestamp AT TIME ZONE 'UTC'),
           (SELECT own_s::real FROM paces ORDER BY is_standing LIMIT 1),
           count(*)::integer,
           coalesce(max(pause_s), 0)::real,
           coalesce(sum(pause_s), 0)::real,
           coalesce(sum(round(pause_s / own_s) - 1), 0)::bigint
    FROM holes
$$;

-- A whole fleet's day, computed once by jobs/ when it is over; one device's day is measured when asked for.
CREATE TABLE device_days (
    day           date NOT NULL,
    device_id     integer NOT NULL REFERENCES devices ON DELETE CASCADE,
    received      bigint GENERATED ALWAYS AS (stored + duplicate + quarantined) STORED,
    stored        bigint NOT NULL,
    duplicate     bigint NOT NULL,
    quarantined   bigint NOT NULL,
    interval_s    real,
    gaps          integer NOT NULL,
    longest_gap_s real NOT NULL,
    missing_s     real NOT NULL,
    missing_fixes bigint NOT NULL,
    computed_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (day, device_id)
);
COMMENT ON COLUMN device_days.interval_s IS
    'median seconds between two fixes while moving (while standing where it never moved); null with fewer than two';

-- Every ingest process says here each 2 s how it does; who has not for 30 s is gone.
CREATE TABLE ingest_status (
    worker          text PRIMARY KEY,
    updated_at      timestamptz NOT NULL,
    behind_s        real NOT NULL,
    waiting_records integer NOT NULL,
    paused          boolean NOT NULL
) WITH (fillfactor = 50);

-- A family of tokens: one person on one browser or device. Only the newest refresh token of it is good.
CREATE TABLE sessions (
    id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id           integer NOT NULL REFERENCES users ON DELETE CASCADE,
    kind              text NOT NULL CHECK (kind IN ('browser', 'device')),
    device_id         text CHECK (length(device_id) <= 200),
    user_agent        text NOT NULL CHECK (length(user_agent) <= 400),
    address           text NOT NULL,
    token_id          uuid NOT NULL,
    previous_token_id uuid,
    created_at        timestamptz NOT NULL DEFAULT now(),
    rotated_at        timestamptz NOT NULL DEFAULT now(),
    expires_at        timestamptz NOT NULL,
    ended_at          timestamptz,
    end_reason        text CHECK (end_reason IN
        ('signed out', 'revoked', 'token reused', 'password changed', 'replaced'))
);
CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;

-- Sign-ins that failed or are being tried; the subject is an address or the hash of an account's name.
CREATE TABLE sign_in_attempts (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_attempts_subject ON sign_in_attempts (subject, at);
CREATE INDEX sign_in_attempts_at ON sign_in_attempts (at);

-- For whoever lost the phone with the second factor: each code works once.
CREATE TABLE recovery_codes (
    user_id   integer NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    used_at   timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- Links to choose a new password, by the hash of their token: each works once and not for long.
CREATE TABLE password_resets (
    token_hash bytea PRIMARY KEY,
    user_id    integer NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

-- Every change of a record, whoever made it: one row, written in the change's own transaction by
-- record_change and by nothing else. Nobody rewrites it.
CREATE TABLE audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    user_id    integer REFERENCES users ON DELETE SET NULL,
    table_name text NOT NULL,
    record_id  bigint NOT NULL,
    action     text NOT NULL CHECK (action IN ('add', 'change', 'archive', 'restore', 'remove')),
    before     jsonb,
    after      jsonb,
    request_id text
);
CREATE INDEX audit_log_record ON audit_log (table_name, record_id, id);
CREATE INDEX audit_log_at ON audit_log (at);

CREATE FUNCTION record_change(
    the_user integer, the_request text, the_action text, the_table text, the_record bigint,
    before jsonb, after jsonb
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO audit_log (user_id, request_id, action, table_name, record_id, before, after)
    VALUES (the_user, the_request, the_action, the_table, the_record,
            before - '{password_hash,totp_secret,totp_last_step}'::text[],
            after - '{password_hash,totp_secret,totp_last_step}'::text[])
$$;

-- What a person with users.scope 'depot', 'route' or 'child' may see; without a row, nothing.
CREATE TABLE user_scopes (
    user_id  integer NOT NULL REFERENCES users ON DELETE CASCADE,
    depot_id integer REFERENCES depots ON DELETE CASCADE,
    route_id integer,
    child_id integer,
    CHECK (num_nonnulls(depot_id, route_id, child_id) = 1),
    UNIQUE NULLS NOT DISTINCT (user_id, depot_id, route_id, child_id)
);
COMMENT ON TABLE user_scopes IS 'routes and children get their foreign keys with their tables';

-- A person as admins keep them, with the depots they reach; what nobody may read is not in it.
CREATE VIEW people AS
SELECT id, email, name, role, scope,
       ARRAY(SELECT depot_id FROM user_scopes WHERE user_id = users.id AND depot_id IS NOT NULL ORDER BY 1) AS depot_ids,
       language, time_zone, units, totp_confirmed_at IS NOT NULL AS has_second_factor,
       version, created_at, disabled_at AS archived_at
FROM users;

-- Without an admin nobody could ever make one again. The lock keeps two from demoting each other side by side.
CREATE FUNCTION keep_an_admin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('motorpool'), hashtext('admins'));
    IF NOT EXISTS (SELECT FROM users WHERE role = 'admin' AND disabled_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'users_role_last_admin', TABLE = 'users',
            MESSAGE = 'the last admin stays';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER last_admin_stays AFTER UPDATE ON users FOR EACH ROW
    WHEN (OLD.role = 'admin' AND OLD.disabled_at IS NULL AND (NEW.role <> 'admin' OR NEW.disabled_at IS NOT NULL))
    EXECUTE FUNCTION keep_an_admin();

-- What the live map shows of a vehicle, and to whom, has changed.
CREATE FUNCTION notify_vehicle_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('vehicle_changed', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER vehicle_added AFTER INSERT ON vehicles
    FOR EACH STATEMENT EXECUTE FUNCTION notify_vehicle_changed();
CREATE TRIGGER vehicle_changed AFTER UPDATE ON vehicles FOR EACH ROW
    WHEN ((OLD.depot_id, OLD.fleet_number, OLD.archived_at) IS DISTINCT FROM
          (NEW.depot_id, NEW.fleet_number, NEW.archived_at))
    EXECUTE FUNCTION notify_vehicle_changed();

-- One row a transaction of positions, written with it: which devices, over which time. jobs/ detects from it what
-- happened. A daemon under load moves latest_positions for several batches at once; latest_moved says which of
-- them still owe that, so that one that was killed in between is made up for.
CREATE TABLE stored_batches (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stored_at    timestamptz NOT NULL DEFAULT now(),
    first_fix    timestamptz NOT NULL,
    last_fix     timestamptz NOT NULL,
    device_ids   integer[] NOT NULL,
    latest_moved boolean NOT NULL,
    first_fixes  timestamptz[],
    last_fixes   timestamptz[],
    is_spread    boolean NOT NULL DEFAULT false
) WITH (fillfactor = 90);
ALTER TABLE stored_batches ALTER COLUMN device_ids SET STORAGE EXTERNAL;
CREATE INDEX stored_batches_unmoved ON stored_batches (id) WHERE NOT latest_moved;
COMMENT ON COLUMN stored_batches.first_fixes IS
    'the earliest fix of each of device_ids, and beside it the latest, where the batch spans long; else null';
CREATE INDEX stored_batches_unspread ON stored_batches (id) WHERE NOT is_spread;

-- Tells a database from its copies, so that who runs on a copy leaves the sessions of the original alone.
CREATE FUNCTION identify_database() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
    FROM pg_control_system()
$$;

-- A session outlives its process and goes on collecting messages. Its process renews seen_at each 2 s; where that
-- stops, another process with the same topics drains the session, ends it, and deletes the row.
CREATE TABLE broker_sessions (
    broker    text NOT NULL,
    client_id text NOT NULL,
    filters   text[] NOT NULL,
    worker    text NOT NULL,
    seen_at   timestamptz NOT NULL,
    database  text NOT NULL DEFAULT identify_database(),
    PRIMARY KEY (broker, client_id)
) WITH (fillfactor = 50);
COMMENT ON COLUMN broker_sessions.filters IS 'all that the session may be subscribed to, $share/… included';

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
CREATE INDEX drivers_search ON drivers USING gin (lower(name) gin_trgm_ops);

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

CREATE INDEX odometer_readings_newest ON odometer_readings (vehicle_id, read_at, id);
-- What people read and what was imported, beside what is derived: a day of that has one reading.
CREATE INDEX odometer_readings_entered ON odometer_readings (vehicle_id, read_at, id)
    WHERE source NOT IN ('device', 'track');
CREATE UNIQUE INDEX odometer_readings_daily ON odometer_readings (vehicle_id, ((read_at AT TIME ZONE 'UTC')::date))
    WHERE source IN ('device', 'track');

-- Many readings that are derived at once move a vehicle once, and those of the past not at all.
CREATE FUNCTION keep_odometer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_vehicle integer := CASE WHEN TG_OP = 'DELETE' THEN OLD.vehicle_id ELSE NEW.vehicle_id END;
    newest odometer_readings;
BEGIN
    PERFORM FROM vehicles WHERE id = the_vehicle FOR NO KEY UPDATE;
    SELECT * INTO newest FROM odometer_readings WHERE vehicle_id = the_vehicle ORDER BY read_at DESC, id DESC LIMIT 1;
    UPDATE vehicles SET odometer_m = newest.odometer_m, odometer_read_at = newest.read_at
    WHERE id = the_vehicle AND (odometer_m, odometer_read_at) IS DISTINCT FROM (newest.odometer_m, newest.read_at);
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

-- Who drives what from when to when. Nobody drives two vehicles at once, and no vehicle has two drivers.
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
    instead_of_vehicle_id integer REFERENCES vehicles ON DELETE RESTRICT,
    instead_of_driver_id  integer REFERENCES drivers ON DELETE RESTRICT,
    CONSTRAINT driver_assignments_vehicle_once EXCLUDE USING gist (vehicle_id WITH =, during WITH &&),
    CONSTRAINT driver_assignments_driver_once EXCLUDE USING gist (driver_id WITH =, during WITH &&),
    CONSTRAINT driver_assignments_kind_substitute CHECK (
        (kind = 'substitute') = (num_nonnulls(instead_of_vehicle_id, instead_of_driver_id) > 0))
);

-- Who drives each vehicle at this moment; a vehicle that nobody drives is not in it.
CREATE VIEW current_drivers AS
SELECT a.vehicle_id, a.driver_id, d.name, a.id AS assignment_id, a.kind,
       lower(a.during) AS starts_at, upper(a.during) AS ends_at
FROM driver_assignments a JOIN drivers d ON d.id = a.driver_id
WHERE a.during @> now();

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

-- Where each driver was while they drove, and nothing of where they were otherwise.
CREATE VIEW driver_locations AS
SELECT a.driver_id, a.vehicle_id, p.device_id, p.fix_time, p.received_at, p.latitude, p.longitude, p.speed_mps, p.course
FROM driver_assignments a
JOIN device_installations i ON i.vehicle_id = a.vehicle_id AND i.during && a.during
JOIN positions p ON p.device_id = i.device_id
    AND p.fix_time >= greatest(lower(a.during), lower(i.during))
    AND p.fix_time < coalesce(least(upper(a.during), upper(i.during)), 'infinity');

-- Every process says here each 2 s that it is there, what it does, and how its connections are used.
CREATE TABLE process_status (
    process          text NOT NULL CHECK (process IN ('ingest', 'jobs', 'web')),
    worker           text NOT NULL,
    started_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    doing            text NOT NULL,
    broker           text,
    broker_connected boolean,
    pool             jsonb,
    slow             jsonb NOT NULL,
    PRIMARY KEY (process, worker)
) WITH (fillfactor = 50);
COMMENT ON COLUMN process_status.worker IS 'host and process id, as in ingest_status';
COMMENT ON COLUMN process_status.pool IS 'null where a process has no pool but single connections';

-- The jobs of the process that runs them, written by it; a page asks for a run by requested_at.
CREATE TABLE scheduled_jobs (
    name         text PRIMARY KEY,
    schedule     text NOT NULL,
    next_run     timestamptz,
    requested_at timestamptz,
    requested_by integer REFERENCES users ON DELETE SET NULL
);

-- Each run of a job, the newest few hundred of each; one without an end is running, or its process died.
CREATE TABLE job_runs (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job        text NOT NULL,
    worker     text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at   timestamptz,
    outcome    text NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'done', 'failed', 'lost')),
    problem    text NOT NULL DEFAULT '' CHECK (length(problem) <= 500)
);
CREATE INDEX job_runs_job ON job_runs (job, id);

-- Switches that need no restart. Without roles a flag that is on is on for everybody and every process.
CREATE TABLE feature_flags (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
    enabled     boolean NOT NULL DEFAULT false,
    roles       text[] NOT NULL DEFAULT '{}' CHECK (roles <@
        ARRAY['admin', 'dispatcher', 'mechanic', 'accountant', 'driver', 'guardian', 'viewer']),
    version     integer NOT NULL DEFAULT 1,
    changed_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO feature_flags (name, description, enabled) VALUES
    ('driven_roads', 'Gather the roads that the fleet drives, and draw them on the base map.', true);

-- What the pages of the quarantine and of the audit log filter by, each paged by id.
CREATE INDEX quarantine_reason ON quarantine (reason, id);
CREATE INDEX audit_log_user ON audit_log (user_id, id);

-- What detection still has to look at: rows are only ever added and removed, so that nobody waits for another.
CREATE TABLE detection_due (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id integer NOT NULL,
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
CREATE INDEX detection_due_device ON detection_due (device_id);

-- A number that a device told beside its position; NaN where it told none.
CREATE FUNCTION read_measure(attributes jsonb, key text) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE jsonb_typeof(attributes -> key) WHEN 'number' THEN (attributes -> key)::double precision ELSE 'NaN' END;

-- Hours of a week by the clock of a place: "Mo-Fr 06:00-18:00, Sa 08:00-12:00".
CREATE TABLE schedules (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
    hours       text NOT NULL CHECK (length(hours) BETWEEN 1 AND 500),
    time_zone   text NOT NULL CHECK (length(time_zone) BETWEEN 1 AND 64),
    version     integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz
);

-- Places of interest. GeoJSON in longitude, latitude: a point and a radius, a ring, or a line and how far off it one may be.
CREATE TABLE geofences (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
    shape           text NOT NULL CHECK (shape IN ('circle', 'polygon', 'corridor')),
    geometry        jsonb NOT NULL,
    radius_m        double precision CHECK (radius_m BETWEEN 5 AND 200000),
    depot_id        integer REFERENCES depots ON DELETE RESTRICT,
    colour          text NOT NULL DEFAULT '#206bc4' CHECK (colour ~ '^#[0-9a-f]{6}$'),
    hysteresis_m    double precision NOT NULL DEFAULT 30 CHECK (hysteresis_m BETWEEN 0 AND 1000),
    least_visit_s   integer NOT NULL DEFAULT 30 CHECK (least_visit_s BETWEEN 0 AND 86400),
    dwell_s         integer NOT NULL DEFAULT 600 CHECK (dwell_s BETWEEN 60 AND 604800),
    speed_limit_mps double precision CHECK (speed_limit_mps BETWEEN 1 AND 100),
    schedule_id     integer REFERENCES schedules ON DELETE RESTRICT,
    alert_on        text[] NOT NULL DEFAULT '{}' CHECK (alert_on <@ ARRAY['enter', 'leave', 'dwell']),
    notes           text NOT NULL DEFAULT '' CHECK (length(notes) <= 2000),
    version         integer NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    archived_at     timestamptz,
    CONSTRAINT geofences_geometry_shape CHECK (geometry ->> 'type' =
        CASE shape WHEN 'circle' THEN 'Point' WHEN 'polygon' THEN 'Polygon' ELSE 'LineString' END),
    CONSTRAINT geofences_radius_m_needed CHECK (shape = 'polygon' OR radius_m IS NOT NULL)
);
CREATE INDEX geofences_depot ON geofences (depot_id);
COMMENT ON COLUMN geofences.depot_id IS 'concerns the vehicles of this depot; null: all';
COMMENT ON COLUMN geofences.hysteresis_m IS 'how far outside a vehicle has to be before it counts as having left';
COMMENT ON COLUMN geofences.least_visit_s IS 'a shorter time inside is no visit';
COMMENT ON COLUMN geofences.schedule_id IS 'crossings count only within these hours; null: always';

-- The vehicles that a geofence concerns; without a row all of its depot, and of a corridor none.
CREATE TABLE geofence_vehicles (
    geofence_id integer NOT NULL REFERENCES geofences ON DELETE CASCADE,
    vehicle_id  integer NOT NULL REFERENCES vehicles ON DELETE CASCADE,
    PRIMARY KEY (geofence_id, vehicle_id)
);

-- What counts as an event: for the fleet one row a kind, for a vehicle what differs.
CREATE TABLE rules (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN (
        'overspeed', 'harsh_braking', 'harsh_acceleration', 'harsh_cornering', 'idling', 'ignition_on', 'ignition_off',
        'tow', 'offline', 'low_battery', 'power_cut', 'fuel_drop', 'unauthorised', 'off_route', 'device_alarm', 'sos',
        'fence_enter', 'fence_leave', 'fence_dwell')),
    vehicle_id  integer REFERENCES vehicles ON DELETE CASCADE,
    is_on       boolean NOT NULL DEFAULT true,
    raises_alert boolean NOT NULL DEFAULT false,
    severity    text NOT NULL DEFAULT 'warning' CHECK (severity IN ('info', 'warning', 'critical')),
    threshold   double precision CHECK (threshold BETWEEN 0 AND 100000),
    lasting_s   integer CHECK (lasting_s BETWEEN 0 AND 604800),
    fresh_s     integer NOT NULL DEFAULT 120 CHECK (fresh_s BETWEEN 10 AND 86400),
    schedule_id integer REFERENCES schedules ON DELETE RESTRICT,
    version     integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz,
    CONSTRAINT rules_kind_key UNIQUE NULLS NOT DISTINCT (kind, vehicle_id),
    CONSTRAINT rules_kind_fleet CHECK (vehicle_id IS NOT NULL OR archived_at IS NULL)
);
COMMENT ON COLUMN rules.threshold IS 'in the unit of the kind: m/s, m/s2, metres, percent, percentage points or volts';
COMMENT ON COLUMN rules.fresh_s IS 'an event whose fix came later than this after it was taken raises no alert';
COMMENT ON COLUMN rules.schedule_id IS 'of unauthorised: the hours in which vehicles may drive; else the hours in which it is an event';
INSERT INTO rules (kind, raises_alert, severity, threshold, lasting_s, fresh_s) VALUES
    ('overspeed', true, 'warning', 25, 10, 120),
    ('harsh_braking', false, 'info', 3.5, NULL, 120),
    ('harsh_acceleration', false, 'info', 3.0, NULL, 120),
    ('harsh_cornering', false, 'info', 4.0, NULL, 120),
    ('idling', false, 'info', NULL, 300, 300),
    ('ignition_on', false, 'info', NULL, NULL, 120),
    ('ignition_off', false, 'info', NULL, NULL, 120),
    ('tow', true, 'critical', 200, NULL, 900),
    ('offline', true, 'warning', NULL, 600, 900),
    ('low_battery', true, 'warning', 20, NULL, 900),
    ('power_cut', true, 'critical', 5, NULL, 900),
    ('fuel_drop', true, 'critical', 10, 600, 900),
    ('unauthorised', true, 'warning', NULL, NULL, 300),
    ('off_route', true, 'warning', NULL, 60, 120),
    ('device_alarm', true, 'critical', NULL, NULL, 900),
    ('sos', true, 'critical', NULL, NULL, 900),
    ('fence_enter', false, 'info', NULL, NULL, 120),
    ('fence_leave', false, 'info', NULL, NULL, 120),
    ('fence_dwell', false, 'info', NULL, NULL, 120);

-- From where a vehicle left to where it stood again. The whole table follows from positions, rules and geofences alone.
CREATE TABLE trips (
    device_id        integer NOT NULL REFERENCES devices ON DELETE CASCADE,
    started_at       timestamptz NOT NULL,
    ended_at         timestamptz NOT NULL,
    is_open          boolean NOT NULL,
    distance_m       double precision NOT NULL,
    moving_s         double precision NOT NULL,
    idle_s           double precision NOT NULL,
    top_speed_mps    real,
    mean_speed_mps   real,
    start_latitude   double precision NOT NULL,
    start_longitude  double precision NOT NULL,
    end_latitude     double precision NOT NULL,
    end_longitude    double precision NOT NULL,
    start_odometer_m double precision,
    end_odometer_m   double precision,
    fuel_used_l      real,
    fuel_used_percent real,
    fixes            integer NOT NULL,
    PRIMARY KEY (device_id, started_at)
);
CREATE INDEX trips_started_at ON trips (started_at);
CREATE INDEX trips_counted ON trips (device_id, started_at) WHERE start_odometer_m IS NOT NULL;
COMMENT ON COLUMN trips.is_open IS 'whether it goes on, as far as is known; ended_at is its newest fix then';
COMMENT ON COLUMN trips.distance_m IS 'along the track';
COMMENT ON COLUMN trips.start_odometer_m IS 'as the device told it; null where it does not';
COMMENT ON COLUMN trips.mean_speed_mps IS 'while it moved';

-- Whether what the counter of a device told at both ends of a trip agrees with its track, in metres.
CREATE FUNCTION is_counted(first double precision, last double precision, distance double precision)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN first BETWEEN 0 AND 1e10 AND last BETWEEN first AND 1e10
            THEN abs(last - first - distance) <= 500 + 0.2 * distance ELSE false END;

-- How much of a stretch of time comes after a moment, from 0 to 1; all of it where there is no moment.
CREATE FUNCTION share_after(moment timestamptz, since timestamptz, until timestamptz)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN moment IS NULL OR moment <= since THEN 1 WHEN moment >= until THEN 0
            ELSE extract(epoch FROM until - moment) / extract(epoch FROM until - since) END::double precision;

-- Where a vehicle stood between trips, and for how long with its engine running.
CREATE TABLE stops (
    device_id  integer NOT NULL REFERENCES devices ON DELETE CASCADE,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL,
    is_open    boolean NOT NULL,
    idle_s     double precision NOT NULL DEFAULT 0,
    latitude   double precision NOT NULL,
    longitude  double precision NOT NULL,
    spread_m    real NOT NULL DEFAULT 0,
    quiet_from  timestamptz,
    quiet_until timestamptz,
    PRIMARY KEY (device_id, started_at)
) WITH (fillfactor = 70);
CREATE INDEX stops_started_at ON stops (started_at);
COMMENT ON COLUMN stops.spread_m IS 'half of its first fixes are that near to its place';
COMMENT ON COLUMN stops.quiet_from IS
    'from then to quiet_until nothing stirred, the last time for some minutes; detection may begin anew there';

-- When a vehicle was within a geofence; one without an end is there as far as is known.
CREATE TABLE geofence_visits (
    device_id   integer NOT NULL REFERENCES devices ON DELETE CASCADE,
    geofence_id integer NOT NULL REFERENCES geofences ON DELETE CASCADE,
    entered_at  timestamptz NOT NULL,
    left_at     timestamptz,
    PRIMARY KEY (device_id, geofence_id, entered_at)
);
CREATE INDEX geofence_visits_geofence ON geofence_visits (geofence_id, entered_at);

-- What happened. The value and its limit are in the unit of the kind's rule.
CREATE TABLE events (
    device_id   integer NOT NULL REFERENCES devices ON DELETE CASCADE,
    started_at  timestamptz NOT NULL,
    kind        text NOT NULL,
    geofence_id integer NOT NULL DEFAULT 0,
    ended_at    timestamptz,
    latitude    double precision NOT NULL,
    longitude   double precision NOT NULL,
    value       double precision,
    limit_value double precision,
    detail      text NOT NULL DEFAULT '',
    fixes       jsonb NOT NULL,
    PRIMARY KEY (device_id, started_at, kind, geofence_id)
);
CREATE INDEX events_kind ON events (kind, started_at);
CREATE INDEX events_started_at ON events (started_at);
COMMENT ON COLUMN events.geofence_id IS '0 where the event has nothing to do with one';
COMMENT ON COLUMN events.ended_at IS 'null while it lasts; equal to started_at for what takes no time';
COMMENT ON COLUMN events.fixes IS 'the fixes that show it, at most 60: [epoch ms, latitude, longitude, m/s, course], …';

-- Which vehicle a device sat in at a moment, and who drove that then; null where none or nobody.
CREATE FUNCTION find_vehicle(the_device integer, moment timestamptz) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT vehicle_id FROM device_installations WHERE device_id = the_device AND during @> moment
$$;
CREATE FUNCTION find_driver(the_vehicle integer, moment timestamptz) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT driver_id FROM driver_assignments WHERE vehicle_id = the_vehicle AND during @> moment
$$;

-- The depot or geofence where something was at a moment: {"kind", "id", "name"}, null where it was at none.
CREATE FUNCTION find_place(
    the_device integer, moment timestamptz, the_latitude double precision, the_longitude double precision
) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT jsonb_build_object('kind', 'depot', 'id', id, 'name', name)
         FROM depots
         WHERE abs(latitude - the_latitude) < 0.003 AND archived_at IS NULL
           AND sqrt(((latitude - the_latitude) * 111320) ^ 2
               + ((longitude - the_longitude) * 111320 * cos(radians(the_latitude))) ^ 2) <= 200
         ORDER BY (latitude - the_latitude) ^ 2 + (longitude - the_longitude) ^ 2, id LIMIT 1),
        (SELECT jsonb_build_object('kind', 'geofence', 'id', f.id, 'name', f.name)
         FROM geofence_visits v JOIN geofences f ON f.id = v.geofence_id
         WHERE v.device_id = the_device AND v.entered_at <= moment AND (v.left_at IS NULL OR v.left_at >= moment)
           AND f.shape <> 'corridor'
         ORDER BY v.entered_at DESC, f.id LIMIT 1))
$$;

-- Many alerts of one kind within a short time, which are one matter for whoever looks.
CREATE TABLE alert_storms (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      text NOT NULL,
    depot_id  integer REFERENCES depots ON DELETE CASCADE,
    began_at  timestamptz NOT NULL DEFAULT now(),
    latest_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX alert_storms_kind ON alert_storms (kind, latest_at);
COMMENT ON COLUMN alert_storms.depot_id IS 'the depot of all its vehicles; null: of several, or of none';

CREATE TABLE alerts (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            text NOT NULL,
    severity        text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    device_id       integer NOT NULL REFERENCES devices ON DELETE CASCADE,
    vehicle_id      integer REFERENCES vehicles ON DELETE CASCADE,
    geofence_id     integer NOT NULL DEFAULT 0,
    state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'resolved')),
    first_event_at  timestamptz NOT NULL,
    latest_event_at timestamptz NOT NULL,
    events          integer NOT NULL DEFAULT 0,
    is_over         boolean NOT NULL DEFAULT false,
    raised_at       timestamptz NOT NULL DEFAULT now(),
    snoozed_until   timestamptz,
    assigned_to     integer REFERENCES users ON DELETE SET NULL,
    level           integer NOT NULL DEFAULT 0,
    escalates_at    timestamptz,
    storm_id        bigint REFERENCES alert_storms ON DELETE SET NULL,
    version         integer NOT NULL DEFAULT 1,
    resolved_at     timestamptz,
    CONSTRAINT alerts_resolved CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
) WITH (fillfactor = 70);
-- One alert a cause: what happens again while nobody has resolved it counts there.
CREATE UNIQUE INDEX alerts_cause ON alerts (device_id, kind, geofence_id) WHERE resolved_at IS NULL;
CREATE INDEX alerts_unresolved ON alerts (raised_at, id) WHERE resolved_at IS NULL;
CREATE INDEX alerts_in_order ON alerts (raised_at, id);
CREATE INDEX alerts_vehicle ON alerts (vehicle_id, id);
CREATE INDEX alerts_escalating ON alerts (escalates_at) WHERE escalates_at IS NOT NULL;
CREATE INDEX alerts_storm ON alerts (storm_id) WHERE storm_id IS NOT NULL;
COMMENT ON COLUMN alerts.is_over IS 'whether what raised it has ended by itself, such as a silence; somebody resolves it all the same';
COMMENT ON COLUMN alerts.events IS 'how many rows of alert_events it has';
COMMENT ON COLUMN alerts.version IS 'counts what people did with it; further events leave it as it is';
COMMENT ON COLUMN alerts.level IS 'how many steps of the escalation have been taken';

-- What led to an alert, by the key of the event.
CREATE TABLE alert_events (
    alert_id    bigint NOT NULL REFERENCES alerts ON DELETE CASCADE,
    device_id   integer NOT NULL,
    started_at  timestamptz NOT NULL,
    kind        text NOT NULL,
    geofence_id integer NOT NULL,
    PRIMARY KEY (device_id, started_at, kind, geofence_id)
);
CREATE INDEX alert_events_alert ON alert_events (alert_id, started_at);

-- The life of an alert: what was done, by whom (null: by the product itself), and what they noted.
CREATE TABLE alert_steps (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id bigint NOT NULL REFERENCES alerts ON DELETE CASCADE,
    at       timestamptz NOT NULL DEFAULT now(),
    user_id  integer REFERENCES users ON DELETE SET NULL,
    action   text NOT NULL CHECK (action IN
        ('raised', 'acknowledged', 'assigned', 'snoozed', 'woken', 'noted', 'escalated', 'resolved', 'reopened', 'over')),
    detail   text NOT NULL DEFAULT '' CHECK (length(detail) <= 2000)
);
CREATE INDEX alert_steps_alert ON alert_steps (alert_id, id);

-- Who is told when nobody has acknowledged an alert: after so many seconds everybody of a role.
CREATE TABLE escalations (
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    level    integer NOT NULL CHECK (level BETWEEN 1 AND 9),
    after_s  integer NOT NULL CHECK (after_s BETWEEN 0 AND 604800),
    role     text NOT NULL CHECK (role IN ('admin', 'dispatcher', 'mechanic', 'viewer')),
    PRIMARY KEY (severity, level)
);
INSERT INTO escalations (severity, level, after_s, role) VALUES
    ('critical', 1, 0, 'dispatcher'), ('critical', 2, 300, 'admin'),
    ('warning', 1, 0, 'dispatcher'), ('warning', 2, 1800, 'admin');

-- How long after one level the next is due; null where there is none.
CREATE FUNCTION wait_for_next_level(the_severity text, the_level integer) RETURNS interval LANGUAGE sql STABLE AS $$
    SELECT make_interval(secs => later.after_s - coalesce(taken.after_s, 0))
    FROM escalations later
    LEFT JOIN escalations taken ON taken.severity = later.severity AND taken.level = the_level
    WHERE later.severity = the_severity AND later.level = the_level + 1
$$;

-- Whoever shows alerts hears of each that is new or changed: the payload is its id.
CREATE FUNCTION notify_alert_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('alert_changed', NEW.id::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER alert_changed AFTER INSERT OR UPDATE ON alerts
    FOR EACH ROW EXECUTE FUNCTION notify_alert_changed();

-- Alerts as people work through them: each with its vehicle, its newest event, and its place in the order of work.
CREATE VIEW alert_board AS
SELECT a.id, a.kind, a.severity, a.state,
       CASE WHEN a.state <> 'resolved' AND a.snoozed_until IS NOT NULL THEN 'snoozed' ELSE a.state END AS standing,
       CASE WHEN a.state = 'resolved' THEN 9
            ELSE CASE WHEN a.snoozed_until IS NOT NULL THEN 6 WHEN a.state = 'acknowledged' THEN 3 ELSE 0 END
                 + CASE a.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END
       END AS rank,
       a.device_id, d.uid, a.vehicle_id, coalesce(v.fleet_number, d.uid) AS label, v.depot_id,
       a.geofence_id, f.name AS geofence, a.first_event_at, a.latest_event_at, a.events, a.is_over,
       a.raised_at, a.snoozed_until, a.assigned_to, coalesce(nullif(u.name, ''), u.email) AS assignee,
       a.level, a.escalates_at, a.storm_id, a.version, a.resolved_at,
       e.ended_at, e.value, e.limit_value, e.detail, e.latitude, e.longitude
FROM alerts a
JOIN devices d ON d.id = a.device_id
LEFT JOIN vehicles v ON v.id = a.vehicle_id
LEFT JOIN geofences f ON f.id = a.geofence_id
LEFT JOIN users u ON u.id = a.assigned_to
LEFT JOIN events e ON e.device_id = a.device_id AND e.started_at = a.latest_event_at
    AND e.kind = a.kind AND e.geofence_id = a.geofence_id;

-- Imports: what files brought, so that it can be seen before it counts, and taken back after.

CREATE TABLE import_history (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    state        text NOT NULL DEFAULT 'mapping' CHECK (state IN
        ('mapping', 'checking', 'checked', 'committing', 'done', 'undoing', 'undone', 'cancelled', 'failed')),
    user_id      integer REFERENCES users ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    file_name    text NOT NULL CHECK (length(file_name) BETWEEN 1 AND 200),
    file_bytes   bigint NOT NULL,
    file_sha256  text NOT NULL CHECK (length(file_sha256) = 64),
    reading      jsonb NOT NULL,
    mapping      jsonb NOT NULL,
    source       text NOT NULL DEFAULT '',
    rows_read    bigint NOT NULL DEFAULT 0,
    rows_new     bigint NOT NULL DEFAULT 0,
    rows_changed bigint NOT NULL DEFAULT 0,
    rows_same    bigint NOT NULL DEFAULT 0,
    rows_rejected bigint NOT NULL DEFAULT 0,
    share_done   real NOT NULL DEFAULT 0,
    is_to_stop   boolean NOT NULL DEFAULT false,
    digest       text NOT NULL DEFAULT '',
    problem      text NOT NULL DEFAULT '',
    obstacles    jsonb,
    worked_at    timestamptz,
    committed_at timestamptz,
    undone_at    timestamptz,
    undone_by    integer REFERENCES users ON DELETE SET NULL
);
CREATE INDEX import_history_kind ON import_history (kind, id);
CREATE INDEX import_history_file ON import_history (file_sha256);
CREATE INDEX import_history_waiting ON import_history (id) WHERE state IN ('checking', 'committing', 'undoing');
COMMENT ON COLUMN import_history.reading IS 'how the file is read: web.tables.Reading';
COMMENT ON COLUMN import_history.mapping IS 'which column is which field, and how its texts are read: web.imports.Mapping';
COMMENT ON COLUMN import_history.source IS 'what tells files of one origin from others: the hash of their headers';
COMMENT ON COLUMN import_history.digest IS 'what was found when it was checked; committing finds the same or nothing happens';
COMMENT ON COLUMN import_history.obstacles IS 'why it cannot be undone: [[name, sentence, id of the record], …]';
COMMENT ON COLUMN import_history.worked_at IS 'when whoever checks, commits or undoes it last said how far it is';

-- The file itself, in pieces, until it is forgotten.
CREATE TABLE import_pieces (
    import_id integer NOT NULL REFERENCES import_history ON DELETE CASCADE,
    number    integer NOT NULL,
    content   bytea NOT NULL,
    PRIMARY KEY (import_id, number)
);
ALTER TABLE import_pieces ALTER COLUMN content SET STORAGE EXTERNAL;

-- What was found of the rows of a file: of records every new, changed and rejected one, of positions the rejected.
CREATE TABLE import_rows (
    import_id integer NOT NULL REFERENCES import_history ON DELETE CASCADE,
    line      bigint NOT NULL,
    verdict   text NOT NULL CHECK (verdict IN ('new', 'changed', 'rejected')),
    name      text NOT NULL DEFAULT '',
    record_id bigint,
    changes   jsonb,
    reasons   jsonb,
    cells     jsonb,
    PRIMARY KEY (import_id, line)
);
CREATE INDEX import_rows_verdict ON import_rows (import_id, verdict, line);
COMMENT ON COLUMN import_rows.changes IS '{field: [before, after], …}; before is null in a new one';
COMMENT ON COLUMN import_rows.reasons IS '[[field, sentence], …]; the field is empty where it is the whole row';
COMMENT ON COLUMN import_rows.cells IS 'the row as the file has it, where it was rejected';

-- How files with these headers were mapped the last time, to begin with the next time.
CREATE TABLE import_sources (
    kind    text NOT NULL,
    source  text NOT NULL,
    mapping jsonb NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, source)
);

-- Which fixes an import brought, by device and batch: undoing takes these and no others.
CREATE TABLE imported_positions (
    import_id integer NOT NULL REFERENCES import_history ON DELETE CASCADE,
    device_id integer NOT NULL,
    fix_times timestamptz[] NOT NULL
);
CREATE INDEX imported_positions_import ON imported_positions (import_id);

-- Undoing an import finds by it what the import changed.
CREATE INDEX audit_log_request ON audit_log (request_id) WHERE request_id LIKE 'import-%';

-- Exports: what people take out of the fleet's records as files, again and again if they wish, and who took what.

CREATE TABLE export_templates (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    kind        text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    wanted      jsonb NOT NULL,
    user_id     integer NOT NULL REFERENCES users ON DELETE CASCADE,
    is_shared   boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    repeats     text NOT NULL DEFAULT '' CHECK (repeats IN ('', 'day', 'week', 'month')),
    on_day      smallint NOT NULL DEFAULT 1 CHECK (on_day BETWEEN 1 AND 31),
    at_hour     smallint NOT NULL DEFAULT 6 CHECK (at_hour BETWEEN 0 AND 23),
    time_zone   text NOT NULL DEFAULT 'UTC',
    next_run_at timestamptz,
    CONSTRAINT export_templates_name_key UNIQUE (user_id, kind, name),
    CONSTRAINT export_templates_repeats_when CHECK ((repeats = '') = (next_run_at IS NULL))
);
CREATE INDEX export_templates_due ON export_templates (next_run_at) WHERE next_run_at IS NOT NULL;
COMMENT ON COLUMN export_templates.wanted IS 'what is exported and how: web.exports.wanted.Wanted';
COMMENT ON COLUMN export_templates.on_day IS 'the day of the week from Monday, or of the month; the last one where a month has no such day';
COMMENT ON COLUMN export_templates.at_hour IS 'by the clock of time_zone';

-- Every export that was ever begun; the file itself is kept only where nobody was there to take it.
CREATE TABLE export_runs (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     integer REFERENCES users ON DELETE SET NULL,
    template_id integer REFERENCES export_templates ON DELETE SET NULL,
    kind        text NOT NULL,
    wanted      jsonb NOT NULL,
    depot_ids   integer[],
    way         text NOT NULL CHECK (way IN ('at once', 'background', 'schedule', 'command')),
    state       text NOT NULL CHECK (state IN ('waiting', 'making', 'done', 'failed')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    attempts    smallint NOT NULL DEFAULT 0,
    rows        bigint NOT NULL DEFAULT 0,
    bytes       bigint NOT NULL DEFAULT 0,
    file_name   text NOT NULL DEFAULT '',
    kept_until  timestamptz,
    problem     text NOT NULL DEFAULT ''
);
CREATE INDEX export_runs_waiting ON export_runs (id)
    WHERE state IN ('waiting', 'making') AND way IN ('background', 'schedule');
CREATE INDEX export_runs_user ON export_runs (user_id, id);
CREATE INDEX export_runs_kept ON export_runs (kept_until) WHERE kept_until IS NOT NULL;
COMMENT ON COLUMN export_runs.user_id IS 'who took it; nobody where a command did';
COMMENT ON COLUMN export_runs.depot_ids IS 'how far their rights reached when it was made; null for the whole fleet';
COMMENT ON COLUMN export_runs.kept_until IS 'until when the file can be fetched; null where none is kept';

-- The files, in pieces, until they are forgotten.
CREATE TABLE export_pieces (
    run_id  bigint NOT NULL REFERENCES export_runs ON DELETE CASCADE,
    number  integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (run_id, number)
);
ALTER TABLE export_pieces ALTER COLUMN content SET STORAGE EXTERNAL;
