"""OwnTracks: a location is a position, its other messages are not, and the official payloads agree."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.owntracks import decode
from devices.position import DecodeError, Ignored, Position

LEAST = {"_type": "location", "lat": 48.1173, "lon": 11.5167, "tst": 1763881923}
MOMENT = datetime(2025, 11, 23, 7, 12, 3, tzinfo=UTC)


def read(**fields: Any) -> Position:
    (position,) = decode(orjson.dumps(LEAST | fields))
    assert isinstance(position, Position)
    return position


def refusal(**fields: Any) -> str:
    with pytest.raises(DecodeError) as caught:
        decode(orjson.dumps(LEAST | fields))
    return caught.value.reason


def test_time_and_place_are_enough() -> None:
    assert read() == Position(None, MOMENT, 48.1173, 11.5167)


def test_a_location_is_converted_to_our_units_and_names() -> None:
    position = read(
        vel=36, cog=360, alt=519, acc=5, batt=94, vac=3, odometer=12.5, ign=True, uext=12.6, tid="C1"
    )
    assert position[4:10] == (10.0, 0.0, 519.0, 5.0, None, True)
    assert position.attributes == {
        "battery_percent": 94.0,
        "vertical_accuracy_m": 3.0,
        "odometer_m": 12500.0,
        "ignition": True,
        "external_power_v": 12.6,
        "tid": "C1",
    }


def test_a_negative_value_is_unknown() -> None:
    assert read(vel=-1, cog=-1, acc=-1, batt=-1, vac=-1) == Position(None, MOMENT, 48.1173, 11.5167)


def test_zero_is_known() -> None:
    assert read(vel=0, cog=0, alt=0)[4:7] == (0.0, 0.0, 0.0)


def test_a_number_that_came_as_a_text_is_a_number() -> None:
    assert read(tst="1763881923").fix_time == MOMENT
    assert read(rad="50").attributes == {"rad": 50.0}


def test_what_a_message_says_of_its_sender_is_no_identity() -> None:
    position = read(tid="bus-7", topic="owntracks/other/bus-7", uid="bus-7")
    assert position.uid is None
    assert position.attributes == {"tid": "bus-7", "topic": "owntracks/other/bus-7", "uid": "bus-7"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"lat": None}, "lat is missing"),
        ({"lat": "48.1"}, "lat is '48.1', not a number"),
        ({"lat": 91}, "lat is 91, not from"),
        ({"lon": -180.5}, "lon is -180.5, not from"),
        ({"tst": None}, "tst is missing"),
        ({"tst": "soon"}, "tst is 'soon', not a time"),
        ({"tst": "nan"}, "tst is nan, which is no date"),
        ({"tst": 1763881923000}, "milliseconds"),
        ({"tst": True}, "tst is True, not a time"),
        ({"vel": "fast"}, "vel is 'fast', not a number"),
        ({"cog": 361}, "cog is 361, not from"),
        ({"batt": 101}, "batt is 101, not from"),
        ({"ign": "on"}, "ign is 'on', neither true nor false"),
        ({"_type": None}, "_type is missing"),
        ({"_type": "elsewhere"}, "_type is 'elsewhere', which OwnTracks does not know"),
        ({"_type": ["location"]}, "_type is ['location']"),
    ],
)
def test_a_field_that_cannot_be_is_named(fields: dict[str, object], reason: str) -> None:
    assert reason in refusal(**fields)


@pytest.mark.parametrize(
    "kind", ["lwt", "transition", "waypoint", "waypoints", "card", "cmd", "status", "encrypted"]
)
def test_a_message_of_another_type_is_ignored(kind: str) -> None:
    assert decode(orjson.dumps({"_type": kind})) == [Ignored(f"owntracks {kind}")]


def test_a_removed_friend_and_an_empty_list_are_ignored() -> None:
    assert decode(b"") == [Ignored("empty payload")]
    assert decode(b"[]") == [Ignored("empty list")]


def test_a_bad_message_of_a_list_leaves_the_good_ones() -> None:
    good, farewell, bad = decode(orjson.dumps([LEAST, {"_type": "lwt"}, LEAST | {"lat": 91}]))
    assert isinstance(good, Position)
    assert farewell == Ignored("owntracks lwt")
    assert isinstance(bad, DecodeError)
    assert bad.raw == orjson.dumps(LEAST | {"lat": 91})


@given(
    st.dictionaries(st.sampled_from([*LEAST, "vel", "batt", "rad", "ign"]), st.text(max_size=9) | st.floats())
)
def test_no_value_raises_anything_but_a_decode_error(fields: dict[str, object]) -> None:
    (result,) = decode(b"[" + orjson.dumps(LEAST | fields) + b"]")
    assert isinstance(result, Position | Ignored | DecodeError)


def test_the_official_payloads_get_their_official_verdicts(recordings: Path) -> None:
    lines = (recordings / "owntracks_schema" / "cases.jsonl").read_text().splitlines()
    assert len(lines) == 33
    cases = [json.loads(line) for line in lines]
    (empty,) = [case for case in cases if "_type" not in json.loads(case["payload_text"])]
    assert not empty["valid"]
    with pytest.raises(DecodeError, match="_type is missing"):
        decode(empty["payload_text"].encode())
    located = set()
    for case in cases:
        if case is not empty:
            (result,) = decode(case["payload_text"].encode())
            if isinstance(result, Position):
                located.add(case["name"])
            else:
                assert result == Ignored(f"owntracks {json.loads(case['payload_text'])['_type']}")
    assert located == {"l", "l2", "location-5s"}


def test_the_payloads_of_the_field_are_decoded(recordings: Path) -> None:
    for path in sorted((recordings / "mqtt").glob("owntracks_*.json")):
        payload = json.loads(path.read_text())["payload"]
        records = payload if isinstance(payload, list) else [payload]
        for record, result in zip(records, decode(orjson.dumps(payload)), strict=True):
            assert isinstance(result, Position if record["_type"] == "location" else Ignored), path.name
            if isinstance(result, Position):
                assert (result.latitude, result.longitude) == (record["lat"], record["lon"])
                assert result.fix_time.timestamp() == record["tst"]


def test_the_frames_of_another_server_are_decoded(recordings: Path) -> None:
    lines = (recordings / "traccar" / "owntracks.jsonl").read_text().splitlines()
    assert len(lines) == 4
    for line in lines:
        (frame,) = json.loads(line)["frames"]
        sent = json.loads(frame["data"])
        (position,) = decode(frame["data"].encode())
        assert isinstance(position, Position)
        assert (position.latitude, position.longitude) == (sent["lat"], sent["lon"])
        assert position.fix_time.timestamp() == sent["tst"]
