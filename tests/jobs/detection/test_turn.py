"""Turns: slices of a long history, faults in one device, devices that vanish, and several runners at once."""

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from jobs import metrics
from jobs.detection.detector import Vehicle
from jobs.detection.ruleset import Ruleset
from jobs.detection.turn import detect_all, redo, take_turn
from jobs.detection.windows import FIRST
from sql.pool import connect
from sql.queries import queries
from sql.tracks import IGNITION_OFF, IGNITION_ON

OFF, ON = IGNITION_OFF, IGNITION_ON
TABLES = "TRUNCATE trips, stops, geofence_visits, events"
Tables = dict[str, list[Any]]


@pytest.fixture
def history(ride: Any, tell: Any) -> Callable[[str], list[Any]]:
    """Two days of a device: a short trip every other hour, and in between rest."""

    def make(uid: str) -> list[Any]:
        way = ride(every_s=60.0, ignition=OFF).stand(3600)
        for _ in range(12):
            way.tell(ignition=ON).drive(900, 15).stand(300).tell(ignition=OFF).stand(3 * 3600)
        reports: list[Any] = tell(uid, way.fixes())
        return reports

    return make


@pytest.fixture
def fleet(history: Callable[[str], list[Any]], store: Any) -> list[str]:
    """Some devices with a history that nobody has looked at."""
    uids = [f"bus-{number}" for number in range(6)]
    for uid in uids:
        store(history(uid)[:200])
    return uids


def list_found(tables: Tables) -> set[str]:
    return {row["uid"] for row in tables["stops"]}


@pytest.mark.parametrize("most_fixes", [250, 700])
def test_a_long_history_in_slices_gives_what_it_gives_at_once(
    history: Any, store: Any, tables: Callable[[], Tables], connection: psycopg.Connection, most_fixes: int
) -> None:
    reports = history("bus-1")
    store(reports)
    turns = detect_all(connection, most_fixes)
    assert turns >= len(reports) // most_fixes
    found = tables()
    connection.execute(TABLES)
    redo(connection, FIRST)
    assert detect_all(connection) == 1
    assert len(found["trips"]) == 12
    assert found == tables()


def test_a_history_in_which_nothing_ever_rests_is_looked_at_to_its_end(
    ride: Any, tell: Any, store: Any, tables: Callable[[], Tables], connection: psycopg.Connection
) -> None:
    way = ride(every_s=60.0, ignition=ON)
    for _ in range(40):
        way.stand(120).drive(600)
    store(tell("bus-1", way.fixes()))
    assert take_turn(connection, Ruleset(), 100) == 1
    assert take_turn(connection, Ruleset(), 100) == 0
    (trip,) = tables()["trips"]
    assert way.clock(trip["ended_at"]) == way.now_s


def test_a_unit_wired_to_permanent_power_is_looked_at_in_pieces_and_idles_as_in_one_look(
    ride: Any, tell: Any, store: Any, tables: Callable[[], Tables], connection: psycopg.Connection
) -> None:
    way = ride(every_s=60.0, ignition=ON)
    for _ in range(6):
        way.stand(2 * 3600).drive(600)
    reports = tell("bus-1", way.fixes())
    for start in range(0, len(reports), 10):
        store(reports[start : start + 10])
        detect_all(connection)
    found = tables()
    assert [event["kind"] for event in found["events"]] == ["idling"] * 6
    connection.execute(TABLES)
    redo(connection, FIRST)
    detect_all(connection)
    assert found == tables()


def test_there_is_nothing_to_do_where_nothing_is_new(
    connection: psycopg.Connection, fleet: list[str]
) -> None:
    assert take_turn(connection, Ruleset()) == len(fleet)
    assert take_turn(connection, Ruleset()) == 0


def test_redoing_some_devices_leaves_the_others(
    connection: psycopg.Connection, fleet: list[str], tables: Callable[[], Tables]
) -> None:
    detect_all(connection)
    connection.execute(TABLES)
    redo(connection, FIRST, fleet[:2])
    assert detect_all(connection) == 2
    assert list_found(tables()) == set(fleet[:2])


class Faulty(Ruleset):
    """Gives one vehicle a rule that makes no sense."""

    def list_vehicles(self, connection: psycopg.Connection, device_ids: list[int]) -> dict[int, Vehicle]:
        vehicles = super().list_vehicles(connection, device_ids)
        first = min(vehicles)
        senseless: Any = vehicles[first].rules["tow"]._replace(threshold="far")
        broken = {**vehicles[first].rules, "overspeed": senseless}
        return vehicles | {first: vehicles[first]._replace(rules=broken)}


def count_failures() -> float:
    (metric,) = metrics.DETECTION_FAILURES.collect()
    return float(metric.samples[0].value)


def test_a_fault_in_one_device_leaves_the_others(
    connection: psycopg.Connection, fleet: list[str], tables: Callable[[], Tables]
) -> None:
    before = count_failures()
    with capture_logs() as logs:
        assert take_turn(connection, Faulty()) == len(fleet)
    assert [entry["event"] for entry in logs] == ["a device cannot be looked at"]
    assert list_found(tables()) == set(fleet[1:])
    assert count_failures() == before + 1
    redo(connection, FIRST, fleet[:1])
    detect_all(connection)
    assert list_found(tables()) == set(fleet)


