"""Driver assignments from a file: who drives what when, by the rules of the forms, and the way back."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from sql import imports
from sql.assignments import Assignments
from sql.audit import Author
from sql.users import find_user_by_email

PLAN = """Bus,Driver,From,Until,Notes
12,Ana,2026-03-02 06:00,2026-03-02 14:00,
12,Ben,2026-03-02 14:00,2026-03-02 22:00,late
O'Hara,محمد,2026-03-02 06:00,,from the first of March on
"""
TABLES = ("driver_assignments", "vehicles", "drivers")
Verdicts = Callable[..., tuple[int, int, int, int]]
Spans = Callable[[], list[tuple[Any, ...]]]


@pytest.fixture(autouse=True)
def cast(connection: psycopg.Connection, people: None) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    connection.execute(
        "INSERT INTO vehicles (fleet_number, depot_id) VALUES ('12', 1), ('13', 1), ('O''Hara', 2)"
    )
    connection.execute(
        "INSERT INTO drivers (name, staff_number, depot_id)"
        " VALUES ('Ana', '7', 1), ('Ben', '8', 1), ('محمد', '', 2)"
    )


@pytest.fixture
def spans(connection: psycopg.Connection) -> Spans:
    """Vehicle, driver, from when to when, and the notes, the earliest first."""

    def read() -> list[tuple[Any, ...]]:
        return connection.execute(
            "SELECT fleet_number, name, to_char(lower(during), 'DD HH24:MI'),"
            " to_char(upper(during), 'DD HH24:MI'), driver_assignments.notes"
            " FROM driver_assignments JOIN vehicles ON vehicles.id = vehicle_id"
            " JOIN drivers ON drivers.id = driver_id ORDER BY lower(during), fleet_number"
        ).fetchall()

    return read


@pytest.fixture
def assignments(connection: psycopg.Connection) -> Assignments:
    return Assignments(connection, Author(None, "by hand"), None)


def test_each_row_becomes_an_assignment(importer: Any, spans: Spans, verdicts: Verdicts) -> None:
    row = importer.run("assignments", PLAN)
    assert verdicts(row) == (3, 0, 0, 0)
    assert spans() == [
        ("12", "Ana", "02 06:00", "02 14:00", ""),
        ("O'Hara", "محمد", "02 06:00", None, "from the first of March on"),
        ("12", "Ben", "02 14:00", "02 22:00", "late"),
    ]
    told = imports.list_rows(importer.connection, row["id"], "new")
    assert [one["name"] for one in told] == ["Ana (7) on 12", "Ben (8) on 12", "محمد on O'Hara"]


def test_a_check_changes_nothing(importer: Any, verdicts: Verdicts, kept: Any) -> None:
    before = kept(*TABLES, "audit_log", but=())
    assert verdicts(importer.check("assignments", PLAN)) == (3, 0, 0, 0)
    assert kept(*TABLES, "audit_log", but=()) == before


def test_the_same_file_twice_changes_nothing(importer: Any, verdicts: Verdicts, kept: Any) -> None:
    importer.run("assignments", PLAN)
    before = kept(*TABLES, "audit_log", but=())
    assert verdicts(importer.run("assignments", PLAN)) == (0, 0, 3, 0)
    assert kept(*TABLES, "audit_log", but=()) == before


def test_another_end_and_other_notes_change_what_is_there(
    importer: Any, spans: Spans, verdicts: Verdicts
) -> None:
    importer.run("assignments", PLAN)
    text = (
        "Bus,Driver,From,Until,Notes\n12,7,2026-03-02 06:00,2026-03-02 13:00,\n12,8,2026-03-02 14:00,,late\n"
    )
    row = importer.run("assignments", text)
    assert verdicts(row) == (0, 1, 1, 0)
    changed = imports.list_rows(importer.connection, row["id"], "changed")[0]
    assert list(changed["changes"]) == ["ends_at"]
    assert spans()[0] == ("12", "Ana", "02 06:00", "02 13:00", "")


def test_what_one_row_gives_free_another_may_take_wherever_they_stand(
    importer: Any, spans: Spans, verdicts: Verdicts
) -> None:
    importer.run("assignments", PLAN)
    text = """Bus,Driver,From,Until
