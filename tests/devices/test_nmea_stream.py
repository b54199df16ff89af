"""How the bytes of a line become sentences, whatever happens on the wire."""

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.nmea import NmeaDecoder, decode
from devices.position import DecodeError, Ignored, Position, Result

Seal = Callable[[str], bytes]


def rmc(second: int) -> str:
    return f"GPRMC,1200{second:02d},A,4807.0380,N,01131.0000,E,022.4,084.4,230326,,,A"


def read(stream: bytes) -> list[Result]:
    decoder = NmeaDecoder()
    return decoder.feed(stream) + decoder.close()


def seconds(results: list[Result]) -> list[int]:
    return [result.fix_time.second for result in results if isinstance(result, Position)]


def reasons(results: list[Result]) -> list[str]:
    return [result.reason for result in results if isinstance(result, DecodeError)]


def test_an_epoch_ends_with_the_next_time_of_day(seal: Seal) -> None:
    decoder = NmeaDecoder()
    assert decoder.feed(seal(rmc(1))) == []
    assert seconds(decoder.feed(seal(rmc(2)))) == [1]


def test_an_epoch_ends_when_the_stream_pauses_and_is_told_once(seal: Seal) -> None:
    decoder = NmeaDecoder()
    decoder.feed(seal(rmc(1)))
    assert seconds(decoder.flush()) == [1]
    assert decoder.flush() == []
    assert decoder.feed(seal(rmc(1))) == []
    assert decoder.flush() == []


def test_a_fix_that_a_pause_left_without_a_date_is_told_when_the_date_comes(seal: Seal) -> None:
    decoder = NmeaDecoder()
    decoder.feed(seal("GPGGA,120001,4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,"))
    assert decoder.flush() == [Ignored("no date yet")]
    decoder.feed(seal(rmc(1)))
    assert seconds(decoder.flush()) == [1]


def test_half_a_line_waits_through_a_pause_and_is_an_error_at_the_end(seal: Seal) -> None:
    decoder = NmeaDecoder()
    line = seal(rmc(1))
    decoder.feed(line[:30])
    assert decoder.flush() == []
    decoder.feed(line[30:])
    assert seconds(decoder.flush()) == [1]
    decoder.feed(seal(rmc(2))[:30])
    (error,) = decoder.close()
    assert isinstance(error, DecodeError)
    assert error.raw == seal(rmc(2))[:30]


def test_a_last_line_needs_no_line_end(seal: Seal) -> None:
    decoder = NmeaDecoder()
    decoder.feed(seal(rmc(1)).strip())
    assert seconds(decoder.flush()) == [1]


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b"\r", b"\r\r\n", b" \r\n", b"\r\n\r\n"])
def test_any_line_end_will_do(seal: Seal, line_end: bytes) -> None:
    stream = b"".join(seal(rmc(second)).strip() + line_end for second in (1, 2, 3))
    assert seconds(read(stream)) == [1, 2, 3]
    assert reasons(read(stream)) == []


def test_checksums_may_be_written_in_lower_case(seal: Seal) -> None:
    lines = [seal(rmc(second)) for second in range(20)]
    lowered = b"".join(line[:-4] + line[-4:].lower() for line in lines)
    assert lowered != b"".join(lines)
    assert seconds(read(lowered)) == list(range(20))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda line: line.replace(b"022.4", b"022.5"), "bad checksum"),
        (lambda line: line.partition(b"*")[0] + b"\r\n", "no checksum"),
        (lambda line: line[:-3] + b"\r\n", "no checksum"),
        (lambda line: line[:25] + b"\r\n", "no checksum"),
        (lambda line: line[1:], "not an NMEA sentence"),
        (lambda line: line[:8] + b"\xff\x00" + line[8:], "bad checksum"),
    ],
)
def test_a_damaged_line_is_told_with_its_bytes_and_the_stream_goes_on(
    seal: Seal, damage: Callable[[bytes], bytes], reason: str
) -> None:
    damaged = damage(seal(rmc(2)))
    results = read(seal(rmc(1)) + damaged + seal(rmc(3)))
    assert seconds(results) == [1, 3]
    (error,) = [result for result in results if isinstance(result, DecodeError)]
    assert error.reason.startswith(reason)
    assert error.raw == damaged.strip()


def test_a_sentence_begins_wherever_a_dollar_stands(seal: Seal) -> None:
    results = read(b"$GPGGA,1200" + seal(rmc(1)).strip() + b"\x00\xff noise " + seal(rmc(2)))
    assert seconds(results) == [2]
    assert [reason[:11] for reason in reasons(results)] == ["no checksum", "no checksum"]
    assert seconds(read(b"\xb5\x62\x01\x07" + seal(rmc(3)))) == [3]


def test_a_comment_of_a_recording_is_passed_over_even_if_it_quotes_a_sentence(seal: Seal) -> None:
    assert read(b"# as in " + seal(rmc(1))) == []


def test_a_line_is_at_most_a_kibibyte_and_the_sentence_after_it_is_found(seal: Seal) -> None:
    results = read(b"x" * 3000 + seal(rmc(1)) + b"$GPTXT," + b"y" * 2000 + b"\r\n" + seal(rmc(2)))
    assert seconds(results) == [1, 2]
    sizes = [len(result.raw or b"") for result in results if isinstance(result, DecodeError)]
    assert sizes == [1024, 1024, 952, 1024, 983]


def test_endless_noise_without_a_line_end_takes_no_memory() -> None:
    decoder = NmeaDecoder()
    noise = bytes(range(1, 10)) * 1000
    tracemalloc.start()
    try:
        for _ in range(200):
            assert decoder.feed(noise)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(noise)


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_no_bytes_ever_stop_a_stream(seal: Seal, noise: list[bytes]) -> None:
    decoder = NmeaDecoder()
    for data in noise:
        decoder.feed(data)
    decoder.feed(b"\r\n" + seal(rmc(1)))
    assert seconds(decoder.flush()) == [1]


VALUES = (
    "",
    "A",
    "V",
    "N",
    "E",
    "0",
    "1",
    "12",
    "-1",
    "nan",
    "9e99",
    "1_0",
    "é",
    "*",
    "²",
    "120001",
    "230326",
)
PLACES = ("4807.0380", "01131.0000", "99999999999999999999.9")
FIELDS = st.lists(st.sampled_from(VALUES + PLACES), max_size=16)


@given(st.sampled_from(["RMC", "GGA", "GNS", "GLL", "VTG", "GSA", "GST", "ZDA"]), FIELDS)
def test_no_fields_under_a_good_checksum_ever_stop_a_stream(seal: Seal, kind: str, fields: list[str]) -> None:
    stream = seal(rmc(1)) + seal(f"GP{kind},{','.join(fields)}") + seal(rmc(9))
    assert seconds(read(stream))[-1] == 9
    assert decode(stream)


@given(st.sampled_from(["éRMC", "!GRMC", "G\x80RMC", "PRMC", "RMC", "GPRMCX", ""]), FIELDS)
def test_no_name_under_a_good_checksum_ever_stops_a_stream(seal: Seal, name: str, fields: list[str]) -> None:
    body = ",".join([name, *fields])
    assert seconds(read(seal(body) + seal(body).replace(b"$", b"!") + seal(rmc(9)))) == [9]
