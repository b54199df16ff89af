"""Which rules and geofences hold for which vehicle."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from jobs.detection.detector import Vehicle
from jobs.detection.ruleset import Ruleset
from jobs.detection.track import SECOND
from sql.fleet import adopt_devices

POINT = '{"type": "Point", "coordinates": [11, 48]}'


@pytest.fixture
def buses(connection: psycopg.Connection) -> dict[str, tuple[int, int]]:
    """Two devices, each in a vehicle: both ids, the device's first."""
    adopt_devices(connection, ["one", "two"])
    rows = connection.execute("SELECT uid, id, vehicle_id FROM devices").fetchall()
    return {uid: (device_id, vehicle_id) for uid, device_id, vehicle_id in rows}


@pytest.fixture
def ruleset() -> Ruleset:
    return Ruleset()


@pytest.fixture
def ask(
    connection: psycopg.Connection, buses: dict[str, tuple[int, int]], ruleset: Ruleset
) -> Callable[[str], Vehicle]:
    """What holds for a vehicle now."""

    def read(uid: str) -> Vehicle:
        ruleset.refresh(connection)
        return ruleset.list_vehicles(connection, [buses[uid][0]])[buses[uid][0]]

    return read


def test_a_fleet_has_rules_from_the_start(ask: Any) -> None:
    rules = ask("one").rules
    assert rules["overspeed"].threshold == 25
    assert (rules["overspeed"].lasting, rules["overspeed"].fresh) == (10 * SECOND, 120 * SECOND)
    assert (rules["overspeed"].raises_alert, rules["harsh_braking"].raises_alert) == (True, False)


def test_a_vehicle_may_have_its_own(ask: Any, connection: psycopg.Connection, buses: Any) -> None:
    connection.execute(
        "INSERT INTO rules (kind, vehicle_id, threshold, lasting_s) VALUES ('overspeed', %s, 15, 20)",
        (buses["one"][1],),
    )
    own = ask("one").rules["overspeed"]
    assert (own.threshold, own.lasting, own.raises_alert) == (15, 20 * SECOND, False)
    assert ask("one").rules["idling"] == ask("two").rules["idling"]
    assert ask("two").rules["overspeed"].threshold == 25


def test_a_rule_that_is_switched_off_does_not_hold(ask: Any, connection: psycopg.Connection) -> None:
    connection.execute("UPDATE rules SET is_on = false WHERE kind = 'overspeed'")
    assert "overspeed" not in ask("one").rules


def test_a_rule_of_a_vehicle_that_is_put_away_gives_place_to_that_of_the_fleet(
    ask: Any, connection: psycopg.Connection, buses: Any
) -> None:
    connection.execute(
        "INSERT INTO rules (kind, vehicle_id, threshold, archived_at) VALUES ('overspeed', %s, 15, now())",
        (buses["one"][1],),
    )
    assert ask("one").rules["overspeed"].threshold == 25


def test_a_vehicle_may_be_spared_a_rule_or_be_the_only_one_with_it(
    ask: Any, connection: psycopg.Connection, buses: Any
) -> None:
    connection.execute("UPDATE rules SET is_on = false WHERE kind = 'idling'")
    for kind, bus, is_on in (("overspeed", "one", False), ("idling", "two", True)):
        connection.execute(
            "INSERT INTO rules (kind, vehicle_id, is_on, lasting_s) VALUES (%s, %s, %s, 60)",
            (kind, buses[bus][1], is_on),
        )
    held = {uid: {"overspeed", "idling"} & set(ask(uid).rules) for uid in buses}
    assert held == {"one": set(), "two": {"overspeed", "idling"}}


def test_hours_belong_to_the_rule(ask: Any, connection: psycopg.Connection) -> None:
    connection.execute(
        """
        WITH hours AS (
            INSERT INTO schedules (name, hours, time_zone)
            VALUES ('school', 'Mo-Fr 06:00-18:00', 'Europe/Berlin') RETURNING id
        )
        UPDATE rules SET schedule_id = hours.id FROM hours WHERE kind = 'overspeed'
        """
    )
    week = ask("one").rules["overspeed"].week
    assert (str(week.hours), str(week.zone)) == ("Mo-Fr 06:00-18:00", "Europe/Berlin")
    assert ask("one").rules["idling"].week is None


