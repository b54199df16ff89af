-- name: add_file$
-- Keep a picture or a scan; its id.
INSERT INTO files (name, media_type, content) VALUES (:name, :media_type, :content) RETURNING id;

-- name: get_file^
-- A picture or a scan: name, media type, content.
SELECT name, media_type, content FROM files WHERE id = :id;

-- name: remove_file!
-- Drop a picture or a scan that nothing shows any more.
DELETE FROM files WHERE id = :id;