def test_a_fault_leaves_what_was_found_of_that_device_before(
    connection: psycopg.Connection, fleet: list[str], tables: Callable[[], Tables]
) -> None:
    detect_all(connection)
    found = tables()
    redo(connection, FIRST)
    with capture_logs():
        take_turn(connection, Faulty())
    assert tables() == found


def test_a_device_that_was_deleted_meanwhile_is_passed_over(
    connection: psycopg.Connection, fleet: list[str], tables: Callable[[], Tables]
) -> None:
    queries.spread_batches(connection, most=100)
    connection.execute("DELETE FROM devices WHERE uid = %s", (fleet[2],))
    detect_all(connection)
    assert list_found(tables()) == set(fleet) - {fleet[2]}


def test_a_device_whose_positions_were_deleted_meanwhile_is_passed_over(
    connection: psycopg.Connection, fleet: list[str], tables: Callable[[], Tables]
) -> None:
    connection.execute("DELETE FROM positions WHERE device_id = (SELECT min(id) FROM devices)")
    detect_all(connection)
    assert list_found(tables()) == set(fleet[1:])


def test_a_device_in_no_vehicle_is_looked_at_by_the_rules_of_the_fleet(
    connection: psycopg.Connection, fleet: list[str], tables: Callable[[], Tables]
) -> None:
    connection.execute("UPDATE devices SET vehicle_id = NULL WHERE uid = %s", (fleet[0],))
    detect_all(connection)
    assert list_found(tables()) == set(fleet)


# Several runners.


def test_what_one_runner_has_in_hand_another_leaves_alone(
    connection: psycopg.Connection, database_url: str, fleet: list[str]
) -> None:
    queries.spread_batches(connection, most=100)
    with connect(database_url, "other") as other:
        claimed = {id for (id,) in queries.claim_devices(other, most=2)}
        assert len(claimed) == 2
        assert take_turn(connection, Ruleset()) == len(fleet) - 2
        assert take_turn(connection, Ruleset()) == 0
        waiting = connection.execute("SELECT device_id FROM detection_due").fetchall()
        assert {id for (id,) in waiting} == claimed
        other.rollback()
    assert take_turn(connection, Ruleset()) == 2


def test_what_a_killed_runner_had_in_hand_is_due_again(
    connection: psycopg.Connection, database_url: str, fleet: list[str]
) -> None:
    queries.spread_batches(connection, most=100)
    with connect(database_url, "killed") as killed:
        claimed = [id for (id,) in queries.claim_devices(killed, most=100)]
        assert len(list(queries.take_due(killed, device_ids=claimed))) == len(fleet)
        pid = killed.info.backend_pid
        killed.close()
    gone = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)"
    while connection.execute(gone, (pid,)).fetchone() == (False,):
        time.sleep(0.01)
    assert detect_all(connection) == len(fleet)


def test_two_runners_side_by_side_find_what_one_finds(
    connection: psycopg.Connection,
    database_url: str,
    history: Callable[[str], list[Any]],
    store: Any,
    tables: Callable[[], Tables],
) -> None:
    histories = {uid: history(uid) for uid in ("a", "b", "c", "d")}
    stopping = threading.Event()
    faults: list[BaseException] = []

    def run() -> None:
        try:
            with connect(database_url, "runner", autocommit=True) as own:
                while not stopping.is_set():
                    detect_all(own)
        except BaseException as fault:
            faults.append(fault)

    runners = [threading.Thread(target=run) for _ in range(2)]
    for runner in runners:
        runner.start()
    for start in range(0, len(histories["a"]), 400):
        store([report for reports in histories.values() for report in reports[start : start + 400]])
    stopping.set()
    for runner in runners:
        runner.join()
    assert faults == []
    detect_all(connection)
    found = tables()
    connection.execute(TABLES)
    redo(connection, FIRST)
    detect_all(connection)
    assert found == tables()


# A fence that moves.


def test_a_fence_that_is_moved_while_a_vehicle_is_inside_has_been_left_with_the_next_look(
    connection: psycopg.Connection,
    ride: Any,
    store: Any,
    tell: Any,
    detect: Any,
    tables: Callable[[], Tables],
) -> None:
    connection.execute(
        """
        INSERT INTO geofences (name, shape, geometry, radius_m)
        VALUES ('yard', 'circle', '{"type": "Point", "coordinates": [11, 48]}', 200)
        """
    )
    way = ride(every_s=60.0, ignition=OFF).stand(7200)
    store(tell("bus-1", way.fixes()))
    detect()
    assert [row["left_at"] for row in tables()["geofence_visits"]] == [None]
    moved = 'UPDATE geofences SET version = 2, geometry = \'{"type": "Point", "coordinates": [11.5, 48]}\''
    connection.execute(moved)
    store(tell("bus-1", way.stand(60).fixes())[-1:])
    detect()
    ((began, left),) = ((row["entered_at"], row["left_at"]) for row in tables()["geofence_visits"])
    assert way.clock(began) == 0
    assert 7200 - 3600 < way.clock(left) < 7260
