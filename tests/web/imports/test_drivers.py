"""Drivers from a file: who a row is about, what may be changed of them, and the way back."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from xlsxwriter import Workbook

from sql import imports
from sql.audit import Author
from sql.records import Records
from sql.users import find_user_by_email

STAFF = """Staff number,Name,Status,Depot,Phone,Licence number,Classes,Licence expires,Account,Notes
007,Ana O'Hara,active,North,+49 151 0001,B072,"D, D1",2027-03-31,driver@example.org,
008,محمد علي,on leave,North,0151 0002,,,,,
,Ben,,,,,,,,by the back gate
"""
TABLES = ("drivers", "depots", "driver_assignments", "documents", "users")
Verdicts = Callable[..., tuple[int, int, int, int]]


@pytest.fixture(autouse=True)
def depots(connection: psycopg.Connection, people: None) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")


def add_driver(connection: psycopg.Connection, name: str, staff_number: str = "", depot_id: int = 1) -> int:
    row = connection.execute(
        "INSERT INTO drivers (name, staff_number, depot_id) VALUES (%s, %s, %s) RETURNING id",
        (name, staff_number, depot_id),
    ).fetchone()
    assert row
    return int(row[0])


def test_each_row_becomes_a_driver_with_all_that_it_tells(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts
) -> None:
    assert verdicts(importer.run("drivers", STAFF)) == (3, 0, 0, 0)
    rows = connection.execute(
        "SELECT staff_number, drivers.name, status, depots.name, phone, licence_number, licence_classes,"
        " licence_expires_on, users.email, notes FROM drivers LEFT JOIN depots ON depots.id = depot_id"
        " LEFT JOIN users ON users.id = user_id ORDER BY drivers.id"
    ).fetchall()
    first = ("007", "Ana O'Hara", "active", "North", "+49 151 0001", "B072", "D, D1")
    assert rows == [
        (*first, date(2027, 3, 31), "driver@example.org", ""),
        ("008", "محمد علي", "on leave", "North", "0151 0002", "", "", None, None, ""),
        ("", "Ben", "active", None, "", "", "", None, None, "by the back gate"),
    ]


def test_the_same_file_twice_changes_nothing(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts, kept: Any
) -> None:
    importer.run("drivers", STAFF)
    before = kept(*TABLES, "audit_log", but=())
    assert verdicts(importer.run("drivers", STAFF)) == (0, 0, 3, 0)
    assert kept(*TABLES, "audit_log", but=()) == before


def test_a_driver_is_known_by_staff_number_and_else_by_name(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts
) -> None:
    ana, ben = add_driver(connection, "Ana", "007"), add_driver(connection, "Ben")
    row = importer.run("drivers", "Staff number,Name,Status\n007,Ana O'Hara,on leave\n,Ben,suspended\n")
    assert verdicts(row) == (0, 2, 0, 0)
    changes = {
        one["record_id"]: one["changes"] for one in imports.list_rows(connection, row["id"], "changed")
    }
    assert changes == {
        ana: {"name": ["Ana", "Ana O'Hara"], "status": ["active", "on leave"]},
        ben: {"status": ["active", "suspended"]},
    }


def test_two_of_the_same_name_are_told_apart_by_their_staff_numbers(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts
) -> None:
    add_driver(connection, "Ana", "1")
    second = add_driver(connection, "Ana", "2")
    row = importer.run("drivers", "Name,Status\nAna,on leave\n")
    assert verdicts(row) == (0, 0, 0, 1)
    said = "Several are called Ana: tell them apart by another column."
    assert importer.list_rejected(row["id"]) == {2: [["name", said]]}
    row = importer.run("drivers", "Staff number,Name,Status\n2,Ana,on leave\n", key="name")
    assert verdicts(row) == (0, 1, 0, 0)
    assert connection.execute("SELECT id FROM drivers WHERE status = 'on leave'").fetchall() == [(second,)]


def test_every_row_that_cannot_be_kept_is_told_with_its_reasons(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts
) -> None:
    add_driver(connection, "Old", "99")
    connection.execute("UPDATE drivers SET archived_at = now()")
    bad = f"""Staff number,Name,Status,Licence expires,Account,Phone,Depot