def test_a_geofence_holds_from_when_it_is_drawn_until_it_is_put_away(
    ask: Any, connection: psycopg.Connection
) -> None:
    assert ask("one").fences == ()
    connection.execute(
        "INSERT INTO geofences (name, shape, geometry, radius_m) VALUES ('yard', 'circle', %s, 100)", (POINT,)
    )
    (drawn,) = ask("one").fences
    assert ask("one").fences[0] is drawn  # and is not drawn anew while nothing changes
    connection.execute("UPDATE geofences SET radius_m = 200, version = version + 1")
    (changed,) = ask("one").fences
    assert changed.area.area == pytest.approx(4 * drawn.area.area)
    connection.execute("UPDATE geofences SET archived_at = now()")
    assert ask("one").fences == ()


def test_a_geofence_is_about_the_vehicles_that_it_names(
    ask: Any, connection: psycopg.Connection, buses: Any
) -> None:
    connection.execute(
        "INSERT INTO geofences (name, shape, geometry, radius_m) VALUES ('yard', 'circle', %s, 100)", (POINT,)
    )
    assert len(ask("two").fences) == 1
    connection.execute("INSERT INTO geofence_vehicles SELECT id, %s FROM geofences", (buses["one"][1],))
    assert (len(ask("one").fences), len(ask("two").fences)) == (1, 0)


def test_a_geofence_of_a_depot_is_about_its_vehicles(
    ask: Any, connection: psycopg.Connection, buses: Any
) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North')")
    connection.execute(
        "UPDATE vehicles SET depot_id = (SELECT id FROM depots) WHERE id = %s", (buses["two"][1],)
    )
    connection.execute(
        """
        INSERT INTO geofences (name, shape, geometry, radius_m, depot_id)
        SELECT 'yard', 'circle', %s, 100, id FROM depots
        """,
        (POINT,),
    )
    assert (len(ask("one").fences), len(ask("two").fences)) == (0, 1)


def test_of_a_device_that_is_gone_nothing_holds(connection: psycopg.Connection, ruleset: Ruleset) -> None:
    ruleset.refresh(connection)
    assert ruleset.list_vehicles(connection, [4711]) == {}


@pytest.mark.parametrize("ring", ["[]", "[[[0, 0]]]", '[[[0, 0], [1, 1], [0, "north"], [0, 0]]]'])
def test_a_geofence_that_cannot_be_drawn_leaves_the_others(
    ask: Any, connection: psycopg.Connection, ring: str
) -> None:
    geometry = f'{{"type": "Polygon", "coordinates": {ring}}}'
    add = "INSERT INTO geofences (name, shape, geometry, radius_m) VALUES (%s, %s, %s, %s) RETURNING id"
    connection.execute(add, ("nowhere", "polygon", geometry, None))
    drawn = connection.execute(add, ("yard", "circle", POINT, 100)).fetchone()
    with capture_logs() as logs:
        held = [fence.id for fence in ask("one").fences]
        assert held == [fence.id for fence in ask("one").fences] == list(drawn or ())
    assert [entry["event"] for entry in logs] == ["a geofence cannot be drawn"]  # and not at each turn


def test_a_rule_whose_hours_cannot_be_read_keeps_nobody_waiting(
    ask: Any, connection: psycopg.Connection
) -> None:
    connection.execute(
        """
        WITH odd AS (
            INSERT INTO schedules (name, hours, time_zone)
            VALUES ('odd', 'whenever', 'Mars/Base') RETURNING id
        )
        UPDATE rules SET schedule_id = odd.id FROM odd WHERE kind = 'sos'
        """
    )
    rules = ask("one").rules
    assert "sos" not in rules
    assert "overspeed" in rules
