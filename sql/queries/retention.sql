-- name: get_license$
-- The license that TimescaleDB runs under: apache, or timescale for the Community edition.
SELECT current_setting('timescaledb.license');

-- name: list_chunks_before
-- The whole chunks of positions that end before a moment, each with its rows counted: what dropping would take.
SELECT format('%%I.%%I', chunk_schema, chunk_name) AS chunk, range_start, range_end,
       (SELECT count(*) FROM positions WHERE fix_time >= range_start AND fix_time < range_end) AS rows
FROM timescaledb_information.chunks
WHERE hypertable_schema = 'public' AND hypertable_name = 'positions'
  AND range_end <= now() - make_interval(days => :days)
ORDER BY range_start;

-- name: limit_lock_wait!
-- Within this transaction rather fail than hold up those who write and read positions.
SET LOCAL lock_timeout = '5s';

-- name: drop_chunks_before
-- Drop the chunks of positions that hold nothing younger; a chunk with one younger row stays whole.
SELECT drop_chunks('positions', older_than => make_interval(days => :days));

-- name: list_policies
-- The policies that the database itself runs on positions, with their age in whole days.
SELECT job_id, proc_name AS kind,
       extract(epoch FROM (config ->> CASE proc_name WHEN 'policy_retention' THEN 'drop_after'
                                                     ELSE 'compress_after' END)::interval) / 86400 AS days
FROM timescaledb_information.jobs
WHERE hypertable_schema = 'public' AND hypertable_name = 'positions'
  AND proc_name IN ('policy_retention', 'policy_compression')
ORDER BY job_id;

-- name: add_retention_policy$
-- Have the database drop what is older, daily (Community edition only).
SELECT add_retention_policy('positions', make_interval(days => :days));

-- name: change_retention_policy$
-- Another age for the policy that is there; its schedule stays.
SELECT alter_job(:job_id, config => jsonb_set(config, '{drop_after}', to_jsonb(make_interval(days => :days)::text)))
FROM timescaledb_information.jobs WHERE job_id = :job_id;

-- name: remove_retention_policy$
-- Keep everything from now on.
SELECT remove_retention_policy('positions', if_exists => true);

-- name: enable_compression#
-- Prepare positions for the columnstore under the name that every release since 2.0 knows it by: one segment
-- a device, so that a late position touches the rows of its own device only.
ALTER TABLE positions SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'device_id',
    timescaledb.compress_orderby = 'fix_time'
);

-- name: add_compression_policy$
-- Have the database move older chunks to the columnstore (Community edition only).
SELECT add_compression_policy('positions', make_interval(days => :days));
