-- name: add_user^
-- Add a person; nothing comes back where the e-mail address is taken, whatever its capitals.
WITH added AS (
    INSERT INTO users (email, role, password_hash, scope)
    VALUES (:email, :role, :password_hash, :scope)
    ON CONFLICT (lower(email)) DO NOTHING
    RETURNING id, email, role
)
SELECT id, email, role FROM added;

-- name: get_user^
-- One person by id.
SELECT * FROM accounts WHERE id = :id;

-- name: get_user_by_email^
-- One person by e-mail address, whatever its capitals.
SELECT * FROM accounts WHERE lower(email) = lower(:email);

-- name: get_password_hash$
-- What a person's password is verified against.
SELECT password_hash FROM users WHERE lower(email) = lower(:email);

-- name: replace_password_hash!
-- Keep a password under a newer hash.
UPDATE users SET password_hash = :password_hash WHERE id = :id;

-- name: list_users
-- Everyone, by e-mail address.
SELECT * FROM accounts ORDER BY lower(email);

-- name: disable_user!
-- Let a person in no more; one disabled before keeps the first time.
UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE lower(email) = lower(:email);

-- name: change_preferences!
-- How a person wants to be called and to read the pages.
UPDATE users SET name = :name, language = :language, time_zone = :time_zone, units = :units,
    version = version + 1
WHERE id = :id;
