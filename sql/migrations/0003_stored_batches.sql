-- The outbox of stored positions, and with it newest fixes that may follow a moment after the commit.

-- One row a transaction of positions, written with it: which devices, over which time. jobs/ detects from it what
-- happened. A daemon under load moves latest_positions for several batches at once; latest_moved says which of
-- them still owe that, so that one that was killed in between is made up for.
CREATE TABLE stored_batches (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stored_at    timestamptz NOT NULL DEFAULT now(),
    first_fix    timestamptz NOT NULL,
    last_fix     timestamptz NOT NULL,
    device_ids   integer[] NOT NULL,
    latest_moved boolean NOT NULL
) WITH (fillfactor = 90);
ALTER TABLE stored_batches ALTER COLUMN device_ids SET STORAGE EXTERNAL;
CREATE INDEX stored_batches_unmoved ON stored_batches (id) WHERE NOT latest_moved;
