-- People are kept by admins: an admin reaches the whole fleet and one always stays; who moves to another depot
-- is seen by other people within moments.

UPDATE users SET scope = 'fleet' WHERE role = 'admin';
ALTER TABLE users ADD CONSTRAINT users_scope_admin CHECK (role <> 'admin' OR scope = 'fleet');

-- A person as admins keep them, with the depots they reach; what nobody may read is not in it.
CREATE VIEW people AS
SELECT id, email, name, role, scope,
       ARRAY(SELECT depot_id FROM user_scopes WHERE user_id = users.id AND depot_id IS NOT NULL ORDER BY 1) AS depot_ids,
       language, time_zone, units, totp_confirmed_at IS NOT NULL AS has_second_factor,
       version, created_at, disabled_at AS archived_at
FROM users;

-- Without an admin nobody could ever make one again. The lock keeps two from demoting each other side by side.
CREATE FUNCTION keep_an_admin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('motorpool'), hashtext('admins'));
    IF NOT EXISTS (SELECT FROM users WHERE role = 'admin' AND disabled_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'users_role_last_admin', TABLE = 'users',
            MESSAGE = 'the last admin stays';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER last_admin_stays AFTER UPDATE ON users FOR EACH ROW
    WHEN (OLD.role = 'admin' AND OLD.disabled_at IS NULL AND (NEW.role <> 'admin' OR NEW.disabled_at IS NOT NULL))
    EXECUTE FUNCTION keep_an_admin();

-- What the live map shows of a vehicle, and to whom, has changed.
CREATE FUNCTION notify_vehicle_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('vehicle_changed', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER vehicle_added AFTER INSERT ON vehicles
    FOR EACH STATEMENT EXECUTE FUNCTION notify_vehicle_changed();
CREATE TRIGGER vehicle_changed AFTER UPDATE ON vehicles FOR EACH ROW
    WHEN ((OLD.depot_id, OLD.fleet_number, OLD.archived_at) IS DISTINCT FROM
          (NEW.depot_id, NEW.fleet_number, NEW.archived_at))
    EXECUTE FUNCTION notify_vehicle_changed();
