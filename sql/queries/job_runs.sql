-- name: put_on_schedule!
-- Say which jobs there are and when each runs next: three arrays of one length.
INSERT INTO scheduled_jobs (name, schedule, next_run)
SELECT * FROM unnest(:names::text[], :schedules::text[], :next_runs::timestamptz[])
ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule, next_run = excluded.next_run
WHERE (scheduled_jobs.schedule, scheduled_jobs.next_run) IS DISTINCT FROM (excluded.schedule, excluded.next_run);

-- name: take_off_schedule!
-- Forget jobs that are no longer there.
DELETE FROM scheduled_jobs WHERE name <> ALL(:names::text[]);

-- name: request_run!
-- Ask for a run of a job as soon as may be; 0 rows where there is no such job.
UPDATE scheduled_jobs SET requested_at = coalesce(requested_at, now()), requested_by = :user_id
WHERE name = :name;

-- name: claim_requested_runs
-- The jobs that somebody has asked to run, each claimed once.
UPDATE scheduled_jobs SET requested_at = NULL WHERE requested_at IS NOT NULL RETURNING name;

-- name: begin_run$
-- A job starts; its id. An earlier run without an end is lost, for a job runs once at a time.
WITH lost AS (
    UPDATE job_runs SET outcome = 'lost', ended_at = now()
    WHERE job = :job AND outcome = 'running'
)
INSERT INTO job_runs (job, worker) VALUES (:job, :worker) RETURNING id;

-- name: end_run!
-- How a run of a job ended.
UPDATE job_runs SET ended_at = clock_timestamp(), outcome = :outcome, problem = left(:problem, 500)
WHERE id = :id;

-- name: forget_runs!
-- Keep the newest runs of a job.
DELETE FROM job_runs WHERE job = :job AND id <= (
    SELECT id FROM job_runs WHERE job = :job ORDER BY id DESC OFFSET :most LIMIT 1
);

-- name: list_scheduled_jobs
-- Every job with its newest run, and when it last succeeded.
SELECT s.name, s.schedule, s.next_run, s.requested_at, r.started_at, r.ended_at, r.outcome, r.problem, r.worker,
       extract(epoch FROM coalesce(r.ended_at, now()) - r.started_at)::double precision AS seconds,
       (SELECT d.ended_at FROM job_runs d WHERE d.job = s.name AND d.outcome = 'done'
        ORDER BY d.id DESC LIMIT 1) AS succeeded_at
FROM scheduled_jobs s LEFT JOIN LATERAL (
    SELECT * FROM job_runs WHERE job = s.name ORDER BY id DESC LIMIT 1
) r ON true
ORDER BY s.name;

-- name: list_runs
-- The newest runs of a job.
SELECT id, worker, started_at, ended_at, outcome, problem,
       extract(epoch FROM coalesce(ended_at, now()) - started_at)::double precision AS seconds
FROM job_runs WHERE job = :job ORDER BY id DESC LIMIT :most;

-- name: count_runs$
-- How many runs of a job are known.
SELECT count(*) FROM job_runs WHERE job = :job;

-- name: count_failed_jobs$
-- How many jobs failed, or were lost, when they last ran.
SELECT count(*) FROM scheduled_jobs s WHERE (
    SELECT outcome FROM job_runs WHERE job = s.name ORDER BY id DESC LIMIT 1
) IN ('failed', 'lost');
