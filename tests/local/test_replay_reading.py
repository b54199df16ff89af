"""Reading recordings: every row and sentence becomes a message or a complaint with its reason."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.replay.recording import Message, RecordingError, Unreadable
from local.replay.sentences import read_epochs
from local.replay.table import Table, parse_columns

HEADER = "uid,time,lat,lon,speed,route\n"


def read(text: str, columns: str = "", **how: Any) -> list[Message | Unreadable]:
    return list(Table(parse_columns(columns), **how).read(io.StringIO(text, newline="")))


def payloads(items: list[Message | Unreadable]) -> list[dict[str, Any]]:
    return [json.loads(item.payload) for item in items if isinstance(item, Message)]


def test_a_row_becomes_native_json_with_its_time_in_utc() -> None:
    [item] = read(HEADER + "2010,2015-03-07T10:03:34-06:00,30.231535,-97.73347,12.5,320\n")
    assert isinstance(item, Message)
    assert item.uid == "2010"
    assert json.loads(item.payload) == {"time": "2015-03-07T16:03:34Z", "lat": 30.231535, "lon": -97.73347}
    assert item.seconds == datetime(2015, 3, 7, 16, 3, 34, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("unit", "mps"), [("mps", 10.0), ("kmh", 2.7777777), ("mph", 4.4704), ("knots", 5.1444444)]
)
def test_speed_is_sent_in_metres_per_second(unit: str, mps: float) -> None:
    [payload] = payloads(
        read(HEADER + "7,2026-01-01T00:00:00Z,1,2,10,\n", columns="speed=speed", speed_unit=unit)
    )
    assert payload["speed"] == pytest.approx(mps, abs=1e-6)


def test_columns_are_found_by_name_and_attributes_only_sent_when_named() -> None:
    text = "route,x,y,when,bus\n320,-97.7,30.2,2026-01-01T00:00:00+00:00,12\n"
    columns = "uid=bus,time=when,lat=y,lon=x,attributes=route"
    assert payloads(read(text, columns)) == [
        {"time": "2026-01-01T00:00:00Z", "lat": 30.2, "lon": -97.7, "route": "320"}
    ]


def test_an_empty_optional_cell_is_left_out() -> None:
    [payload] = payloads(
        read(HEADER + "7,2026-01-01T00:00:00Z,1,2,,\n", columns="speed=speed,attributes=route")
    )
    assert set(payload) == {"time", "lat", "lon"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("7,yesterday,1,2,3,4", "'yesterday' is not ISO 8601"),
        ("7,2026-01-01T00:00:00,1,2,3,4", "has no offset"),
        ("7,2026-01-01T00:00:00Z,north,2,3,4", "lat is 'north', not a number"),
        ("7,2026-01-01T00:00:00Z,1,nan,3,4", "lon is 'nan', not a number"),
        ("7,2026-01-01T00:00:00Z,1,2,fast,4", "speed is 'fast', not a number"),
        ("7,2026-01-01T00:00:00Z,1", "only 3 columns"),
        ("a/b,2026-01-01T00:00:00Z,1,2,3,4", "'/', which no topic can hold"),
        ("+,2026-01-01T00:00:00Z,1,2,3,4", "'+', which no topic can hold"),
        (",2026-01-01T00:00:00Z,1,2,3,4", "the uid is empty"),
        (f"{'x' * 201},2026-01-01T00:00:00Z,1,2,3,4", "longer than 200"),
        (f"{'x' * 1_100_000},2026-01-01T00:00:00Z,1,2,3,4", "field larger than field limit"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_its_reason_and_the_next_one_is_read(
    row: str, reason: str
) -> None:
    good = "8,2026-01-01T00:00:00Z,1,2,3,4\n"
    first, bad, last = read(f"{HEADER}{good}{row}\n{good}", columns="speed=speed")
    assert isinstance(bad, Unreadable)
    assert bad.line == 3
    assert reason in bad.reason
    assert isinstance(first, Message)
    assert first == last


def test_a_time_without_offset_is_read_in_the_given_zone() -> None:
    [payload] = payloads(read(HEADER + "7,2026-07-01T12:00:00,1,2,,\n", zone=ZoneInfo("America/Chicago")))
    assert payload["time"] == "2026-07-01T17:00:00Z"


def test_a_column_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(RecordingError, match="no column 'vehicle'; the file has uid, time"):
        read(HEADER, columns="uid=vehicle")


@pytest.mark.parametrize("columns", ["uid", "uid=", "colour=red", "=x", "attributes="])
def test_columns_that_make_no_sense_are_refused(columns: str) -> None:
    with pytest.raises(RecordingError, match="is not FIELD=COLUMN"):
        parse_columns(columns)


def test_the_real_day_has_as_many_distinct_fixes_as_its_manifest_says(recordings: Path) -> None:
    columns = parse_columns("uid=vehicle_id,time=timestamp,lat=latitude,lon=longitude,speed=speed")
    with (recordings / "traces/capmetro/2015-03-07.csv").open(newline="") as file:
        items = list(Table(columns, "mph").read(file))
    messages = [item for item in items if isinstance(item, Message)]
    assert len(messages) == len(items) == 44_564
    assert len({(message.uid, message.seconds) for message in messages}) == 44_425
    assert len({message.uid for message in messages}) == 158


RMC_1 = b"$GPRMC,120000.00,A,4121.6,N,09410.8,W,10.0,90.0,241126,,,A*7A"
GGA_1 = b"$GPGGA,120000.00,4121.6,N,09410.8,W,1,09,0.9,290.0,M,-31.0,M,,*50"
GSA = b"$GPGSA,A,3,03,07,,,,,,,,,,,1.5,0.9,1.2*34"
GLL_2 = b"$GPGLL,4121.7,N,09410.8,W,120001.00,A,A*76"
RMC_3 = b"$GPRMC,120004.50,A,4121.8,N,09410.8,W,10.0,90.0,241126,,,A*75"


def epochs(*lines: bytes) -> list[Message | Unreadable]:
    return list(read_epochs([line + b"\r\n" for line in lines], "boat"))


def test_the_sentences_of_one_moment_are_one_payload() -> None:
    first, second = epochs(GGA_1, RMC_1, GSA, RMC_3)
    assert first == Message("boat", b"\r\n".join([GGA_1, RMC_1, GSA, b""]), 0.0)
    assert second == Message("boat", RMC_3 + b"\r\n", 4.5)


def test_an_epoch_without_a_date_rides_with_the_one_before() -> None:
    first, second = epochs(RMC_1, GLL_2, RMC_3)
    assert isinstance(first, Message)
    assert first.payload == b"\r\n".join([RMC_1, GLL_2, b""])
    assert isinstance(second, Message)


def test_midnight_is_a_second_away_and_a_clock_set_back_costs_no_day() -> None:
    clocks = (b"235959.00", b"000000.00", b"110000.00", b"000000.00")
    items = epochs(*(RMC_1.replace(b"120000.00", clock) for clock in clocks))
    assert [item.seconds for item in items if isinstance(item, Message)] == [0.0, 1.0, 39_601.0, 39_601.0]


def test_comments_are_passed_over_and_garbage_is_named() -> None:
    items = epochs(b"# a comment", b"", b"\x00\xffgarbage", RMC_1)
    assert [type(item) for item in items] == [Unreadable, Message]
    assert isinstance(items[0], Unreadable)
    assert items[0].line == 3


def test_every_sentence_of_every_capture_is_sent(recordings: Path) -> None:
    logs = sorted((recordings / "gpsd").glob("*.log"))
    assert len(logs) >= 16
    for log in logs:
        with log.open("rb") as file:
            sent = [item.payload for item in read_epochs(file, "x") if isinstance(item, Message)]
        sentences = [line.strip() for line in log.read_bytes().split(b"\n")]
        assert b"".join(sent).split(b"\r\n")[:-1] == [s for s in sentences if s.startswith((b"$", b"!"))]
