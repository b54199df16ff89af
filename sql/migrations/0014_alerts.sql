-- Alerts: what somebody has to look at now, from the first event of a cause until it is resolved.

-- Many alerts of one kind within a short time, which are one matter for whoever looks.
CREATE TABLE alert_storms (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      text NOT NULL,
    depot_id  integer REFERENCES depots ON DELETE CASCADE,
    began_at  timestamptz NOT NULL DEFAULT now(),
    latest_at timestamptz NOT NULL DEFAULT now()
);

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
    events          integer NOT NULL DEFAULT 1,
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

-- Whoever shows alerts hears of each that is new or changed: the payload is its id.
CREATE FUNCTION notify_alert_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('alert_changed', NEW.id::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER alert_changed AFTER INSERT OR UPDATE ON alerts
    FOR EACH ROW EXECUTE FUNCTION notify_alert_changed();