13,Ana,2026-03-02 12:00,2026-03-02 13:00
12,Ana,2026-03-02 06:00,2026-03-02 12:00
12,Ben,2026-03-02 14:00,2026-03-02 20:00
13,Ben,2026-03-02 20:00,
"""
    assert verdicts(importer.run("assignments", text)) == (2, 2, 0, 0)
    assert [span[:4] for span in spans() if span[0] != "O'Hara"] == [
        ("12", "Ana", "02 06:00", "02 12:00"),
        ("13", "Ana", "02 12:00", "02 13:00"),
        ("12", "Ben", "02 14:00", "02 20:00"),
        ("13", "Ben", "02 20:00", None),
    ]


def test_what_is_in_the_way_is_said_as_in_the_form(
    importer: Any, assignments: Assignments, verdicts: Verdicts, spans: Spans
) -> None:
    importer.run("assignments", PLAN)
    text = """Bus,Driver,From,Until
12,Ben,2026-03-02 05:00,2026-03-02 07:00
13,Ana,2026-03-02 07:00,2026-03-02 08:00
13,Ben,2026-03-03 07:00,2026-03-03 08:00
13,Ana,2026-03-03 07:30,
13,Ben,2026-03-04 07:00,2026-03-04 07:00
13,Ben,,2026-03-04 07:00
,Ben,2026-03-04 07:00,
13,Nobody,2026-03-04 07:00,
13,Ben,2026-03-03 07:00,2026-03-03 09:00
13,Ben,yesterday,
"""
    row = importer.run("assignments", text)
    assert verdicts(row) == (1, 0, 0, 9)
    rejected = {line: told[0] for line, told in importer.list_rejected(row["id"]).items()}
    assert rejected[2][0] == "vehicle_id"
    assert rejected[2][1].startswith("Ana (7) drives it then: Mar 2, 2026, 6:00")
    assert rejected[3][0] == "driver_id"
    assert rejected[3][1].startswith("They drive 12 then: ")
    assert rejected[5][1].startswith("Ben (8) drives it then: ")
    assert rejected[6] == ["ends_at", "The end must come after the beginning."]
    assert rejected[7] == ["starts_at", "This is needed."]
    assert rejected[8] == ["vehicle_id", "This is needed."]
    assert rejected[9] == ["driver_id", "There is no such record."]
    assert rejected[10] == ["", "Line 4 is about the same assignment."]
    assert rejected[11][0] == "starts_at"
    assert len(spans()) == 4


def test_who_is_archived_is_not_sent_out(importer: Any, connection: psycopg.Connection) -> None:
    connection.execute("UPDATE drivers SET archived_at = now() WHERE name = 'Ana'")
    connection.execute("UPDATE vehicles SET archived_at = now() WHERE fleet_number = '13'")
    text = "Bus,Driver,From\n12,Ana,2026-03-02 06:00\n13,Ben,2026-03-02 06:00\n"
    row = importer.check("assignments", text)
    said = "This is archived: restore it first."
    assert importer.list_rejected(row["id"]) == {2: [["driver_id", said]], 3: [["vehicle_id", said]]}


def test_a_substitution_is_known_and_left_to_its_own_page(
    importer: Any, assignments: Assignments, verdicts: Verdicts, kept: Any
) -> None:
    start, middle, end = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (6, 10, 12))
    regular = assignments.add(
        {"vehicle_id": 1, "driver_id": 1, "starts_at": start, "ends_at": None, "notes": ""}
    )
    instead = {"vehicle_id": 2, "driver_id": None, "starts_at": middle, "ends_at": end, "notes": "flat tyre"}
    assignments.substitute(regular["id"], regular["version"], instead)
    before = kept(*TABLES, but=())
    text = "Bus,Driver,From,Until,Notes\n13,Ana,2026-03-02 10:00,{},flat tyre\n"
    assert verdicts(importer.run("assignments", text.format("2026-03-02 12:00"))) == (0, 0, 1, 0)
    row = importer.run("assignments", text.format("2026-03-02 11:00"))
    assert importer.list_rejected(row["id"]) == {
        2: [["ends_at", "This is a substitution: change it on its own page."]]
    }
    assert kept(*TABLES, but=()) == before


@pytest.mark.parametrize(
    ("written", "kept_as"),
    [
        ("2026-03-02 06:00", "2026-03-02 05:00"),
        ("2026-07-02 06:00", "2026-07-02 04:00"),
        ("2026-10-25 02:30", "2026-10-25 00:30"),
        ("2026-10-25T02:30+01:00", "2026-10-25 01:30"),
        ("2026-03-29 03:00", "2026-03-29 01:00"),
        ("2026-03-29 02:30", None),
        ("2026-03-29T02:30+01:00", "2026-03-29 01:30"),
    ],
)
def test_times_are_of_the_time_zone_that_is_said_in_its_two_odd_nights_too(
    written: str, kept_as: str | None, importer: Any, connection: psycopg.Connection
) -> None:
    text = f"Bus,Driver,From\n12,Ana,{written}\n"
    row = importer.run("assignments", text, time_zone="Europe/Berlin")
    found = connection.execute(
        "SELECT to_char(lower(during), 'YYYY-MM-DD HH24:MI') FROM driver_assignments"
    ).fetchone()
    if kept_as is None:
        said = importer.list_rejected(row["id"])[2]
        assert said == [["starts_at", "The clocks go forward then, and there is no such time."]]
        assert found is None
    else:
        assert found == (kept_as,)


def test_undoing_puts_every_assignment_as_it_was(importer: Any, verdicts: Verdicts, kept: Any) -> None:
    importer.run("assignments", PLAN)
    before = kept(*TABLES)
    text = """Bus,Driver,From,Until,Notes
