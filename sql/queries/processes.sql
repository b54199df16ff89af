-- name: report_process!
-- Say how this process is.
INSERT INTO process_status (process, worker, started_at, updated_at, doing, broker, broker_connected, pool, slow)
VALUES (:process, :worker, :started_at, now(), :doing, :broker, :broker_connected, :pool, :slow)
ON CONFLICT (process, worker) DO UPDATE SET
    started_at = excluded.started_at, updated_at = excluded.updated_at, doing = excluded.doing,
    broker = excluded.broker, broker_connected = excluded.broker_connected,
    pool = excluded.pool, slow = excluded.slow;

-- name: forget_processes!
-- Drop the last words of processes that are long gone.
DELETE FROM process_status WHERE updated_at < now() - INTERVAL '1 hour';

-- name: remove_process!
-- A process ends as it should.
DELETE FROM process_status WHERE process = :process AND worker = :worker;

-- name: list_processes
-- Every process that has reported in the last hour; of ingest with how far it is behind.
SELECT p.process, p.worker, p.started_at, p.updated_at, p.doing, p.broker, p.broker_connected, p.pool, p.slow,
       p.updated_at < now() - make_interval(secs => :silent_after_s) AS is_silent,
       i.behind_s, i.waiting_records, i.paused
FROM process_status p LEFT JOIN ingest_status i ON p.process = 'ingest' AND i.worker = p.worker
ORDER BY p.process, is_silent, p.worker;
