-- name: has_exchange_work$
-- Whether anything waits for `motorpool exchange`: an import to be worked on, an export to be made or due, or a
-- file to be forgotten.
SELECT EXISTS (SELECT FROM import_history WHERE state IN ('checking', 'committing', 'undoing'))
    OR EXISTS (SELECT FROM export_runs WHERE state IN ('waiting', 'making') AND way IN ('background', 'schedule'))
    OR EXISTS (SELECT FROM export_templates t JOIN users ON users.id = t.user_id
               WHERE t.next_run_at <= now() AND users.disabled_at IS NULL)
    OR EXISTS (SELECT FROM export_runs WHERE kept_until <= now());

-- name: wait_a_little$
-- Some seconds, or fewer where the query is cancelled.
SELECT pg_sleep(:seconds);
