"""Devices from a file: which vehicle each sits in, moved and exchanged, and the way back with its history."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from sql.audit import Author
from sql.records import Records
from sql.users import find_user_by_email
from web.imports.kinds import KINDS

Verdicts = Callable[..., tuple[int, int, int, int]]
TABLES = ("devices", "device_installations", "vehicles", "latest_positions")


@pytest.fixture(autouse=True)
def cast(connection: psycopg.Connection, people: None) -> None:
    """Four buses, two of each depot, and devices in the first two."""
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    connection.execute(
        "INSERT INTO vehicles (fleet_number, depot_id)"
        " VALUES ('101', 1), ('102', 1), ('201', 2), ('O''Hara', 2)"
    )
    connection.execute("INSERT INTO devices (uid, vehicle_id) VALUES ('a', 1), ('b', 2)")


def find_vehicles(connection: psycopg.Connection) -> dict[str, str | None]:
    """Which vehicle each device is in."""
    rows = connection.execute(
        "SELECT uid, fleet_number FROM devices LEFT JOIN vehicles ON vehicles.id = vehicle_id"
        " ORDER BY devices.id"
    )
    return dict(rows.fetchall())


def test_new_devices_are_put_into_their_vehicles(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts
) -> None:
    text = """IMEI,Vehicle,Model,Phone
356307042441013,201,FMB120,+49 151
356307042441021,o'hara,,
حافلة,,,
"""
    assert verdicts(importer.run("devices", text)) == (3, 0, 0, 0)
    assert find_vehicles(connection) == {
        "a": "101", "b": "102", "356307042441013": "201", "356307042441021": "O'Hara", "حافلة": None
    }  # fmt: skip
    installed = connection.execute(
        "SELECT vehicle_id FROM device_installations ORDER BY device_id"
    ).fetchall()
    assert installed == [(1,), (2,), (3,), (4,)]


def test_the_same_file_twice_changes_nothing(importer: Any, verdicts: Verdicts, kept: Any) -> None:
    text = "IMEI,Vehicle,Model\na,201,X\nc,101,Y\nd,,\n"
    assert verdicts(importer.run("devices", text)) == (2, 1, 0, 0)
    before = kept(*TABLES, "audit_log", but=())
    assert verdicts(importer.run("devices", text)) == (0, 0, 3, 0)
    assert kept(*TABLES, "audit_log", but=()) == before


def test_two_devices_change_places_in_one_file_and_back(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts, kept: Any
) -> None:
    before = kept(*TABLES)
    row = importer.run("devices", "uid,vehicle\na,102\nb,101\n")
    assert verdicts(row) == (0, 2, 0, 0)
    assert find_vehicles(connection) == {"a": "102", "b": "101"}
    told = connection.execute(
        "SELECT before ->> 'vehicle_id', after ->> 'vehicle_id' FROM audit_log ORDER BY record_id"
    ).fetchall()
    assert told == [("1", "2"), ("2", "1")]
    spans = connection.execute(
        "SELECT device_id, vehicle_id, lower_inf(during), upper_inf(during) FROM device_installations"
        " ORDER BY device_id, during"
    ).fetchall()
    assert spans == [(1, 1, True, False), (1, 2, False, True), (2, 2, True, False), (2, 1, False, True)]
    assert importer.undo(row["id"])["state"] == "undone"
    assert kept(*TABLES) == before


def test_a_chain_of_moves_with_a_bad_row_and_a_blocked_one_within_goes_as_far_as_it_can(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts
) -> None:
    connection.execute("INSERT INTO devices (uid, vehicle_id) VALUES ('c', 3), ('d', NULL), ('e', NULL)")
    connection.execute("INSERT INTO devices (uid, vehicle_id) VALUES ('stays', 4)")
    text = f"""uid,vehicle,model