12,Ana,2026-03-02 06:00,2026-03-02 12:00,shorter
12,Ben,2026-03-02 14:00,2026-03-02 20:00,
13,Ben,2026-03-02 20:00,,
13,Ana,2026-03-02 12:00,2026-03-02 20:00,
"""
    row = importer.run("assignments", text)
    assert verdicts(row) == (2, 2, 0, 0)
    assert kept(*TABLES) != before
    row = importer.undo(row["id"])
    assert (row["state"], row["obstacles"]) == ("undone", None)
    assert kept(*TABLES) == before


def test_undoing_is_refused_where_something_of_it_has_been_changed_since(
    importer: Any, assignments: Assignments, connection: psycopg.Connection, kept: Any
) -> None:
    row = importer.run("assignments", PLAN)
    first = connection.execute("SELECT min(id) FROM driver_assignments").fetchone()
    assert first
    assignments.end(first[0], 1, datetime(2026, 3, 2, 9, tzinfo=UTC))
    before = kept(*TABLES, but=())
    row = importer.undo(row["id"])
    assert (row["state"], row["obstacles"]) == (
        "done", [["Ana (7) on 12", "It has been changed since.", first[0]]]
    )  # fmt: skip
    assert kept(*TABLES, but=()) == before


def test_undoing_is_refused_where_its_time_has_been_given_away(
    importer: Any, assignments: Assignments, connection: psycopg.Connection, kept: Any
) -> None:
    importer.run("assignments", PLAN)
    row = importer.run("assignments", "Bus,Driver,From,Until\n12,Ana,2026-03-02 06:00,2026-03-02 12:00\n")
    at = {"starts_at": datetime(2026, 3, 2, 12, tzinfo=UTC), "ends_at": datetime(2026, 3, 2, 13, tzinfo=UTC)}
    assignments.add({"vehicle_id": 1, "driver_id": 2, "notes": "", **at})
    before = kept(*TABLES, but=())
    row = importer.undo(row["id"])
    assert row["state"] == "done"
    assert [one[:2] for one in row["obstacles"]] == [
        ["Ana (7) on 12", "Its time has been given to another since."]
    ]
    assert kept(*TABLES, but=()) == before


def test_a_dispatcher_of_one_depot_sends_out_that_depots_drivers_alone(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts, kept: Any
) -> None:
    whole = importer.run("assignments", PLAN)
    connection.execute("UPDATE users SET scope = 'depot' WHERE email = 'dispatcher@example.org'")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id)"
        " SELECT id, 1 FROM users WHERE email = 'dispatcher@example.org'"
    )
    importer.user = find_user_by_email(connection, "dispatcher@example.org")
    text = """Bus,Driver,From,Until
13,Ana,2026-03-03 06:00,2026-03-03 14:00
O'Hara,Ana,2026-03-04 06:00,
13,محمد,2026-03-04 06:00,
"""
    row = importer.run("assignments", text)
    assert verdicts(row) == (1, 0, 0, 2)
    said = "There is no such record."
    assert importer.list_rejected(row["id"]) == {3: [["vehicle_id", said]], 4: [["driver_id", said]]}
    before = kept(*TABLES, but=())
    row = importer.undo(whole["id"])
    assert row["state"] == "done"
    assert row["obstacles"] == [["", "Some of it is not yours to look after.", None]]
    assert kept(*TABLES, but=()) == before
