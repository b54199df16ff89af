-- name: add_user^
-- Add a person; nothing comes back where the e-mail address is taken, whatever its capitals.
INSERT INTO users (email, role, password_hash)
VALUES (:email, :role, :password_hash)
ON CONFLICT (lower(email)) DO NOTHING
RETURNING id, email, role, disabled_at IS NOT NULL AS disabled;

-- name: get_user^
-- One person by id, for every request that brings a token.
SELECT id, email, role, disabled_at IS NOT NULL AS disabled FROM users WHERE id = :id;

-- name: get_user_for_sign_in^
-- One person by e-mail address, whatever its capitals, with the password's hash.
SELECT id, email, role, disabled_at IS NOT NULL AS disabled, password_hash
FROM users WHERE lower(email) = lower(:email);

-- name: replace_password_hash!
-- Keep the same password under a newer hash.
UPDATE users SET password_hash = :password_hash WHERE id = :id;

-- name: list_users
-- Everyone, by e-mail address.
SELECT id, email, role, disabled_at IS NOT NULL AS disabled FROM users ORDER BY lower(email);

-- name: list_users_by_id
-- These people, for those who hold a connection open.
SELECT id, email, role, disabled_at IS NOT NULL AS disabled FROM users WHERE id = ANY(:ids);

-- name: disable_user!
-- Let a person in no more; one disabled before keeps the first time.
UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE lower(email) = lower(:email);
