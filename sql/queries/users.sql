-- name: add_account$
-- Add a person with a password; nothing comes back where the e-mail address is taken, whatever its capitals.
WITH added AS (
    INSERT INTO users (email, role, password_hash, scope)
    VALUES (:email, :role, :password_hash, :scope)
    ON CONFLICT (lower(email)) DO NOTHING
    RETURNING id
), reached AS (
    INSERT INTO user_scopes (user_id, depot_id) SELECT id, unnest(:depot_ids::integer[]) FROM added
)
SELECT id FROM added;

-- name: get_account^
-- One person by id.
SELECT * FROM accounts WHERE id = :id;

-- name: get_account_by_email^
-- One person by e-mail address, whatever its capitals.
SELECT * FROM accounts WHERE lower(email) = lower(:email);

-- name: get_password_hash$
-- What a person's password is verified against.
SELECT password_hash FROM users WHERE lower(email) = lower(:email);

-- name: replace_password_hash!
-- Keep a password under a newer hash.
UPDATE users SET password_hash = :password_hash WHERE id = :id;

-- name: list_accounts
-- Everyone, by e-mail address.
SELECT * FROM accounts ORDER BY lower(email);

-- name: disable_user!
-- Let a person in no more; one disabled before keeps the first time.
UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE lower(email) = lower(:email);

-- name: change_preferences!
-- How a person wants to be called and to read the pages.
UPDATE users SET name = :name, language = :language, time_zone = nullif(:time_zone, ''), units = :units,
    version = version + 1
WHERE id = :id;

-- name: list_users
-- Every person that matches, for a list that sorts and pages over it.
SELECT * FROM people
WHERE (:search = '' OR strpos(lower(name || ' ' || email), lower(:search)) > 0)
  AND (archived_at IS NOT NULL) = :archived
  AND (:role = '' OR role = :role);

-- name: get_user
-- One person as admins keep them.
SELECT * FROM people WHERE id = :id;

-- name: add_user
-- A new person, who is to choose a password by a link.
WITH added AS (
    INSERT INTO users (email, name, role, scope, password_hash, language, time_zone, units)
    VALUES (:email, :name, :role, :scope, :password_hash, :language, :time_zone, :units)
    RETURNING *
), reached AS (
    INSERT INTO user_scopes (user_id, depot_id) SELECT id, unnest(:depot_ids::integer[]) FROM added
)
SELECT id, email, name, role, scope, :depot_ids::integer[] AS depot_ids, language, time_zone, units,
       false AS has_second_factor, version, created_at, disabled_at AS archived_at
FROM added;

-- name: change_user
-- Change a person whom nobody else has changed since this version, and the depots they reach.
WITH changed AS (
    UPDATE users SET email = :email, name = :name, role = :role, scope = :scope, version = version + 1
    WHERE id = :id AND version = :version RETURNING *
), left_out AS (
    DELETE FROM user_scopes USING changed
    WHERE user_id = changed.id AND depot_id <> ALL(:depot_ids::integer[])
), reached AS (
    INSERT INTO user_scopes (user_id, depot_id) SELECT id, unnest(:depot_ids::integer[]) FROM changed
    ON CONFLICT DO NOTHING
)
SELECT id, email, name, role, scope, :depot_ids::integer[] AS depot_ids, language, time_zone, units,
       totp_confirmed_at IS NOT NULL AS has_second_factor, version, created_at, disabled_at AS archived_at
FROM changed;

-- name: archive_user
-- Let a person in no more.
WITH changed AS (
    UPDATE users SET disabled_at = now(), version = version + 1
    WHERE id = :id AND version = :version AND disabled_at IS NULL RETURNING *
)
SELECT people.id, people.email, people.name, people.role, people.scope, people.depot_ids, people.language,
       people.time_zone, people.units, people.has_second_factor, changed.version, people.created_at,
       changed.disabled_at AS archived_at
FROM changed JOIN people USING (id);

-- name: restore_user
-- Let a person in again.
WITH changed AS (
    UPDATE users SET disabled_at = NULL, version = version + 1
    WHERE id = :id AND version = :version AND disabled_at IS NOT NULL RETURNING *
)
SELECT people.id, people.email, people.name, people.role, people.scope, people.depot_ids, people.language,
       people.time_zone, people.units, people.has_second_factor, changed.version, people.created_at,
       changed.disabled_at AS archived_at
FROM changed JOIN people USING (id);

-- name: find_depots_of_names
-- The depots of these names: name and id.
SELECT name, id FROM depots WHERE name = ANY(:names) AND archived_at IS NULL;

-- name: list_user_names
-- People by address, for whoever picks one, or those of these ids: id, address, whether they are disabled.
SELECT id, email AS name, disabled_at IS NOT NULL AS archived FROM users
WHERE (:ids::integer[] IS NULL OR id = ANY(:ids))
  AND (:search = '' OR strpos(lower(name || ' ' || email), lower(:search)) > 0)
ORDER BY archived, lower(email), id LIMIT :most;