1,{"x" * 201},active,,,,
2,,active,,,,
3,Cem,asleep,31.2.2027,nobody@example.org,{"1" * 41},East
4,Dora,active,,driver@example.org,,
5,Emil,active,,driver@example.org,,
4,Dora again,active,,,,
99,Old,active,,,,
6,{"y" * 200},active,1899-12-31,,,
"""
    row = importer.run("drivers", bad)
    assert verdicts(row) == (1, 0, 0, 7)
    rejected = importer.list_rejected(row["id"])
    assert rejected[2] == [["name", "This may have at most 200 characters."]]
    assert rejected[3] == [["name", "This is needed."]]
    assert [field for field, _said in rejected[4]] == [
        "status", "licence_expires_on", "user_id", "phone", "depot_id",
    ]  # fmt: skip
    assert rejected[6] == [["user_id", "This is taken by another record, maybe an archived one."]]
    assert rejected[7] == [["staff_number", "Line 5 is about the same: 4."]]
    assert rejected[8] == [["staff_number", "99 is archived: bring it back first."]]
    assert rejected[9][0][0] == "licence_expires_on"


def test_a_name_of_200_letters_is_kept_and_known_again(importer: Any, verdicts: Verdicts) -> None:
    text = f"Name\n{'ü' * 200}\n"
    assert verdicts(importer.run("drivers", text)) == (1, 0, 0, 0)
    assert verdicts(importer.run("drivers", text)) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("+49 151 0001", "+49 151 0001"),
        ("'+49 151 0001", "+49 151 0001"),
        ("0049 151", "0049 151"),
        ("0151", "0151"),
    ],
)
def test_a_phone_number_is_kept_as_it_is_written(
    cell: str, number: str, importer: Any, connection: psycopg.Connection
) -> None:
    importer.run("drivers", f"Name,Phone\nAna,{cell}\n")
    assert connection.execute("SELECT phone FROM drivers").fetchall() == [(number,)]


def test_numbers_of_a_workbook_are_kept_as_far_as_it_has_them(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts
) -> None:
    file = io.BytesIO()
    with Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Staff number", "Name", "Phone"])
        sheet.write_row(1, 0, [17, "Ana", 491510000001])
        sheet.write_string(2, 0, "018")
        sheet.write_string(2, 1, "Ben")
        sheet.write_string(2, 2, "0151 0002")
    draft = importer.begin("drivers", file.getvalue(), "staff.xlsx")
    row = importer.work(importer.work(draft.row["id"], "checking")["id"], "committing")
    assert verdicts(row) == (2, 0, 0, 0)
    found = connection.execute("SELECT staff_number, phone FROM drivers ORDER BY id").fetchall()
    assert found == [("17", "491510000001"), ("018", "0151 0002")]


def test_two_drivers_change_their_staff_numbers_and_back(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts, kept: Any
) -> None:
    add_driver(connection, "Ana", "1"), add_driver(connection, "Ben", "2"), add_driver(connection, "Cem", "3")
    before = kept(*TABLES)
    row = importer.run("drivers", "Name,Staff number\nAna,2\nBen,3\nCem,1\n", key="name")
    assert verdicts(row) == (0, 3, 0, 0)
    found = connection.execute("SELECT name, staff_number FROM drivers ORDER BY name").fetchall()
    assert found == [("Ana", "2"), ("Ben", "3"), ("Cem", "1")]
    told = connection.execute("SELECT before ->> 'staff_number' FROM audit_log ORDER BY record_id").fetchall()
    assert told == [("1",), ("2",), ("3",)]
    assert importer.undo(row["id"])["state"] == "undone"
    assert kept(*TABLES) == before


def test_undoing_puts_every_driver_as_they_were(
    importer: Any, connection: psycopg.Connection, kept: Any
) -> None:
    for name, number in (("Ana", "007"), ("Ben", ""), ("Cem", "009")):
        add_driver(connection, name, number)
    before = kept(*TABLES)
    row = importer.run("drivers", STAFF)
    assert kept(*TABLES) != before
    row = importer.undo(row["id"])
    assert (row["state"], row["obstacles"]) == ("undone", None)
    assert kept(*TABLES) == before
    query = "SELECT action, count(*) FROM audit_log WHERE request_id = %s GROUP BY 1 ORDER BY 1"
    told = connection.execute(query, (f"undo-import-{row['id']}",)).fetchall()
    assert told == [("change", 2), ("remove", 1)]


def test_undoing_is_refused_after_a_later_edit_and_where_somebody_drives_by_now(
    importer: Any, connection: psycopg.Connection, kept: Any
) -> None:
    row = importer.run("drivers", STAFF)
    (ana, name), (_second, other) = connection.execute(
        "SELECT id, name FROM drivers ORDER BY id LIMIT 2"
    ).fetchall()
    Records(connection, "drivers", "driver", Author(), None).change(ana, 1, {"phone": "1"})
    connection.execute("INSERT INTO vehicles (fleet_number) VALUES ('12')")
    connection.execute(
        "INSERT INTO driver_assignments (vehicle_id, driver_id, during)"
        " SELECT 1, id, tstzrange(now(), NULL) FROM drivers WHERE staff_number = '008'"
    )
    before = kept(*TABLES, but=())
    row = importer.undo(row["id"])
    assert row["state"] == "done"
    assert [one[:2] for one in row["obstacles"]] == [
        [name, "It has been changed since."],
        [other, "It has been used since (driver assignments)."],
    ]
    assert kept(*TABLES, but=()) == before


def test_imports_are_taken_back_one_after_the_other_the_newest_first(
    importer: Any, connection: psycopg.Connection, kept: Any
) -> None:
    add_driver(connection, "Ana", "007")
    before = kept(*TABLES)
    first = importer.run("drivers", STAFF)["id"]
    second = importer.run("drivers", "Staff number,Name,Phone\n007,Ana,1\n008,Ali,2\n")["id"]
    between = kept(*TABLES)
    assert len(importer.undo(first)["obstacles"]) == 2
    assert kept(*TABLES) == between
    assert importer.undo(second)["state"] == "undone"
    assert importer.undo(first)["state"] == "undone"
    assert kept(*TABLES) == before


def test_undoing_is_refused_where_an_added_one_was_archived_since(
    importer: Any, connection: psycopg.Connection
) -> None:
    row = importer.run("drivers", "Name\nAna\n")
    found = connection.execute("SELECT id FROM drivers").fetchone()
    assert found
    Records(connection, "drivers", "driver", Author(), None).archive(found[0], 1)
    assert importer.undo(row["id"])["obstacles"] == [["Ana", "It has been changed since.", found[0]]]


def test_undoing_is_refused_where_another_has_the_former_number_by_now(
    importer: Any, connection: psycopg.Connection, kept: Any
) -> None:
    add_driver(connection, "Ana", "1"), add_driver(connection, "Ben", "2")
    row = importer.run("drivers", "Name,Staff number\nAna,2\nBen,5\n", key="name")
    add_driver(connection, "New", "1")
    before = kept("drivers", but=())
    row = importer.undo(row["id"])
    assert row["state"] == "done"
    assert row["obstacles"] == [["Ana", "Another record has by now what it had before.", 1]]
    assert kept("drivers", but=()) == before


@pytest.fixture
def of_north(connection: psycopg.Connection) -> Any:
    """A dispatcher who looks after the depot North."""
    connection.execute("UPDATE users SET scope = 'depot' WHERE email = 'dispatcher@example.org'")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id)"
        " SELECT id, 1 FROM users WHERE email = 'dispatcher@example.org'"
    )
    return find_user_by_email(connection, "dispatcher@example.org")


def test_a_dispatcher_of_one_depot_imports_into_that_one_alone(
    importer: Any, connection: psycopg.Connection, of_north: Any, verdicts: Verdicts, kept: Any
) -> None:
    add_driver(connection, "Zoe", "70", depot_id=2)
    add_driver(connection, "Ana", depot_id=2)
    before = kept("drivers")
    importer.user = of_north
    text = """Staff number,Name,Depot,Status