e,O'Hara,
a,102,
d,201,
c,,{"x" * 101}
b,101,
"""
    row = importer.run("devices", text)
    assert verdicts(row) == (0, 2, 0, 3)
    assert importer.list_rejected(row["id"]) == {
        2: [["vehicle_id", "The device stays is in this vehicle: take it out first."]],
        4: [["vehicle_id", "The device c is in this vehicle: take it out first."]],
        5: [["model", "This may have at most 100 characters."]],
    }
    assert find_vehicles(connection) == {
        "a": "102", "b": "101", "c": "201", "d": None, "e": None, "stays": "O'Hara"
    }  # fmt: skip


def test_places_are_exchanged_within_a_batch_and_told_where_the_rows_are_too_far_apart(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts
) -> None:
    between = "".join(f"n{number},\n" for number in range(KINDS["devices"].batch))
    row = importer.run("devices", f"uid,vehicle\na,102\n{between}b,101\n")
    assert verdicts(row) == (KINDS["devices"].batch, 0, 0, 2)
    assert list(importer.list_rejected(row["id"]).values()) == [
        [["vehicle_id", "The device b is in this vehicle: take it out first."]],
        [["vehicle_id", "The device a is in this vehicle: take it out first."]],
    ]


def test_every_row_that_cannot_be_kept_is_told_with_its_reasons(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts
) -> None:
    connection.execute("INSERT INTO devices (uid, disabled_at) VALUES ('off', now())")
    text = f"""uid,vehicle,model
