"""Hostile input: the decoders raise nothing but DecodeError, the MQTT reader only ends its connection.

The short form is the same at each run. A longer one: FUZZ_EXAMPLES=50000 pytest tests/devices/test_fuzz.py
for hypothesis, `motorpool bench fuzz` for mutation.
"""

import os
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.fuzz.growth import HOSTILE, measure_peak
from bench.fuzz.mutation import draw_inputs
from bench.fuzz.seeds import SEEDS, write_sentence
from bench.fuzz.targets import TARGETS, open_reader
from devices import nmea
from devices.position import DecodeError, Position

# Where a text is not UTF-8 the MQTT codec panics: we catch that, but it leaves a trace of its own.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
MUTATED = 1_000
thoroughly = settings(
    max_examples=EXAMPLES,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
cuts = st.lists(st.integers(0, 3_000), max_size=6)
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.floats(-200, 200)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts | st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
KEYS = {
    "native": "uid time lat lon speed course altitude accuracy satellites odometer fuel fuel_litres ignition",
    "owntracks": "_type tst lat lon vel cog alt acc batt vac odometer ubatt ign rad tid",
}
LEAST: dict[str, dict[str, Any]] = {
    "native": {"time": 1772435523, "lat": 1.5, "lon": 2.5},
    "owntracks": {"_type": "location", "tst": 1772435523, "lat": 1.5, "lon": 2.5},
}
fields = st.text("0123456789.-ANESWVM", max_size=11) | st.sampled_from(
    ["", "4806.0", "N", "01130.0", "E", "A", "071203.00", "020326"]
)
sentences = st.builds(
    lambda name, parts: write_sentence(",".join([name, *parts])),
    st.sampled_from(["GPRMC", "GPGGA", "GNGNS", "GPGLL", "GPVTG", "GPGSA", "GPGST", "GPZDA"]),
    st.lists(fields, max_size=20),
)


@pytest.mark.parametrize("target", TARGETS)
def test_random_bytes_break_nothing(target: str) -> None:
    @thoroughly
    @given(st.binary(max_size=2_000), cuts)
    def attempt(data: bytes, places: Sequence[int]) -> None:
        TARGETS[target](data, places)

    attempt()


@pytest.mark.parametrize("target", KEYS)
def test_records_of_any_values_break_nothing(target: str) -> None:
    keys = st.sampled_from(KEYS[target].split()) | texts
    records = st.dictionaries(keys, values, max_size=8).map(lambda record: LEAST[target] | record)

    @thoroughly
    @given(records | st.lists(records | values, max_size=4))
    def attempt(document: Any) -> None:
        TARGETS[target](orjson.dumps(document), ())

    attempt()


@pytest.mark.parametrize("target", ["nmea", "nmea stream"])
def test_sentences_of_any_fields_break_nothing(target: str) -> None:
    @thoroughly
    @given(st.lists(sentences, max_size=6), cuts)
    def attempt(lines: list[bytes], places: Sequence[int]) -> None:
        TARGETS[target](b"".join(lines), places)

    attempt()


@pytest.mark.parametrize("target", TARGETS)
def test_damaged_input_breaks_nothing(target: str) -> None:
    count = MUTATED if target != "nmea stream" else MUTATED // 5
    for data, places in draw_inputs(target, count, seed=1):
        TARGETS[target](data, places)


@given(st.lists(st.sampled_from(SEEDS["mqtt"]), min_size=1, max_size=5), cuts)
@thoroughly
def test_good_packets_arrive_however_they_are_cut(packets: list[bytes], places: Sequence[int]) -> None:
    data = b"".join(packet for packet in packets if packet != SEEDS["mqtt"][3])  # no farewell
    messages = []
    for each in (places, ()):
        TARGETS["mqtt"](data, each)
        with open_reader() as (reader, transport, delivered):
            for begin, end in zip([0, *sorted(each)], [*sorted(each), len(data)], strict=True):
                reader.data_received(data[begin:end])
            messages.append([(message.topic, message.payload) for message in delivered])
        assert not transport.aborted
    assert messages[0] == messages[1]


def test_a_day_beyond_any_integer_is_an_error_of_its_sentence() -> None:
    good = write_sentence("GPRMC,071203.00,A,4806.0,N,01130.0,E,12.5,187.0,020326,,,A")
    results = nmea.decode(write_sentence(f"GPZDA,071203.00,{1 << 63},03,2026,00,00") + good)
    assert [type(result) for result in results] == [DecodeError, Position]


@pytest.mark.parametrize("garbage", [b"\x00\x00", b"\xf0\xff\xff\xff\xff", b"\x30\x04\x00\x02\xff\xfe"])
def test_what_is_not_mqtt_ends_the_connection(garbage: bytes) -> None:
    with open_reader() as (reader, transport, delivered):
        reader.data_received(garbage)
        assert transport.aborted
        assert not delivered


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_takes_memory_in_proportion(name: str) -> None:
    target, build = HOSTILE[name]
    data = build(16_384)
    assert measure_peak(target, data) < 400 * len(data) + 500_000
