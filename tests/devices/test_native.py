"""Native JSON: what is taken, what is refused and how the refusal names the field."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.native import decode, read_position
from devices.position import DecodeError, Ignored, Position, Result
from devices.records import decode_records

LEAST = {"time": "2026-11-23T07:12:03Z", "lat": 48.1173, "lon": 11.5167}
MOMENT = datetime(2026, 11, 23, 7, 12, 3, tzinfo=UTC)


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


def test_every_field_has_its_place() -> None:
    position = read(
        uid="bus-7",
        speed=12.5,
        course=187,
        altitude=519,
        accuracy=3.5,
        satellites=9,
        odometer=123456,
        ignition=True,
        fuel=63,
        event="door_open",
        doors={"front": "open"},
    )
    assert position[:10] == ("bus-7", MOMENT, 48.1173, 11.5167, 12.5, 187.0, 519.0, 3.5, 9, True)
    assert position.attributes == {
        "odometer_m": 123456.0,
        "ignition": True,
        "fuel_level_percent": 63.0,
        "event": "door_open",
        "doors": {"front": "open"},
    }


def test_fuel_is_percent_or_litres_as_named() -> None:
    assert read(fuel_percent=63).attributes == {"fuel_level_percent": 63.0}
    assert read(fuel_litres=140.5).attributes == {"fuel_level_l": 140.5}


def test_null_is_unknown() -> None:
    unknown = dict.fromkeys(
        ("speed", "course", "altitude", "accuracy", "satellites", "uid", "odometer", "fuel")
    )
    assert read(**unknown, ignition=None) == Position(None, MOMENT, 48.1173, 11.5167)


def test_zero_is_known() -> None:
    assert read(speed=0, course=0, altitude=0, satellites=0)[4:9] == (0.0, 0.0, 0.0, None, 0)


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-23T07:12:03Z",
        "2026-11-23T07:12:03+00:00",
        "2026-11-23T08:12:03+01:00",
        "2026-11-23 02:12:03-05:00",
        "20261123T071203Z",
        MOMENT.timestamp(),
        int(MOMENT.timestamp()),
    ],
)
def test_a_time_is_iso_with_a_zone_or_epoch_seconds(time: object) -> None:
    fix_time = read(time=time).fix_time
    assert fix_time == MOMENT
    assert fix_time.tzinfo is UTC


def test_fractions_of_a_second_are_kept() -> None:
    assert read(time="2026-11-23T07:12:03.250Z").fix_time.microsecond == 250_000
    assert read(time=1763881923.25).fix_time.microsecond == 250_000


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        (None, "time is missing"),
        (
            "2026-11-23T07:12:03",
            "time is '2026-11-23T07:12:03': its zone is missing, end it with Z or an offset",
        ),
        ("2026-11-23", "its zone is missing"),
        ("yesterday", "no ISO 8601 time"),
        ("2026-02-30T00:00:00Z", "no ISO 8601 time"),
        ("0001-01-01T00:00:00+01:00", "no ISO 8601 time"),
        ("1763881923", "no ISO 8601 time"),
        ("", "no ISO 8601 time"),
        (True, "time is True, not a time"),
        ([1], "time is [1], not a time"),
        (1763881923000, "milliseconds"),
        (-1e15, "which is no date"),
    ],
)
def test_any_other_time_is_refused(time: object, reason: str) -> None:
    assert reason in refusal(time=time)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lat", None),
        ("lat", "48.1"),
        ("lat", True),
        ("lat", 91),
        ("lat", -90.0001),
        ("lon", None),
        ("lon", 180.5),
        ("lon", -181),
        ("lon", []),
        ("speed", -1),
        ("speed", "12"),
        ("speed", 1e300),
        ("speed", False),
        ("course", 361),
        ("course", -0.5),
        ("altitude", "high"),
        ("altitude", 1e9),
        ("accuracy", -1),
        ("satellites", 4.5),
        ("satellites", -1),
        ("satellites", 256),
        ("satellites", True),
        ("odometer", -1),
        ("odometer", "12"),
        ("ignition", 1),
        ("fuel", 101),
        ("fuel_litres", "full"),
        ("uid", 7),
        ("uid", ""),
        ("uid", "x" * 201),
    ],
)
def test_a_field_that_cannot_be_is_named(field: str, value: object) -> None:
    assert refusal(**{field: value}).startswith(f"{field} is ")


def test_a_full_circle_is_north() -> None:
    assert read(course=360).course == 0


@pytest.mark.parametrize("extreme", [{"lat": 90, "lon": 180}, {"lat": -90, "lon": -180}])
def test_the_ends_of_the_earth_are_taken(extreme: dict[str, float]) -> None:
    assert read(**extreme)[2:4] == (extreme["lat"], extreme["lon"])


@pytest.mark.parametrize("payload", [b"", b" ", b"\n"])
def test_an_empty_payload_is_ignored(payload: bytes) -> None:
    assert decode(payload) == [Ignored("empty payload")]


def test_an_empty_list_is_ignored() -> None:
    assert decode(b"[]") == [Ignored("empty list")]


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"{}",
        b"null",
        b"7",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"time": 1763881923, "lat": NaN, "lon": 1}',
        b'{"time": 1763881923, "lat": 1e999, "lon": 1}',
        b'{"time": 1763881923, "lat": Infinity, "lon": 1}',
        b"\x00" * (1 << 20),
    ],
)
def test_what_is_no_position_is_refused_as_a_whole(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(payload)


def test_a_bad_record_of_a_list_leaves_the_good_ones() -> None:
    bad = LEAST | {"lat": 91.5, "speed": 3}
    first, second, third, fourth = decode(orjson.dumps([LEAST, bad, 7, LEAST]))
    assert first == fourth == Position(None, MOMENT, 48.1173, 11.5167)
    assert isinstance(second, DecodeError)
    assert isinstance(third, DecodeError)
    assert second.reason == "lat is 91.5, not from -90.0 to 90.0"
    assert second.raw == orjson.dumps(bad)
    assert (third.reason, third.raw) == ("not a JSON object", b"7")


def test_a_bad_record_too_deep_to_write_out_is_still_told() -> None:
    (error, _) = decode(b'[{"x":' + b"[" * 600 + b"]" * 600 + b"}," + orjson.dumps(LEAST) + b"]")
    assert isinstance(error, DecodeError)
    assert (error.reason, error.raw) == ("time is missing", None)


def test_the_character_nul_is_refused_but_not_its_spelling() -> None:
    assert "NUL" in refusal(note="a\x00b")
    assert "NUL" in refusal(uid="a\x00b")
    bad, good = decode(orjson.dumps([LEAST | {"note": "\x00"}, LEAST]))
    assert isinstance(bad, DecodeError)
    assert isinstance(good, Position)
    assert read(note="a\\u0000b").attributes == {"note": "a\\u0000b"}


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_decode_error(payload: bytes) -> None:
    with suppress(DecodeError):
        assert decode(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [*LEAST, "speed", "course", "altitude", "accuracy", "satellites", "uid", "odometer", "fuel"]
)


@given(st.dictionaries(NAMES, JSON, max_size=4))
def test_no_value_raises_anything_but_a_decode_error(fields: dict[str, object]) -> None:
    first, second = decode(orjson.dumps([LEAST | fields, LEAST]))
    assert isinstance(first, Position | DecodeError)
    assert isinstance(second, Position)


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(5000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.none() | st.floats(0, 1000),
    st.none() | st.floats(0, 360, exclude_max=True),
)
def test_a_position_survives_the_journey_unchanged(
    moment: datetime, latitude: float, longitude: float, speed: float | None, course: float | None
) -> None:
    expected = Position(None, moment, latitude, longitude, speed, course)
    record = {"time": moment, "lat": latitude, "lon": longitude, "speed": speed, "course": course}
    assert decode(orjson.dumps(record)) == [expected]


PLAIN = st.fixed_dictionaries(
    {
        "time": st.datetimes(timezones=st.just(UTC)) | st.integers(-(10**10), 10**11) | st.floats(0, 2e10),
        "lat": st.floats(-91, 91) | st.integers(-91, 91),
        "lon": st.floats(-181, 181) | st.integers(-181, 181),
    },
    optional={
        "speed": st.none() | st.floats(-1, 1001) | st.integers(0, 90),
        "course": st.none() | st.floats(-1, 361) | st.integers(0, 360),
        "altitude": st.none() | st.floats(-13_000, 13_000),
        "accuracy": st.none() | st.floats(-1, 100),
        "satellites": st.none() | st.integers(-1, 256) | st.floats(0, 9),
        "odometer": st.none() | st.floats(-1, 1e9) | st.integers(0, 10**13),
        "fuel": st.none() | st.floats(-1, 101),
        "fuel_percent": st.none() | st.floats(0, 100),
        "fuel_litres": st.none() | st.floats(0, 900),
        "ignition": st.none() | st.booleans() | st.text(max_size=2),
        "event": st.none() | st.text(max_size=5) | st.integers(),
        "uid": st.text(max_size=3),
        "mood": st.text(max_size=3),
    },
)


def outcome(read: Callable[[], list[Result]]) -> object:
    try:
        return [(str(result), type(result)) for result in read()]
    except DecodeError as error:
        return error.reason


@given(PLAIN, st.booleans())
def test_the_short_way_and_the_long_way_read_the_same(record: dict[str, object], in_a_list: bool) -> None:
    payload = orjson.dumps([record, LEAST] if in_a_list else record)
    assert outcome(lambda: decode(payload)) == outcome(lambda: decode_records(payload, read_position))
