-- name: list_documents
-- The papers of a vehicle or a driver: the next to expire first, the archived ones last.
SELECT documents.*, files.name AS file_name, files.media_type
FROM documents LEFT JOIN files ON files.id = file_id
WHERE vehicle_id = :vehicle_id OR driver_id = :driver_id
ORDER BY archived_at IS NOT NULL, expires_on, documents.id;

-- name: get_document
-- One document.
SELECT * FROM documents WHERE id = :id;

-- name: add_document
-- A new document of a vehicle or a driver.
INSERT INTO documents (vehicle_id, driver_id, kind, number, expires_on, notes, file_id)
VALUES (:vehicle_id, :driver_id, :kind, :number, :expires_on, :notes, :file_id) RETURNING *;

-- name: change_document
-- Change a document that nobody else has changed since this version.
UPDATE documents
SET kind = :kind, number = :number, expires_on = :expires_on, notes = :notes, file_id = :file_id,
    version = version + 1
WHERE id = :id AND version = :version RETURNING *;

-- name: archive_document
-- Put a document out of the way: it warns of nothing any more.
UPDATE documents SET archived_at = now(), version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NULL RETURNING *;

-- name: restore_document
-- Bring an archived document back.
UPDATE documents SET archived_at = NULL, version = version + 1
WHERE id = :id AND version = :version AND archived_at IS NOT NULL RETURNING *;
