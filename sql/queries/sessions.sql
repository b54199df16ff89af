-- name: add_session^
-- Sign a person in on one browser or device.
INSERT INTO sessions (user_id, kind, device_id, user_agent, address, token_id, expires_at)
VALUES (:user_id, :kind, :device_id, :user_agent, :address, gen_random_uuid(), now() + :lifetime)
RETURNING id, token_id;

-- name: replace_device_sessions!
-- A device that signs in anew ends its older session.
UPDATE sessions SET ended_at = now(), end_reason = 'replaced'
WHERE user_id = :user_id AND kind = 'device' AND device_id = :device_id AND ended_at IS NULL;

-- name: rotate_session$
-- The next refresh token's id, where this one was the newest of an open session.
UPDATE sessions
SET previous_token_id = token_id, token_id = gen_random_uuid(), rotated_at = now(),
    expires_at = now() + :lifetime
WHERE id = :id AND token_id = :token_id AND kind = :kind AND ended_at IS NULL AND expires_at > now()
RETURNING token_id;

-- name: is_just_rotated$
-- Whether a browser's refresh token was the newest until moments ago: its pages ask side by side.
SELECT EXISTS (
    SELECT FROM sessions
    WHERE id = :id AND previous_token_id = :token_id AND kind = 'browser' AND :kind = 'browser'
      AND rotated_at > now() - interval '30 seconds' AND ended_at IS NULL
);

-- name: end_session!
-- End one session, of this person where one is given; one that has ended stays as it is.
UPDATE sessions SET ended_at = now(), end_reason = :reason
WHERE id = :id AND ended_at IS NULL AND (:user_id::integer IS NULL OR user_id = :user_id);

-- name: end_sessions!
-- End every session of a person, but for the one that asks.
UPDATE sessions SET ended_at = now(), end_reason = :reason
WHERE user_id = :user_id AND ended_at IS NULL AND id IS DISTINCT FROM :except_id::uuid;

-- name: end_sessions_of_address!
-- End every session of whoever has this e-mail address.
UPDATE sessions SET ended_at = now(), end_reason = :reason
FROM users WHERE users.id = user_id AND lower(email) = lower(:email) AND ended_at IS NULL;

-- name: list_session_users
-- The people of these sessions, where the session is open and the person is let in.
SELECT sessions.id AS session_id, accounts.*
FROM sessions JOIN accounts ON accounts.id = sessions.user_id
WHERE sessions.id = ANY(:ids) AND ended_at IS NULL AND expires_at > now() AND NOT disabled;

-- name: forget_sessions!
-- Forget sessions that ended, or were left alone until they did, so many days ago.
DELETE FROM sessions WHERE least(ended_at, expires_at) < now() - make_interval(days => :days);

-- name: list_user_sessions
-- Where a person is signed in, the latest first.
SELECT id, kind, device_id, user_agent, address, created_at, rotated_at
FROM sessions
WHERE user_id = :user_id AND ended_at IS NULL AND expires_at > now()
ORDER BY rotated_at DESC;
