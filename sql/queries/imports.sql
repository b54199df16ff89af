-- name: add_import$
-- A new import, whose file is yet to come.
INSERT INTO import_history (kind, user_id, file_name, file_bytes, file_sha256, reading, mapping)
VALUES (:kind, :user_id, :file_name, 0, repeat('0', 64), '{}', '{}') RETURNING id;

-- name: add_import_piece!
-- The next piece of an import's file.
INSERT INTO import_pieces (import_id, number, content) VALUES (:import_id, :number, :content);

-- name: end_import_file!
-- The whole of the file is here.
UPDATE import_history SET file_bytes = :file_bytes, file_sha256 = :file_sha256 WHERE id = :id;

-- name: get_import_piece$
-- A piece of an import's file.
SELECT content FROM import_pieces WHERE import_id = :import_id AND number = :number;

-- name: get_import
-- One import, with who began it and who took it back.
SELECT h.*, coalesce(nullif(u.name, ''), u.email) AS who, coalesce(nullif(b.name, ''), b.email) AS undone_by_name,
       EXISTS (SELECT FROM import_pieces p WHERE p.import_id = h.id) AS has_file
FROM import_history h LEFT JOIN users u ON u.id = h.user_id LEFT JOIN users b ON b.id = h.undone_by
WHERE h.id = :id;

-- name: list_imports
-- Imports of these kinds, the newest first, before the one with this id.
SELECT h.*, coalesce(nullif(u.name, ''), u.email) AS who
FROM import_history h LEFT JOIN users u ON u.id = h.user_id
WHERE h.kind = ANY(:kinds) AND (:after::integer IS NULL OR h.id < :after::integer)
  AND (:user_id::integer IS NULL OR h.user_id = :user_id::integer)
ORDER BY h.id DESC LIMIT :most;

-- name: count_imports$
-- How many imports there are of these kinds.
SELECT count(*) FROM import_history
WHERE kind = ANY(:kinds) AND (:user_id::integer IS NULL OR user_id = :user_id::integer);

-- name: find_import_of_file^
-- The newest import of the same file that counts, other than this one: its id, when, and by whom.
SELECT h.id, h.committed_at, coalesce(nullif(u.name, ''), u.email) AS who
FROM import_history h LEFT JOIN users u ON u.id = h.user_id
WHERE h.file_sha256 = :file_sha256 AND h.kind = :kind AND h.id <> :id AND h.state = 'done'
ORDER BY h.id DESC LIMIT 1;

-- name: describe_import!
-- How an import's file is read, and what its columns mean; only before it is worked on.
UPDATE import_history
SET reading = :reading, mapping = :mapping, source = :source, state = 'mapping', problem = '', obstacles = NULL
WHERE id = :id AND state IN ('mapping', 'checked', 'cancelled', 'failed');

-- name: ask_for_import!
-- Let an import be checked, committed or undone, if it is ready for that.
UPDATE import_history
SET state = :state, share_done = 0, is_to_stop = false, problem = '', obstacles = NULL,
    undone_by = CASE WHEN :state = 'undoing' THEN :user_id::integer ELSE undone_by END
WHERE id = :id AND state = ANY(:from_states::text[]);

-- name: stop_import!
-- Ask whoever works on an import to stop.
UPDATE import_history SET is_to_stop = true WHERE id = :id AND state IN ('checking', 'committing', 'undoing');

-- name: cancel_import!
-- Let go of an import that has not been imported and is not being worked on.
UPDATE import_history SET state = 'cancelled', problem = '' WHERE id = :id AND state IN ('mapping', 'checked', 'failed');

-- name: list_waiting_imports
-- Imports that wait to be worked on, the oldest first.
SELECT id FROM import_history WHERE state IN ('checking', 'committing', 'undoing') ORDER BY id;

-- name: claim_import$
-- Whether this connection alone works on an import from now on, until it closes or lets go.
SELECT pg_try_advisory_lock(hashtext('motorpool import'), :id);

-- name: release_import$
-- Let go of an import.
SELECT pg_advisory_unlock(hashtext('motorpool import'), :id);

-- name: tell_progress$
-- How far the work on an import is; whether it is to stop.
UPDATE import_history SET share_done = :share_done, rows_read = :rows_read, worked_at = now()
WHERE id = :id RETURNING is_to_stop;

-- name: settle_import!
-- The work on an import has ended: where it stands now, and what was found.
UPDATE import_history
SET state = :state, problem = :problem, obstacles = :obstacles, share_done = 1, worked_at = now(),
    rows_read = coalesce(:rows_read, rows_read), rows_new = coalesce(:rows_new, rows_new),
    rows_changed = coalesce(:rows_changed, rows_changed), rows_same = coalesce(:rows_same, rows_same),
    rows_rejected = coalesce(:rows_rejected, rows_rejected), digest = coalesce(:digest, digest),
    committed_at = CASE WHEN :state = 'done' AND committed_at IS NULL THEN now() ELSE committed_at END,
    undone_at = CASE WHEN :state = 'undone' THEN now() ELSE undone_at END
WHERE id = :id;

-- name: forget_import_rows!
-- What was found of an import's rows counts no more: it is read again.
DELETE FROM import_rows WHERE import_id = :import_id;

-- name: list_import_rows
-- What was found of an import's rows, of one verdict, in the order of the file, after a line.
SELECT line, verdict, name, record_id, changes, reasons, cells FROM import_rows
WHERE import_id = :import_id AND verdict = :verdict AND line > :after ORDER BY line LIMIT :most;

-- name: keep_import_source!
-- The next file with these headers begins with this mapping.
INSERT INTO import_sources (kind, source, mapping) VALUES (:kind, :source, :mapping)
ON CONFLICT (kind, source) DO UPDATE SET mapping = excluded.mapping, used_at = now();

-- name: find_import_source$
-- How a file with these headers was mapped the last time.
SELECT mapping FROM import_sources WHERE kind = :kind AND source = :source;

-- name: forget_import_files!
-- Files that were imported or left alone for so many days go; what they did stays in the history.
DELETE FROM import_pieces USING import_history
WHERE import_history.id = import_id AND state NOT IN ('checking', 'committing', 'undoing')
  AND greatest(created_at, worked_at) < now() - make_interval(days => :days);
