-- Which ingest process answers for which session at the broker, so that another can when it is gone.

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
