-- name: list_quarantine
-- What was put aside, as far as a person reaches, the latest first, before the one with this id. Without the raw bytes.
SELECT id, received_at, source, topic, uid, reason, detail, size_bytes
FROM quarantine
WHERE (:reason = '' OR reason = :reason)
  AND (:depot_ids::integer[] IS NULL OR uid IN (
      SELECT d.uid FROM devices d JOIN vehicles v ON v.id = d.vehicle_id WHERE v.depot_id = ANY(:depot_ids::integer[])))
  AND (:search = '' OR strpos(lower(concat_ws(' ', uid, topic, detail)), lower(:search)) > 0)
  AND (:after::bigint IS NULL OR id < :after::bigint)
ORDER BY id DESC LIMIT :limit;

-- name: count_quarantine^
-- How many match, and how large they were together.
SELECT count(*), coalesce(sum(size_bytes), 0)::bigint
FROM quarantine
WHERE (:reason = '' OR reason = :reason)
  AND (:depot_ids::integer[] IS NULL OR uid IN (
      SELECT d.uid FROM devices d JOIN vehicles v ON v.id = d.vehicle_id WHERE v.depot_id = ANY(:depot_ids::integer[])))
  AND (:search = '' OR strpos(lower(concat_ws(' ', uid, topic, detail)), lower(:search)) > 0);

-- name: list_quarantine_reasons
-- Each reason that there is, found by jumping along the index.
WITH RECURSIVE reasons AS (
    (SELECT reason FROM quarantine ORDER BY reason LIMIT 1)
    UNION ALL
    SELECT (SELECT q.reason FROM quarantine q WHERE q.reason > reasons.reason ORDER BY q.reason LIMIT 1)
    FROM reasons WHERE reasons.reason IS NOT NULL
)
SELECT reason FROM reasons WHERE reason IS NOT NULL;

-- name: get_quarantined
-- One entry with its bytes.
SELECT id, received_at, source, topic, uid, reason, detail, size_bytes, raw FROM quarantine WHERE id = :id;
