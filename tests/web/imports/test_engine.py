"""What an import does to the fleet: seen before it counts, all or nothing, and taken back."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from sql import imports
from sql.audit import Author
from sql.records import Records

FLEET = """Fleet number,Plate,Make,Seats,Status
101,M-AB 101,MAN,52,in service
102,M-AB 102,O'Hara,48,spare
١٠٣,M-AB 103,حافلة,50,in service
"""


def read_fleet(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """The vehicles as they are, but for what counts changes."""
    rows = connection.execute("SELECT to_jsonb(vehicles) - '{version}'::text[] FROM vehicles ORDER BY id")
    return rows.fetchall()


def test_a_check_tells_what_would_be_and_changes_nothing(
    importer: Any, connection: psycopg.Connection, verdicts: Callable[..., Any]
) -> None:
    row = importer.check("vehicles", FLEET)
    assert (row["state"], verdicts(row)) == ("checked", (3, 0, 0, 0))
    assert read_fleet(connection) == []
    first = imports.list_rows(connection, row["id"], "new")[0]
    assert first["name"] == "101"
    assert first["changes"]["make"] == [None, "MAN"]


def test_what_was_checked_is_committed_with_a_line_in_the_audit_log_for_each(
    importer: Any, connection: psycopg.Connection, verdicts: Callable[..., Any]
) -> None:
    row = importer.run("vehicles", FLEET)
    assert (row["state"], verdicts(row)) == ("done", (3, 0, 0, 0))
    fleet = connection.execute("SELECT fleet_number, make, seats, status, kind FROM vehicles ORDER BY id")
    assert fleet.fetchall() == [
        ("101", "MAN", 52, "in service", "bus"),
        ("102", "O'Hara", 48, "spare", "bus"),
        ("١٠٣", "حافلة", 50, "in service", "bus"),
    ]
    told = connection.execute("SELECT action, request_id FROM audit_log WHERE table_name = 'vehicles'")
    assert told.fetchall() == [("add", f"import-{row['id']}")] * 3


def test_the_same_file_twice_changes_nothing(
    importer: Any, connection: psycopg.Connection, verdicts: Callable[..., Any]
) -> None:
    importer.run("vehicles", FLEET)
    before = read_fleet(connection), connection.execute("SELECT count(*) FROM audit_log").fetchone()
    assert verdicts(importer.run("vehicles", FLEET)) == (0, 0, 3, 0)
    assert (read_fleet(connection), connection.execute("SELECT count(*) FROM audit_log").fetchone()) == before


def test_only_the_fields_that_differ_are_told_and_changed(
    importer: Any, connection: psycopg.Connection, verdicts: Callable[..., Any]
) -> None:
    importer.run("vehicles", FLEET)
    row = importer.run("vehicles", "Fleet number,Seats,Make\n101,53,\n102,48,O'Hara\n")
    assert verdicts(row) == (0, 1, 1, 0)
    assert imports.list_rows(connection, row["id"], "changed")[0]["changes"] == {"seats": [52, 53]}
    assert connection.execute("SELECT make, seats FROM vehicles WHERE fleet_number = '101'").fetchone() == (
        "MAN",
        53,
    )


def test_an_empty_cell_empties_the_field_where_that_is_said(
    importer: Any, connection: psycopg.Connection
) -> None:
    importer.run("vehicles", FLEET)
    importer.run("vehicles", "Fleet number,Seats,Make,Kind\n101,,,\n", clears=True)
    found = connection.execute("SELECT make, seats, kind FROM vehicles WHERE fleet_number = '101'")
    assert found.fetchone() == ("", None, "bus")


def test_every_row_that_cannot_be_kept_is_told_with_its_reasons(
    importer: Any, connection: psycopg.Connection, verdicts: Callable[..., Any]
) -> None:
    importer.run("vehicles", "Fleet number,Plate\n7,M-X 7\n")
    bad = """Fleet number,Plate,VIN,Seats,Depot,Kind
