-- name: add_attempts
-- Count a try against each of these subjects before it is known how it ends.
INSERT INTO sign_in_attempts (subject) SELECT unnest(:subjects::text[]) RETURNING id;

-- name: count_attempts
-- How many tries of each subject lie in the last minute, quarter of an hour and hour.
SELECT subject,
       count(*) FILTER (WHERE at > now() - interval '1 minute'),
       count(*) FILTER (WHERE at > now() - interval '15 minutes'),
       count(*)
FROM sign_in_attempts
WHERE subject = ANY(:subjects) AND at > now() - interval '1 hour'
GROUP BY subject;

-- name: remove_attempts!
-- Forget these tries: they were good ones, or were refused unseen.
DELETE FROM sign_in_attempts WHERE id = ANY(:ids);

-- name: remove_account_attempts!
-- Forget the tries at these accounts: somebody who may has let their person try again.
DELETE FROM sign_in_attempts WHERE subject = ANY(:subjects);

-- name: remove_old_attempts!
-- Forget what no limit counts any more.
DELETE FROM sign_in_attempts WHERE at < now() - interval '1 day';
