-- name: list_tracks
-- The fixes of devices that reported lately, device by device in order of time; of a fleet that is too large
-- for one run another part each time.
SELECT device_id, seen.fix_time, seen.latitude, seen.longitude
FROM (
    SELECT device_id FROM latest_positions WHERE fix_time >= :start ORDER BY random() LIMIT :most_devices
) moving
CROSS JOIN LATERAL (
    SELECT fix_time, latitude, longitude FROM positions
    WHERE device_id = moving.device_id AND fix_time >= :start AND fix_time < :end
) seen
ORDER BY device_id, seen.fix_time;

-- name: add_road_pieces*!
-- Add pieces of road, or the new passes over pieces that are there.
INSERT INTO driven_roads AS road (latitude_a, longitude_a, latitude_b, longitude_b, passes, last_driven)
VALUES (:latitude_a, :longitude_a, :latitude_b, :longitude_b, :passes, :last_driven)
ON CONFLICT (latitude_a, longitude_a, latitude_b, longitude_b) DO UPDATE SET
    passes = road.passes + excluded.passes, last_driven = greatest(road.last_driven, excluded.last_driven);

-- name: forget_roads!
-- Keep the pieces driven last, as many as the map draws.
DELETE FROM driven_roads WHERE (latitude_a, longitude_a, latitude_b, longitude_b) IN (
    SELECT latitude_a, longitude_a, latitude_b, longitude_b FROM driven_roads
    ORDER BY last_driven DESC, passes DESC OFFSET :most
);
