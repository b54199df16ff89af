-- Alerts: what somebody has to look at now, from the first event of a cause until it is resolved.

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
