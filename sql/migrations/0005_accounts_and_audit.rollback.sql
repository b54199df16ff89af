DROP FUNCTION record_change(integer, text, text, text, bigint, jsonb, jsonb);
DROP TABLE audit_log;
DROP TABLE password_resets;
DROP TABLE recovery_codes;
DROP TABLE sign_in_attempts;
DROP TABLE sessions;
DROP VIEW accounts;
ALTER TABLE users
    DROP COLUMN name, DROP COLUMN language, DROP COLUMN time_zone, DROP COLUMN units, DROP COLUMN scope,
    DROP COLUMN version, DROP COLUMN totp_secret, DROP COLUMN totp_confirmed_at, DROP COLUMN totp_last_step;
