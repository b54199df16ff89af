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
