-- name: read_fixes
-- The fixes of some stretches for COPY, every column there and of one length; see sql/tracks.py.
COPY (
    SELECT (asked.stretch - 1)::integer, p.fix_time, p.received_at, p.latitude, p.longitude,
           coalesce(p.speed_mps, 'NaN'), coalesce(p.course, 'NaN'), coalesce(p.accuracy_m, 'NaN'),
           CASE p.attributes -> 'ignition' WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE -1 END::smallint,
           read_measure(p.attributes, 'odometer_m'), read_measure(p.attributes, 'fuel_level_percent'),
           read_measure(p.attributes, 'fuel_level_l'), read_measure(p.attributes, 'battery_percent'),
           read_measure(p.attributes, 'external_power_v'),
           coalesce(jsonb_typeof(p.attributes -> 'event') = 'string', false)::integer::smallint
    FROM unnest(:device_ids::integer[], :since::timestamptz[], :until::timestamptz[])
        WITH ORDINALITY AS asked (device_id, since, until, stretch)
    CROSS JOIN LATERAL (
        SELECT * FROM positions
        WHERE device_id = asked.device_id AND fix_time >= asked.since AND fix_time < asked.until
        ORDER BY fix_time LIMIT :most
    ) p
) TO STDOUT (FORMAT binary);

-- name: list_event_names
-- What devices called an event in some stretches: device, time of the fix, name.
SELECT p.device_id, p.fix_time, p.attributes ->> 'event'
FROM unnest(:device_ids::integer[], :since::timestamptz[], :until::timestamptz[]) AS asked (device_id, since, until)
JOIN positions p ON p.device_id = asked.device_id AND p.fix_time >= asked.since AND p.fix_time < asked.until
WHERE jsonb_typeof(p.attributes -> 'event') = 'string'
ORDER BY p.device_id, p.fix_time;
