-- name: report_ingest!
-- Say how this ingest process does.
INSERT INTO ingest_status (worker, updated_at, behind_s, waiting_records, paused)
VALUES (:worker, now(), :behind_s, :waiting_records, :paused)
ON CONFLICT (worker) DO UPDATE SET
    updated_at = excluded.updated_at, behind_s = excluded.behind_s,
    waiting_records = excluded.waiting_records, paused = excluded.paused;

-- name: forget_workers!
-- Drop the last words of processes that are long gone.
DELETE FROM ingest_status WHERE updated_at < now() - INTERVAL '1 hour';

-- name: get_ingest_status^
-- Whether any ingest process has reported in the last 30 s, and how far behind the slowest of those is; null
-- where none ever reported, for positions may come in over HTTP alone.
SELECT max(updated_at) > now() - INTERVAL '30 s',
       coalesce(max(behind_s) FILTER (WHERE updated_at > now() - INTERVAL '30 s'), 0)
FROM ingest_status;
