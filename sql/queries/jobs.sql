-- name: watch_session!
-- Have the server end this session when its process falls silent, so that the lock does not outlive it.
SET idle_session_timeout = '10s';

-- name: hold_job_lock$
-- Whether this session has the right to run jobs, taking it where nobody has.
SELECT CASE
    WHEN EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND objsubid = 2
          AND classid = hashtext('motorpool')::oid AND objid = hashtext('jobs')::oid
    ) THEN true
    ELSE pg_try_advisory_lock(hashtext('motorpool'), hashtext('jobs'))
END;