1,M-A 1,1HGCM82633A004353,many,Nowhere,boat
,M-A 2,,,,
3,m-x7,,,,
4,M-A 4,,52,,bus
4,M-A 5,,50,,bus
5,M-A 4,,50,,bus
"""
    row = importer.run("vehicles", bad)
    assert verdicts(row) == (1, 0, 0, 5)
    rejected = importer.list_rejected(row["id"])
    assert [field for field, _said in rejected[2]] == ["vin", "seats", "depot_id", "kind"]
    assert rejected[3] == [["fleet_number", "This is needed."]]
    assert rejected[4] == [["plate", "This is taken by another record, maybe an archived one."]]
    assert rejected[6] == [["fleet_number", "Line 5 is about the same: 4."]]
    assert rejected[7] == [["plate", "This is taken by another record, maybe an archived one."]]


def test_undoing_puts_every_record_as_it_was(importer: Any, connection: psycopg.Connection) -> None:
    importer.run("vehicles", FLEET)
    before = read_fleet(connection)
    row = importer.run("vehicles", "Fleet number,Seats\n101,1\n102,2\n104,4\n")
    assert read_fleet(connection) != before
    row = importer.undo(row["id"])
    assert (row["state"], row["obstacles"]) == ("undone", None)
    assert read_fleet(connection) == before


def test_undoing_is_refused_whole_where_somebody_changed_something_since(
    importer: Any, connection: psycopg.Connection
) -> None:
    row = importer.run("vehicles", FLEET)
    vehicles = Records(connection, "vehicles", "vehicle", Author(), None)
    first = connection.execute("SELECT id FROM vehicles WHERE fleet_number = '101'").fetchone()
    assert first
    vehicles.change(first[0], 1, {"seats": 60})
    before = read_fleet(connection)
    row = importer.undo(row["id"])
    assert row["state"] == "done"
    assert row["obstacles"] == [["101", "It has been changed since.", first[0]]]
    assert read_fleet(connection) == before


def test_undoing_is_refused_where_something_refers_to_what_was_added(
    importer: Any, connection: psycopg.Connection
) -> None:
    row = importer.run("vehicles", FLEET)
    connection.execute("INSERT INTO devices (uid, vehicle_id) SELECT 'd', max(id) FROM vehicles")
    row = importer.undo(row["id"])
    assert row["state"] == "done"
    assert {name for name, _sentence, _id in row["obstacles"]} == {"١٠٣"}


def test_what_has_changed_since_the_check_is_shown_again_before_it_counts(
    importer: Any, connection: psycopg.Connection, verdicts: Callable[..., Any]
) -> None:
    row = importer.check("vehicles", FLEET)
    connection.execute("INSERT INTO vehicles (fleet_number, make) VALUES ('101', 'Volvo')")
    row = importer.work(row["id"], "committing")
    assert (row["state"], verdicts(row)) == ("checked", (2, 1, 0, 0))
    assert "changed since" in row["problem"]
    assert connection.execute("SELECT count(*) FROM vehicles").fetchone() == (1,)
    assert importer.work(row["id"], "committing")["state"] == "done"


def test_a_file_with_the_same_headers_begins_as_the_last_one_was_said(importer: Any) -> None:
    text = "A,B\n1,MAN\n"
    importer.run("vehicles", text, columns={"fleet_number": 0, "make": 1}, key="fleet_number")
    assert importer.begin("vehicles", "a,b\n2,MAN\n").mapping.columns == {"fleet_number": 0, "make": 1}


def test_an_import_cannot_be_committed_unseen_or_twice(importer: Any) -> None:
    draft = importer.begin("vehicles", FLEET)
    with pytest.raises(imports.NotReady):
        importer.work(draft.row["id"], "committing")
    row = importer.run("vehicles", FLEET)
    for state in ("checking", "committing"):
        with pytest.raises(imports.NotReady):
            importer.work(row["id"], state)
