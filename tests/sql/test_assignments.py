"""Who drives what from when to when: overlap, substitution, resuming, taking back, and several at once."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from sql.assignments import Assignments, Overlap
from sql.audit import Author
from sql.pool import connect
from sql.records import Conflict, RecordError, RecordMissing

At = Callable[..., datetime]
Plan = list[tuple[str, str, int, int | None, str]]


@pytest.fixture
def cast(add_vehicle: Callable[[str], int], add_driver: Callable[[str], int]) -> dict[str, int]:
    """Two buses and two drivers by their names."""
    return {
        "bus A": add_vehicle("bus A"),
        "bus B": add_vehicle("bus B"),
        "Ana": add_driver("Ana"),
        "Ben": add_driver("Ben"),
    }


@pytest.fixture
def assign(assignments: Assignments, cast: dict[str, int]) -> Callable[..., dict[str, Any]]:
    """Assign a driver to a bus; the row."""

    def add(vehicle: str, driver: str, starts_at: datetime, ends_at: datetime | None) -> dict[str, Any]:
        return assignments.add(
            {
                "vehicle_id": cast[vehicle],
                "driver_id": cast[driver],
                "starts_at": starts_at,
                "ends_at": ends_at,
                "notes": "",
            }
        )

    return add


@pytest.fixture
def substitute(assignments: Assignments, cast: dict[str, int]) -> Callable[..., dict[str, Any]]:
    """Put a bus or a driver in for another; the substitute."""

    def put(row: dict[str, Any], name: str, starts_at: datetime, ends_at: datetime | None) -> dict[str, Any]:
        is_bus = name.startswith("bus")
        return assignments.substitute(
            row["id"],
            row["version"],
            {
                "vehicle_id": cast[name] if is_bus else None,
                "driver_id": None if is_bus else cast[name],
                "starts_at": starts_at,
                "ends_at": ends_at,
                "notes": "",
            },
        )

    return put


@pytest.fixture
def plan(connection: psycopg.Connection) -> Callable[[], Plan]:
    """Who drives what in which hours of the day, the earliest first."""

    def read() -> Plan:
        return connection.execute(
            "SELECT fleet_number, name, extract(hour FROM lower(during))::integer,"
            " extract(hour FROM upper(during))::integer, driver_assignments.kind FROM driver_assignments"
            " JOIN vehicles ON vehicles.id = vehicle_id JOIN drivers ON drivers.id = driver_id"
            " ORDER BY lower(during), fleet_number"
        ).fetchall()

    return read


def count_changes(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM audit_log").fetchone()
    assert row
    return int(row[0])


def test_a_bus_has_one_driver_at_a_time_and_the_other_is_named(assign: Any, at: At) -> None:
    first = assign("bus A", "Ana", at(6), at(14))
    with pytest.raises(Overlap) as refused:
        assign("bus A", "Ben", at(13), None)
    assert (refused.value.field, refused.value.other["id"]) == ("vehicle_id", first["id"])


def test_a_driver_drives_one_bus_at_a_time_and_the_other_is_named(assign: Any, at: At) -> None:
    first = assign("bus A", "Ana", at(6), None)
    with pytest.raises(Overlap) as refused:
        assign("bus B", "Ana", at(20, day=9), at(21, day=9))
    assert (refused.value.field, refused.value.other["id"]) == ("driver_id", first["id"])


def test_one_ends_in_the_moment_in_which_the_next_begins(assign: Any, at: At, plan: Any) -> None:
    assign("bus A", "Ana", at(6), at(14))
    assign("bus A", "Ben", at(14), at(22))
    assert plan() == [("bus A", "Ana", 6, 14, "regular"), ("bus A", "Ben", 14, 22, "regular")]


@pytest.mark.parametrize("end", [5, 6])
def test_the_end_comes_after_the_beginning(end: int, assign: Any, at: At) -> None:
    with pytest.raises(RecordError, match="ends_at: order"):
        assign("bus A", "Ana", at(6), at(end))


def test_what_is_archived_or_unknown_is_not_assigned(
    assign: Any, at: At, connection: psycopg.Connection, cast: dict[str, int]
) -> None:
    connection.execute("UPDATE drivers SET archived_at = now() WHERE name = 'Ana'")
    with pytest.raises(RecordError, match="driver_id: archived"):
        assign("bus A", "Ana", at(6), None)
    cast["bus A"] = 999
    with pytest.raises(RecordError, match="vehicle_id: unknown"):
        assign("bus A", "Ben", at(6), None)


def test_whoever_looks_after_one_depot_touches_no_assignment_of_another(
    assign: Any, at: At, connection: psycopg.Connection, cast: dict[str, int]
) -> None:
    row = assign("bus A", "Ana", at(6), at(14))
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    connection.execute("UPDATE vehicles SET depot_id = 1")
    connection.execute("UPDATE drivers SET depot_id = 2 WHERE name = 'Ana'")
    connection.execute("UPDATE drivers SET depot_id = 1 WHERE name = 'Ben'")
    north = Assignments(connection, Author(), [1])
    for touch in (
        lambda: north.get(row["id"]),
        lambda: north.remove(row["id"], 1),
        lambda: north.end(row["id"], 1, at(7)),
        lambda: north.undo(1),
    ):
        with pytest.raises(RecordMissing):
            touch()
    values = {"vehicle_id": cast["bus B"], "starts_at": at(6), "ends_at": at(9), "notes": ""}
    with pytest.raises(RecordError, match="driver_id: unknown"):
        north.add({**values, "driver_id": cast["Ana"]})
    assert north.add({**values, "driver_id": cast["Ben"]})


def test_another_bus_for_a_while_cuts_the_regular_assignment_which_resumes(
    assign: Any, substitute: Any, at: At, plan: Any
) -> None:
    row = assign("bus A", "Ana", at(6), at(20))
    made = substitute(row, "bus B", at(9), at(12))
    assert plan() == [
        ("bus A", "Ana", 6, 9, "regular"),
        ("bus B", "Ana", 9, 12, "substitute"),
        ("bus A", "Ana", 12, 20, "regular"),
    ]
    assert made["instead_of_vehicle_id"] == row["vehicle_id"]
    assert made["instead_of_driver_id"] is None


def test_another_driver_for_a_while_leaves_the_bus_the_same(
    assign: Any, substitute: Any, at: At, plan: Any
) -> None:
    substitute(assign("bus A", "Ana", at(6), None), "Ben", at(6), at(12))
    assert plan() == [("bus A", "Ben", 6, 12, "substitute"), ("bus A", "Ana", 12, None, "regular")]


def test_a_substitute_for_all_of_it_replaces_it(assign: Any, substitute: Any, at: At, plan: Any) -> None:
    substitute(assign("bus A", "Ana", at(6), at(9)), "Ben", at(6), None)
    assert plan() == [("bus A", "Ben", 6, 9, "substitute")]


def test_a_substitute_who_is_taken_leaves_everything_as_it_was(
    assign: Any, substitute: Any, at: At, plan: Any, connection: psycopg.Connection
) -> None:
    row = assign("bus A", "Ana", at(6), at(20))
    other = assign("bus B", "Ben", at(10), at(11))
    before, changes = plan(), count_changes(connection)
    with pytest.raises(Overlap) as refused:
        substitute(row, "Ben", at(9), at(12))
    assert refused.value.other["id"] == other["id"]
    assert (plan(), count_changes(connection)) == (before, changes)


@pytest.mark.parametrize(
    ("name", "start", "end", "problem"),
    [
        ("bus A", 9, 12, "vehicle_id: same"),
        ("Ana", 9, 12, "driver_id: same"),
        ("Ben", 5, 12, "starts_at: too_early"),
        ("Ben", 20, 22, "starts_at: too_late"),
        ("Ben", 9, 21, "ends_at: too_late"),
        ("Ben", 9, 9, "ends_at: order"),
    ],
)
def test_a_substitution_is_a_part_of_the_assignment_and_changes_something(
    name: str, start: int, end: int, problem: str, assign: Any, substitute: Any, at: At
) -> None:
    row = assign("bus A", "Ana", at(6), at(20))
    with pytest.raises(RecordError, match=problem):
        substitute(row, name, at(start), at(end))


def test_when_a_substitute_ends_early_the_regular_assignment_resumes(
    assign: Any, substitute: Any, assignments: Assignments, at: At, plan: Any
) -> None:
    made = substitute(assign("bus A", "Ana", at(6), at(20)), "bus B", at(9), at(12))
    assignments.end(made["id"], made["version"], at(10))
    assert plan() == [
        ("bus A", "Ana", 6, 9, "regular"),
        ("bus B", "Ana", 9, 10, "substitute"),
        ("bus A", "Ana", 10, 20, "regular"),
    ]


def test_a_substitute_until_further_notice_ends_and_the_regular_assignment_resumes(
    assign: Any, substitute: Any, assignments: Assignments, at: At, plan: Any
) -> None:
    made = substitute(assign("bus A", "Ana", at(6), None), "bus B", at(9), None)
    assert plan() == [("bus A", "Ana", 6, 9, "regular"), ("bus B", "Ana", 9, None, "substitute")]
    assignments.end(made["id"], made["version"], at(15))
    assert plan() == [
        ("bus A", "Ana", 6, 9, "regular"),
        ("bus B", "Ana", 9, 15, "substitute"),
        ("bus A", "Ana", 15, None, "regular"),
    ]


def test_a_substitute_that_is_called_off_leaves_one_assignment_in_one_piece(
    assign: Any, substitute: Any, assignments: Assignments, at: At, plan: Any
) -> None:
    made = substitute(assign("bus A", "Ana", at(6), at(20)), "Ben", at(9), at(12))
    assignments.remove(made["id"], made["version"])
    assert plan() == [("bus A", "Ana", 6, 20, "regular")]


def test_an_end_is_neither_before_the_beginning_nor_after_the_end(
    assign: Any, assignments: Assignments, at: At
) -> None:
    row = assign("bus A", "Ana", at(6), at(20))
    with pytest.raises(RecordError, match="not_begun"):
        assignments.end(row["id"], 1, at(6))
    with pytest.raises(RecordError, match="is_over"):
        assignments.end(row["id"], 1, at(20))
    with pytest.raises(Conflict):
        assignments.end(row["id"], 7, at(10))


def test_every_piece_of_a_substitution_is_in_the_audit_log(
    assign: Any, substitute: Any, at: At, connection: psycopg.Connection
) -> None:
    substitute(assign("bus A", "Ana", at(6), at(20)), "bus B", at(9), at(12))
    log = connection.execute("SELECT action, record_id FROM audit_log ORDER BY id").fetchall()
    assert log == [("add", 1), ("change", 1), ("add", 2), ("add", 3)]


@pytest.mark.parametrize(("start", "end"), [(9, 12), (6, 12), (9, 20), (6, 20)])
def test_a_substitution_is_taken_back_as_a_whole_and_that_too(
    start: int, end: int, assign: Any, substitute: Any, assignments: Assignments, at: At, plan: Any
) -> None:
    row = assign("bus A", "Ana", at(6), at(20))
    made = substitute(row, "bus B", at(start), at(end))
    after = plan()
    change = assignments.find_last_change(made["id"])
    assert change
    assert assignments.is_undoable(change)
    assignments.undo(change)
    assert plan() == [("bus A", "Ana", 6, 20, "regular")]
    again = assignments.find_last_change(made["id"])
    assert again
    assignments.undo(again)
    assert plan() == after


def test_a_removal_is_taken_back_under_the_same_id(
    assign: Any, assignments: Assignments, at: At, plan: Any
) -> None:
    row = assign("bus A", "Ana", at(6), at(20))
    assignments.remove(row["id"], 1)
    assert plan() == []
    change = assignments.find_last_change(row["id"])
    assert change
    assignments.undo(change)
    back = assignments.get(row["id"])
    assert back["version"] > row["version"]
    assert {**back, "version": 1} == row


def test_what_somebody_changed_since_is_not_taken_back(
    assign: Any, substitute: Any, assignments: Assignments, at: At, plan: Any
) -> None:
    row = assign("bus A", "Ana", at(6), at(20))
    made = substitute(row, "bus B", at(9), at(12))
    change = assignments.find_last_change(made["id"])
    assert change
    assignments.change(row["id"], 2, {"notes": "mind the gate"})
    after = plan()
    assert not assignments.is_undoable(change)
    with pytest.raises(RecordError, match="changed_since"):
        assignments.undo(change)
    assert plan() == after


def test_what_has_become_impossible_is_not_taken_back(
    assign: Any, assignments: Assignments, at: At, plan: Any
) -> None:
    row = assign("bus A", "Ana", at(6), at(20))
    assignments.end(row["id"], 1, at(10))
    change = assignments.find_last_change(row["id"])
    assert change
    assign("bus A", "Ben", at(10), at(12))
    after = plan()
    with pytest.raises(RecordError, match="changed_since"):
        assignments.undo(change)
    assert plan() == after


def test_a_change_that_never_was_is_not_taken_back(assignments: Assignments) -> None:
    with pytest.raises(RecordMissing):
        assignments.undo(999)


def test_of_many_who_assign_the_same_bus_at_once_one_does(
    database_url: str, cast: dict[str, int], at: At, add_driver: Callable[[str], int], plan: Any
) -> None:
    drivers = [add_driver(f"driver {number}") for number in range(6)]
    start, outcomes = threading.Barrier(len(drivers)), []

    def try_it(driver_id: int) -> None:
        with connect(database_url, "test", autocommit=True) as connection:
            start.wait()
            try:
                Assignments(connection, Author(), None).add(
                    {
                        "vehicle_id": cast["bus A"],
                        "driver_id": driver_id,
                        "starts_at": at(6),
                        "ends_at": None,
                        "notes": "",
                    }
                )
                outcomes.append("done")
            except Overlap as error:
                outcomes.append(error.field)

    threads = [threading.Thread(target=try_it, args=(driver,)) for driver in drivers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done"] + ["vehicle_id"] * 5
    assert len(plan()) == 1


def test_the_current_driver_is_who_drives_at_this_moment(
    connection: psycopg.Connection, assign: Any, substitute: Any, cast: dict[str, int]
) -> None:
    row = connection.execute("SELECT now()").fetchone()
    assert row
    now, hour = row[0], timedelta(hours=1)
    regular = assign("bus A", "Ana", now - 9 * hour, None)
    assign("bus B", "Ben", now - 9 * hour, now - hour)
    query = "SELECT vehicle_id, name FROM current_drivers"
    assert connection.execute(query).fetchall() == [(cast["bus A"], "Ana")]
    substitute(regular, "Ben", now - hour / 2, now + hour)
    assert connection.execute(query).fetchall() == [(cast["bus A"], "Ben")]
