-- What the system says of itself: its processes, its jobs and their runs, and the switches of its features.

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
