-- Where vehicles live, and the depots, routes and children that a person's rights reach.

CREATE TABLE depots (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
    address     text NOT NULL DEFAULT '' CHECK (length(address) <= 300),
    latitude    double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude   double precision CHECK (longitude BETWEEN -180 AND 180),
    version     integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz,
    CONSTRAINT depots_longitude_goes_with_latitude CHECK ((latitude IS NULL) = (longitude IS NULL))
);

-- What a person with users.scope 'depot', 'route' or 'child' may see; without a row, nothing.
CREATE TABLE user_scopes (
    user_id  integer NOT NULL REFERENCES users ON DELETE CASCADE,
    depot_id integer REFERENCES depots ON DELETE CASCADE,
    route_id integer,
    child_id integer,
    CHECK (num_nonnulls(depot_id, route_id, child_id) = 1),
    UNIQUE NULLS NOT DISTINCT (user_id, depot_id, route_id, child_id)
);
COMMENT ON TABLE user_scopes IS 'routes and children get their foreign keys with their tables';
