-- What happened, found in the positions: trips, stops, visits of geofences and events, and by which rules.

ALTER TABLE stored_batches
    ADD COLUMN first_fixes timestamptz[],
    ADD COLUMN last_fixes  timestamptz[],
    ADD COLUMN is_spread   boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN stored_batches.first_fixes IS
    'the earliest fix of each of device_ids, and beside it the latest, where the batch spans long; else null';
CREATE INDEX stored_batches_unspread ON stored_batches (id) WHERE NOT is_spread;

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

-- What people read and what was imported, beside what is derived: a day of that has one reading.
CREATE INDEX odometer_readings_entered ON odometer_readings (vehicle_id, read_at, id)
    WHERE source NOT IN ('device', 'track');
CREATE UNIQUE INDEX odometer_readings_daily ON odometer_readings (vehicle_id, ((read_at AT TIME ZONE 'UTC')::date))
    WHERE source IN ('device', 'track');

-- Many readings that are derived at once move a vehicle once, and those of the past not at all.
CREATE OR REPLACE FUNCTION keep_odometer() RETURNS trigger LANGUAGE plpgsql AS $$
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
