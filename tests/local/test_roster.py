"""The demo fleet's drivers: there once, and one of them with a substitute bus."""

import pytest

from local.demo import register_fleet
from sql.pool import connect


@pytest.mark.parametrize("vehicles", [1, 4, 54])
def test_the_demo_fleet_has_drivers_and_making_it_again_adds_none(vehicles: int, database_url: str) -> None:
    counts = "SELECT (SELECT count(*) FROM drivers), (SELECT count(*) FROM driver_assignments)"
    with connect(database_url, "test", autocommit=True) as connection:
        register_fleet(connection, vehicles)
        first = connection.execute(counts).fetchone()
        register_fleet(connection, vehicles)
        assert connection.execute(counts).fetchone() == first
        assert first
        assert first[0] == vehicles + 4
        names = connection.execute("SELECT count(DISTINCT name) FROM drivers").fetchone()
        assert names == (first[0],)


def test_today_one_bus_goes_instead_of_another(database_url: str) -> None:
    with connect(database_url, "test", autocommit=True) as connection:
        register_fleet(connection)
        found = connection.execute(
            "SELECT going.fleet_number, resting.fleet_number FROM driver_assignments"
            " JOIN vehicles AS going ON going.id = vehicle_id"
            " JOIN vehicles AS resting ON resting.id = instead_of_vehicle_id"
        ).fetchall()
    assert found == [("154", "105")]
