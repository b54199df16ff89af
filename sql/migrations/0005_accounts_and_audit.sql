-- Sessions that can be revoked, a second factor, the scope of a person's rights, and who changed what.

ALTER TABLE users
    ADD COLUMN name text NOT NULL DEFAULT '' CHECK (length(name) <= 200),
    ADD COLUMN language text NOT NULL DEFAULT 'en' CHECK (length(language) BETWEEN 2 AND 10),
    ADD COLUMN time_zone text CHECK (length(time_zone) BETWEEN 1 AND 64),
    ADD COLUMN units text NOT NULL DEFAULT 'metric' CHECK (units IN ('metric', 'imperial')),
    ADD COLUMN scope text NOT NULL DEFAULT 'fleet' CHECK (scope IN ('fleet', 'depot', 'route', 'child')),
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN totp_secret text,
    ADD COLUMN totp_confirmed_at timestamptz,
    ADD COLUMN totp_last_step bigint NOT NULL DEFAULT 0;
UPDATE users SET scope = 'route' WHERE role = 'driver';
UPDATE users SET scope = 'child' WHERE role = 'guardian';
ALTER TABLE users ALTER COLUMN scope DROP DEFAULT;

-- A person as the pages know them: what no page may show is not in it.
CREATE VIEW accounts AS
SELECT id, email, role, disabled_at IS NOT NULL AS disabled, name, language, time_zone, units, scope,
       totp_confirmed_at IS NOT NULL AS has_second_factor
FROM users;

-- A family of tokens: one person on one browser or device. Only the newest refresh token of it is good.
CREATE TABLE sessions (
    id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id           integer NOT NULL REFERENCES users ON DELETE CASCADE,
    kind              text NOT NULL CHECK (kind IN ('browser', 'device')),
    device_id         text CHECK (length(device_id) <= 200),
    user_agent        text NOT NULL CHECK (length(user_agent) <= 400),
    address           text NOT NULL,
    token_id          uuid NOT NULL,
    previous_token_id uuid,
    created_at        timestamptz NOT NULL DEFAULT now(),
    rotated_at        timestamptz NOT NULL DEFAULT now(),
    expires_at        timestamptz NOT NULL,
    ended_at          timestamptz,
    end_reason        text CHECK (end_reason IN
        ('signed out', 'revoked', 'token reused', 'password changed', 'replaced'))
);
CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;

-- Sign-ins that failed or are being tried; the subject is an address or the hash of an account's name.
CREATE TABLE sign_in_attempts (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_attempts_subject ON sign_in_attempts (subject, at);
CREATE INDEX sign_in_attempts_at ON sign_in_attempts (at);

-- For whoever lost the phone with the second factor: each code works once.
CREATE TABLE recovery_codes (
    user_id   integer NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    used_at   timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- Links to choose a new password, by the hash of their token: each works once and not for long.
CREATE TABLE password_resets (
    token_hash bytea PRIMARY KEY,
    user_id    integer NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

-- Every change of a record, whoever made it: one row, written in the change's own transaction by
-- record_change and by nothing else. Nobody rewrites it.
CREATE TABLE audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    user_id    integer REFERENCES users ON DELETE SET NULL,
    table_name text NOT NULL,
    record_id  bigint NOT NULL,
    action     text NOT NULL CHECK (action IN ('add', 'change', 'archive', 'restore', 'remove')),
    before     jsonb,
    after      jsonb,
    request_id text
);
CREATE INDEX audit_log_record ON audit_log (table_name, record_id, id);
CREATE INDEX audit_log_at ON audit_log (at);

CREATE FUNCTION record_change(
    the_user integer, the_request text, the_action text, the_table text, the_record bigint,
    before jsonb, after jsonb
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO audit_log (user_id, request_id, action, table_name, record_id, before, after)
    VALUES (the_user, the_request, the_action, the_table, the_record,
            before - '{password_hash,totp_secret,totp_last_step}'::text[],
            after - '{password_hash,totp_secret,totp_last_step}'::text[])
$$;
