-- name: begin_second_factor!
-- Keep a new secret until its first code confirms it; one that is in force stays.
UPDATE users SET totp_secret = :secret, totp_last_step = 0
WHERE id = :user_id AND totp_confirmed_at IS NULL;

-- name: confirm_second_factor!
-- From now on this person's password is not enough.
UPDATE users SET totp_confirmed_at = now(), totp_last_step = :step
WHERE id = :user_id AND totp_confirmed_at IS NULL;

-- name: get_second_factor^
-- The secret, and the time step of the last code that was taken.
SELECT totp_secret, totp_last_step FROM users WHERE id = :user_id;

-- name: seal_second_factor!
-- Put the sealed secret in place of the plain one.
UPDATE users SET totp_secret = :sealed WHERE id = :user_id AND totp_secret = :plain;

-- name: use_code!
-- Take the code of a time step, once: no row where it or a later one was taken before.
UPDATE users SET totp_last_step = :step WHERE id = :user_id AND totp_last_step < :step;

-- name: remove_second_factor!
-- The password is enough again.
UPDATE users SET totp_secret = NULL, totp_confirmed_at = NULL WHERE id = :user_id;

-- name: remove_recovery_codes!
-- Make all recovery codes of a person worthless.
DELETE FROM recovery_codes WHERE user_id = :user_id;

-- name: add_recovery_codes!
-- New recovery codes, by their hashes.
INSERT INTO recovery_codes (user_id, code_hash) SELECT :user_id, unnest(:hashes::bytea[]);

-- name: count_recovery_codes$
-- How many recovery codes of a person have not been used.
SELECT count(*) FROM recovery_codes WHERE user_id = :user_id AND used_at IS NULL;

-- name: use_recovery_code!
-- Take a recovery code, once.
UPDATE recovery_codes SET used_at = now()
WHERE user_id = :user_id AND code_hash = :code_hash AND used_at IS NULL;