1,Ben,North,active
2,Cem,South,active
3,Dora,,active
70,Zoe,North,active
,Ana,North,on leave
"""
    row = importer.run("drivers", text)
    assert verdicts(row) == (2, 0, 0, 3)
    rejected = importer.list_rejected(row["id"])
    assert rejected[3] == [["depot_id", "There is no such record."]]
    assert rejected[4] == [["depot_id", "This must be one that you look after."]]
    assert rejected[5] == [["staff_number", "This must be one that you look after."]]
    author = connection.execute(
        "SELECT DISTINCT user_id FROM audit_log WHERE table_name = 'drivers'"
    ).fetchall()
    assert author == [(of_north.id,)]
    assert importer.undo(row["id"])["state"] == "undone"
    assert kept("drivers") == before


def test_nobody_takes_back_what_reaches_beyond_their_depot(
    importer: Any, connection: psycopg.Connection, of_north: Any, kept: Any
) -> None:
    row = importer.run("drivers", "Name,Depot\nAna,North\nBen,South\n")
    before = kept("drivers", but=())
    importer.user = of_north
    row = importer.undo(row["id"])
    assert row["state"] == "done"
    ben = connection.execute("SELECT id FROM drivers WHERE name = 'Ben'").fetchone()
    assert ben
    assert row["obstacles"] == [[str(ben[0]), "This must be one that you look after.", ben[0]]]
    assert kept("drivers", but=()) == before
