"""Fixes of a file become history: of known devices, in their units, once, and they can be taken back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sql import imports
from sql.fleet import add_device

HEAD = "Device,Time,Lat,Lon,Speed (km/h),Heading\n"
DAY = datetime(2026, 3, 2, 7, tzinfo=UTC)


def write_drive(uid: str, fixes: int, since: datetime = DAY) -> str:
    return HEAD + "".join(
        f"{uid},{since + timedelta(seconds=10 * n):%Y-%m-%dT%H:%M:%SZ},48.1,{11.5 + n / 1000:.3f},36,90\n"
        for n in range(fixes)
    )


@pytest.fixture
def bus(connection: psycopg.Connection) -> int:
    """The device of bus 101."""
    return add_device(connection, "bus-1", "101")


def read_positions(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT device_id, fix_time, speed_mps FROM positions ORDER BY 1, 2").fetchall()


def test_a_file_of_fixes_is_stored_in_our_units(
    importer: Any, connection: psycopg.Connection, bus: int, verdicts: Callable[..., Any]
) -> None:
    row = importer.run("positions", write_drive("bus-1", 30))
    assert (row["state"], verdicts(row)) == ("done", (30, 0, 0, 0))
    stored = read_positions(connection)
    assert stored[0] == (bus, DAY, 10)
    assert len(stored) == 30


def test_a_check_tells_how_many_are_new_and_stores_none(
    importer: Any, connection: psycopg.Connection, bus: int, verdicts: Callable[..., Any]
) -> None:
    importer.run("positions", write_drive("bus-1", 10))
    assert verdicts(importer.check("positions", write_drive("bus-1", 30))) == (20, 0, 10, 0)
    assert len(read_positions(connection)) == 10


def test_the_same_fixes_twice_change_nothing(
    importer: Any, connection: psycopg.Connection, bus: int, verdicts: Callable[..., Any]
) -> None:
    importer.run("positions", write_drive("bus-1", 30))
    before = read_positions(connection)
    assert verdicts(importer.run("positions", write_drive("bus-1", 30))) == (0, 0, 30, 0)
    assert read_positions(connection) == before


def test_undoing_takes_what_it_brought_and_leaves_what_was_there(
    importer: Any, connection: psycopg.Connection, bus: int
) -> None:
    importer.run("positions", write_drive("bus-1", 10))
    before = read_positions(connection)
    row = importer.run("positions", write_drive("bus-1", 30))
    assert importer.undo(row["id"])["state"] == "undone"
    assert read_positions(connection) == before


def test_what_cannot_be_stored_is_told_row_by_row(
    importer: Any, connection: psycopg.Connection, bus: int, verdicts: Callable[..., Any]
) -> None:
    future = datetime.now(UTC) + timedelta(days=2)
    text = HEAD + (
        "bus-1,2026-03-02T07:00:00Z,48.1,11.5,36,90\n"
        "nobody,2026-03-02T07:00:00Z,48.1,11.5,36,90\n"
        "bus-1,2026-03-02T07:00:10Z,91,11.5,36,90\n"
        "bus-1,soon,48.1,11.5,fast,90\n"
        f"bus-1,{future:%Y-%m-%dT%H:%M:%SZ},48.1,11.5,36,90\n"
        "bus-1,1999-01-01T00:00:00Z,48.1,11.5,36,90\n"
    )
    row = importer.run("positions", text)
    assert verdicts(row) == (1, 0, 0, 5)
    told = {
        line: [field for field, _said in said] for line, said in importer.list_rejected(row["id"]).items()
    }
    assert told == {
        3: ["device"],
        4: ["latitude"],
        5: ["fix_time", "speed_mps"],
        6: ["fix_time"],
        7: ["fix_time"],
    }


def test_the_unit_of_speeds_is_asked_where_nothing_tells_it(importer: Any, bus: int) -> None:
    text = "Device,Time,Lat,Lon,Speed\nbus-1,2026-03-02T07:00:00Z,48.1,11.5,36\n"
    draft = importer.begin("positions", text)
    assert list(draft.questions) == ["speed_mps"]
    assert importer.begin("positions", text, units={"speed_mps": "mph"}).questions == {}


def test_a_vehicle_may_be_named_in_place_of_its_device(
    importer: Any, connection: psycopg.Connection, bus: int, verdicts: Callable[..., Any]
) -> None:
    text = "Bus,Time,Lat,Lon\n101,2026-03-02T07:00:00Z,48.1,11.5\n102,2026-03-02T07:00:00Z,48.1,11.5\n"
    row = importer.run("positions", text)
    assert verdicts(row) == (1, 0, 0, 1)
    assert read_positions(connection) == [(bus, DAY, None)]


def test_a_gpx_track_is_of_the_device_that_one_says(
    importer: Any, connection: psycopg.Connection, bus: int, verdicts: Callable[..., Any]
) -> None:
    points = "".join(
        f'<trkpt lat="48.{n}" lon="11.5"><time>2026-03-02T07:0{n}:00Z</time></trkpt>' for n in range(5)
    )
    text = (
        "<?xml version='1.0'?><gpx xmlns='http://www.topografix.com/GPX/1/1' version='1.1'>"
        f"<trk><trkseg>{points}</trkseg></trk></gpx>"
    )
    draft = importer.begin("positions", text, name="drive.gpx")
    assert list(draft.questions) == ["device"]
    row = importer.run("positions", text, fixed={"device": "bus-1"})
    assert verdicts(row) == (5, 0, 0, 0)
    assert len(read_positions(connection)) == 5


def test_what_a_receiver_recorded_is_imported_as_it_is(
    importer: Any, recordings: Path, bus: int, verdicts: Callable[..., Any]
) -> None:
    data = (recordings / "gpsd" / "bt-q818.log").read_bytes()
    draft = importer.begin("positions", data, name="bt-q818.nmea", fixed={"device": "bus-1"})
    assert draft.questions == {}
    row = importer.work(importer.work(draft.row["id"], "checking")["id"], "committing")
    assert verdicts(row)[0] == 10


def test_a_city_s_day_comes_in_as_it_was_recorded(
    importer: Any, recordings: Path, connection: psycopg.Connection, verdicts: Callable[..., Any]
) -> None:
    data = (recordings / "traces" / "capmetro" / "2015-03-07.csv").read_bytes()
    columns = data.split(b"\n", 1)[0].split(b",")
    place = columns.index(b"vehicle_id")
    for uid in {line.split(b",")[place].decode() for line in data.splitlines()[1:] if line}:
        add_device(connection, uid, None)
    said = {"columns": {"device": place}, "units": {"speed_mps": "mph"}}
    draft = importer.begin("positions", data)
    row = importer.run("positions", data, **{**said, "columns": {**draft.mapping.columns, "device": place}})
    assert verdicts(row) == (44_425, 0, 139, 0)
    assert len(imports.list_rows(connection, row["id"], "rejected")) == 0
