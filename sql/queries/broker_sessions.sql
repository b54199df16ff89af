-- name: claim_session$
-- Answer for this session from now on; all the filters that it may be subscribed to at the broker.
INSERT INTO broker_sessions AS s (broker, client_id, filters, worker, seen_at)
VALUES (:broker, :client_id, :filters, :worker, now())
ON CONFLICT (broker, client_id) DO UPDATE SET
    worker = excluded.worker, seen_at = excluded.seen_at, database = excluded.database,
    filters = ARRAY(SELECT DISTINCT unnest(s.filters || excluded.filters))
RETURNING filters;

-- name: narrow_session!
-- Say that the session is subscribed to these filters and to no others.
UPDATE broker_sessions SET filters = :filters
WHERE broker = :broker AND client_id = :client_id AND worker = :worker;

-- name: renew_sessions
-- Say that this worker is there; the sessions that it answers for.
UPDATE broker_sessions SET seen_at = now() WHERE worker = :worker RETURNING broker, client_id;

-- name: list_broker_sessions
-- Every session that some worker of this very database answers for, or did.
SELECT broker, client_id, filters, worker, seen_at FROM broker_sessions
WHERE database = identify_database();

-- name: adopt_session!
-- Answer for the session of a worker that has been silent since seen_at; 0 rows where somebody was quicker.
UPDATE broker_sessions SET worker = :worker, seen_at = now()
WHERE broker = :broker AND client_id = :client_id AND seen_at = :seen_at;

-- name: return_session!
-- Answer no longer for an adopted session that is still there.
UPDATE broker_sessions SET worker = :former_worker
WHERE broker = :broker AND client_id = :client_id AND worker = :worker;

-- name: forget_session!
-- Forget a session that has ended, unless its own worker has come back to it.
DELETE FROM broker_sessions WHERE broker = :broker AND client_id = :client_id AND worker = :worker;
