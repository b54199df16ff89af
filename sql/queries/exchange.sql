-- name: is_exchange_waiting$
-- Whether an import waits to be worked on.
SELECT EXISTS (SELECT FROM import_history WHERE state IN ('checking', 'committing', 'undoing'));

-- name: wait_a_little$
-- Some seconds, or fewer where the query is cancelled.
SELECT pg_sleep(:seconds);