x,101,
y,201,
z,201,
,O'Hara,
v,Nowhere,
off,O'Hara,
{"u" * 201},,
"""
    row = importer.run("devices", text)
    assert verdicts(row) == (1, 0, 0, 6)
    assert importer.list_rejected(row["id"]) == {
        2: [["vehicle_id", "The device a is in this vehicle: take it out first."]],
        4: [["vehicle_id", "The device y is in this vehicle: take it out first."]],
        5: [["uid", "This is needed."]],
        6: [["vehicle_id", "There is no such record."]],
        7: [["uid", "off is disabled: bring it back first."]],
        8: [["uid", "This may have at most 200 characters."]],
    }


def test_a_device_is_taken_out_where_empty_cells_count(
    importer: Any, connection: psycopg.Connection, kept: Any
) -> None:
    before = kept(*TABLES)
    row = importer.run("devices", "uid,vehicle,model\na,,\n", clears=True)
    assert find_vehicles(connection) == {"a": None, "b": "102"}
    assert importer.undo(row["id"])["state"] == "undone"
    assert kept(*TABLES) == before


def test_undoing_leaves_no_trace_of_where_the_devices_had_been_put(
    importer: Any, connection: psycopg.Connection, kept: Any
) -> None:
    """What a device sent in between belongs to the vehicle that it sat in all the time."""
    connection.execute("INSERT INTO devices (uid) VALUES ('never'), ('once')")
    connection.execute("UPDATE devices SET vehicle_id = 3 WHERE uid = 'once'")
    connection.execute(
        "UPDATE device_installations SET during = tstzrange(NULL, now() - interval '2 hours')"
        " WHERE vehicle_id = 3"
    )
    connection.execute("ALTER TABLE devices DISABLE TRIGGER device_moved")
    connection.execute("UPDATE devices SET vehicle_id = NULL WHERE uid = 'once'")
    connection.execute("ALTER TABLE devices ENABLE TRIGGER device_moved")
    before = kept(*TABLES)
    row = importer.run("devices", "uid,vehicle\na,201\nnever,101\nonce,O'Hara\nnew,\n")
    assert find_vehicles(connection) == {
        "a": "201", "b": "102", "never": "101", "once": "O'Hara", "new": None
    }  # fmt: skip
    assert importer.undo(row["id"])["state"] == "undone"
    assert kept(*TABLES) == before
    spans = connection.execute(
        "SELECT find_vehicle(id, now() - interval '1 ms') FROM devices ORDER BY id"
    ).fetchall()
    assert spans == [(1,), (2,), (None,), (None,)]


def test_vehicles_and_then_the_devices_put_into_them_are_taken_back_the_other_way_round(
    importer: Any, kept: Any
) -> None:
    before = kept(*TABLES)
    vehicles = importer.run("vehicles", "Fleet number\n301\n302\n")["id"]
    devices = importer.run("devices", "uid,vehicle\na,301\nnew,302\n")["id"]
    said = {sentence for _name, sentence, _id in importer.undo(vehicles)["obstacles"]}
    assert said == {
        "It has been used since (devices).",
        "It has been used since (device installations).",
    }
    assert importer.undo(devices)["state"] == "undone"
    assert importer.undo(vehicles)["state"] == "undone"
    assert kept(*TABLES) == before


def test_where_people_have_put_a_device_in_between_stays_true(
    importer: Any, connection: psycopg.Connection
) -> None:
    row = importer.run("devices", "uid,vehicle\na,201\n")
    devices = Records(connection, "devices", "device", Author(), None)
    devices.change(1, 2, {"vehicle_id": 4})
    devices.change(1, 3, {"vehicle_id": 3})
    assert importer.undo(row["id"])["state"] == "undone"
    assert find_vehicles(connection)["a"] == "101"
    was_in = connection.execute(
        "SELECT vehicle_id FROM device_installations WHERE device_id = 1 ORDER BY during"
    ).fetchall()
    assert was_in == [(1,), (3,), (4,), (3,), (1,)]


def test_undoing_is_refused_after_a_later_edit_and_after_the_first_fix(
    importer: Any, connection: psycopg.Connection, fleet: Any, kept: Any
) -> None:
    row = importer.run("devices", "uid,vehicle\na,201\nnew,101\n")
    Records(connection, "devices", "device", Author(), None).change(1, 2, {"notes": "loose"})
    fleet.report("new", 48.1, 11.5)
    before = kept(*TABLES, but=())
    row = importer.undo(row["id"])
    assert row["state"] == "done"
    assert [one[:2] for one in row["obstacles"]] == [
        ["a", "It has been changed since."],
        ["new", "It has been used since (latest positions)."],
    ]
    assert kept(*TABLES, but=()) == before


def test_undoing_is_refused_where_another_device_sits_there_by_now(
    importer: Any, connection: psycopg.Connection, kept: Any
) -> None:
    row = importer.run("devices", "uid,vehicle\na,201\n")
    connection.execute("UPDATE devices SET vehicle_id = 1 WHERE uid = 'b'")
    before = kept(*TABLES, but=())
    row = importer.undo(row["id"])
    assert row["state"] == "done"
    assert row["obstacles"] == [["a", "Another record has by now what it had before.", 1]]
    assert kept(*TABLES, but=()) == before


def test_a_dispatcher_of_one_depot_moves_devices_within_it_alone(
    importer: Any, connection: psycopg.Connection, verdicts: Verdicts
) -> None:
    connection.execute("UPDATE users SET scope = 'depot' WHERE email = 'dispatcher@example.org'")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id)"
        " SELECT id, 1 FROM users WHERE email = 'dispatcher@example.org'"
    )
    connection.execute("INSERT INTO devices (uid, vehicle_id) VALUES ('c', 3)")
    connection.execute("UPDATE devices SET vehicle_id = NULL WHERE uid = 'b'")
    importer.user = find_user_by_email(connection, "dispatcher@example.org")
    row = importer.run("devices", "uid,vehicle,model\na,102,X\nc,,Y\nd,101,\ne,201,\nf,,\n")
    assert verdicts(row) == (1, 1, 0, 3)
    assert importer.list_rejected(row["id"]) == {
        3: [["uid", "This must be one that you look after."]],
        5: [["vehicle_id", "There is no such record."]],
        6: [["vehicle_id", "This must be one that you look after."]],
    }
    assert find_vehicles(connection) == {"a": "102", "b": None, "c": "201", "d": "101"}


def test_what_a_device_sent_before_stays_with_its_former_vehicle(
    importer: Any, connection: psycopg.Connection
) -> None:
    importer.run("devices", "uid,vehicle\na,201\n")
    found = connection.execute(
        "SELECT find_vehicle(1, %s), find_vehicle(1, now())", (datetime.now(UTC) - timedelta(days=1),)
    )
    assert found.fetchone() == (1, 3)
