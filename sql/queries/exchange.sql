-- name: is_exchange_waiting$
-- Whether an import waits to be worked on.
SELECT EXISTS (SELECT FROM import_history WHERE state IN ('checking', 'committing', 'undoing'));
