DROP TRIGGER vehicle_changed ON vehicles;
DROP TRIGGER vehicle_added ON vehicles;
DROP FUNCTION notify_vehicle_changed;
DROP TRIGGER last_admin_stays ON users;
DROP FUNCTION keep_an_admin;
DROP VIEW people;
ALTER TABLE users DROP CONSTRAINT users_scope_admin;
