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
