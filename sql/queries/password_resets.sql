-- name: add_password_reset!
-- A link to choose a new password; older ones of the same person stop working.
WITH older AS (
    UPDATE password_resets SET used_at = now() WHERE user_id = :user_id AND used_at IS NULL
)
INSERT INTO password_resets (token_hash, user_id, expires_at)
VALUES (:token_hash, :user_id, now() + :lifetime);

-- name: end_password_resets!
-- Make the links of a person worthless.
UPDATE password_resets SET used_at = now() WHERE user_id = :user_id AND used_at IS NULL;

-- name: find_password_reset$
-- Whose password a link may change now.
SELECT user_id FROM password_resets
JOIN users ON users.id = user_id
WHERE token_hash = :token_hash AND used_at IS NULL AND expires_at > now() AND disabled_at IS NULL;

-- name: use_password_reset$
-- Take a link, once; whose password it changes.
UPDATE password_resets SET used_at = now()
WHERE token_hash = :token_hash AND used_at IS NULL AND expires_at > now()
RETURNING user_id;

-- name: forget_password_resets!
-- Forget links that were used, or could be, so many days ago.
DELETE FROM password_resets WHERE least(used_at, expires_at) < now() - make_interval(days => :days);
