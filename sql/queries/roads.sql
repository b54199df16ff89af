-- name: add_driven_roads!
-- Add what the fleet drove in a window of time: consecutive fixes of a device, close in time and space, snapped
-- to a grid so that the next bus on the same road makes no new piece; a piece has no direction.
WITH moving AS (
    SELECT device_id FROM latest_positions WHERE fix_time >= :start ORDER BY random() LIMIT :most_devices
), fix AS (
    SELECT positions.*, lag(fix_time) OVER each AS fix_time_a,
           lag(latitude) OVER each AS latitude_a, lag(longitude) OVER each AS longitude_a
    FROM moving CROSS JOIN LATERAL (
        SELECT device_id, fix_time, latitude, longitude FROM positions
        WHERE device_id = moving.device_id
          AND fix_time >= :start - interval '60 seconds' AND fix_time < :end
    ) positions
    WINDOW each AS (PARTITION BY device_id ORDER BY fix_time)
), step AS (
    SELECT fix_time, latitude_a, longitude_a, latitude, longitude,
           111320 * sqrt((latitude - latitude_a) ^ 2
                         + ((longitude - longitude_a) * cos(radians(latitude))) ^ 2) AS distance_m
    FROM fix
    WHERE fix_time >= :start AND fix_time - fix_time_a < interval '60 seconds'
), snapped AS (
    SELECT fix_time,
           round(latitude_a * 2000) / 2000 AS latitude_a, round(longitude_a * 2000) / 2000 AS longitude_a,
           round(latitude * 2000) / 2000 AS latitude_b, round(longitude * 2000) / 2000 AS longitude_b
    FROM step WHERE distance_m > 5 AND distance_m < 400
)
INSERT INTO driven_roads AS road (latitude_a, longitude_a, latitude_b, longitude_b, passes, last_driven)
SELECT least(a, b)[1], least(a, b)[2], greatest(a, b)[1], greatest(a, b)[2], count(*), max(fix_time)
FROM (SELECT fix_time, ARRAY[latitude_a, longitude_a] AS a, ARRAY[latitude_b, longitude_b] AS b FROM snapped) piece
WHERE a <> b
GROUP BY least(a, b), greatest(a, b)
ON CONFLICT (latitude_a, longitude_a, latitude_b, longitude_b) DO UPDATE SET
    passes = road.passes + excluded.passes, last_driven = greatest(road.last_driven, excluded.last_driven);
