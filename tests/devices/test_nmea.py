"""How sentences become one position per instant."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from devices.nmea import NmeaDecoder, decode
from devices.position import DecodeError, Ignored, Position, Result

Seal = Callable[[str], bytes]

RMC = "GPRMC,120001.250,A,4807.0380,N,01131.0000,E,022.4,084.4,230326,,,A"
GGA = "GPGGA,120001.250,4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,"
MOMENT = datetime(2026, 3, 23, 12, 0, 1, 250_000, tzinfo=UTC)
DATED = "GPRMC,115959,A,4807.0380,N,01131.0000,E,,,230326,,,A"


@pytest.fixture
def read(seal: Seal) -> Callable[..., list[Result]]:
    """Decodes sentences as one stream to its end."""

    def decode_sentences(*bodies: str) -> list[Result]:
        decoder = NmeaDecoder()
        return decoder.feed(b"".join(map(seal, bodies))) + decoder.close()

    return decode_sentences


Read = Callable[..., list[Result]]


def moments(results: list[Result]) -> list[str]:
    return [f"{result.fix_time:%m-%d %H:%M:%S}" for result in results if isinstance(result, Position)]


@pytest.mark.parametrize("bodies", [(RMC, GGA), (GGA, RMC)])
def test_the_sentences_of_an_instant_make_one_position_in_either_order(read: Read, bodies: list[str]) -> None:
    (position,) = read(*bodies)
    assert position == Position(
        None,
        MOMENT,
        pytest.approx(48.1173, abs=1e-9),
        pytest.approx(11.516666667, abs=1e-9),
        pytest.approx(22.4 * 1852 / 3600),
        84.4,
        545.4,
        None,
        8,
        True,
        {"hdop": 0.9},
    )


def test_what_no_sentence_tells_is_unknown_and_not_zero(read: Read) -> None:
    (position,) = read("GPRMC,120001.250,A,4807.0380,N,01131.0000,E,,,230326,,,A")
    assert position[4:] == (None, None, None, None, None, True, None)


@pytest.mark.parametrize("talker", ["GP", "GN", "GL", "GA", "BD", "GB", "QZ", "IN", "II", "XX"])
def test_any_talker_is_understood(read: Read, talker: str) -> None:
    assert len(moments(read(talker + RMC[2:], talker + GGA[2:]))) == 1


def test_a_speed_comes_from_vtg_where_there_is_no_rmc(read: Read) -> None:
    date, place = "GPZDA,120001.250,23,03,2026,00,00", GGA
    (knots,) = read(date, place, "GPVTG,054.7,T,034.4,M,005.5,N,010.2,K,A")
    (kmh,) = read(date, place, "GPVTG,054.7,T,034.4,M,,N,010.8,K,A")
    assert isinstance(knots, Position)
    assert isinstance(kmh, Position)
    assert knots.speed_mps == pytest.approx(5.5 * 1852 / 3600)
    assert kmh.speed_mps == pytest.approx(3.0)
    assert knots.course == 54.7


def test_accuracy_comes_from_gst(read: Read) -> None:
    (position,) = read(RMC, "GPGST,120001.250,9.9,,,,3.0,4.0,5.0")
    assert isinstance(position, Position)
    assert position.accuracy_m == pytest.approx(5.0)


def test_the_dilution_of_gsa_is_taken_where_gga_tells_none(read: Read) -> None:
    gsa = "GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1"
    (alone,) = read(RMC, gsa)
    (beside,) = read(RMC, GGA, gsa)
    assert isinstance(alone, Position)
    assert isinstance(beside, Position)
    assert alone.attributes == {"hdop": 1.3}
    assert beside.attributes == {"hdop": 0.9}


def test_a_full_circle_is_north(read: Read) -> None:
    (position,) = read(RMC.replace("084.4", "360.0"))
    assert isinstance(position, Position)
    assert position.course == 0


@pytest.mark.parametrize(
    "void",
    [
        "GPRMC,120002,V,4807.0380,N,01131.0000,E,,,230326,,,N",
        "GPRMC,120002,A,4807.0380,N,01131.0000,E,,,230326,,,N",
        "GPGGA,120002,4807.0380,N,01131.0000,E,0,00,99.9,,M,,M,,",
        "GPGGA,120002,4807.0380,N,01131.0000,E,,08,1.0,,M,,M,,",
        "GPGGA,120002,4807.0380,N,01131.0000,E,1,02,1.0,,M,,M,,",
        "GPGLL,4807.0380,N,01131.0000,E,120002,V,N",
        "GPGLL,4807.0380,N,01131.0000,E,120002,A,N",
        "GNGNS,120002,4807.0380,N,01131.0000,E,NN,00,99.9,,,,",
        "GPRMC,120002,A,,,,,,,230326,,,A",
    ],
)
def test_a_void_fix_yields_no_position(read: Read, void: str) -> None:
    assert read(DATED, void)[1:] == [Ignored("no fix")]


def test_an_rmc_that_says_void_outweighs_the_place_that_a_gga_repeats(read: Read) -> None:
    simulated = GGA.replace(",E,1,", ",E,8,")
    assert read(DATED, simulated, RMC.replace(",A,4807", ",V,4807"))[1:] == [Ignored("no fix")]


def test_one_of_several_systems_without_a_fix_voids_nothing(read: Read) -> None:
    void = "GARMC,120001.250,V,,,,,,,230326,,,N"
    assert len(moments(read(RMC, void))) == len(moments(read(void, RMC))) == 1
    assert len(moments(read(RMC, "GLGGA,120001.250,,,,,0,00,,,M,,M,,"))) == 1


def test_a_fix_of_one_system_is_enough_for_gns(read: Read) -> None:
    assert moments(read(DATED, "GNGNS,120002,4807.0380,N,01131.0000,E,NA,07,1.1,,,,,V"))[1:] == [
        "03-23 12:00:02"
    ]


def test_a_void_fix_becomes_valid_again(read: Read) -> None:
    void = "GPRMC,120002,V,,,,,,,230326,,,N"
    results = read(RMC, void, RMC.replace("120001.250", "120003"))
    assert [type(result) for result in results] == [Position, Ignored, Position]


def test_a_fix_waits_for_a_date_and_is_told_to_be_without_one(read: Read) -> None:
    results = read(GGA.replace("120001.250", "120000"), RMC, GGA)
    assert results[0] == Ignored("no date yet")
    assert moments(results) == ["03-23 12:00:01"]


def test_midnight_passes_before_the_next_date_is_told(read: Read) -> None:
    before = "GPRMC,235959,A,4807.0380,N,01131.0000,E,,,311226,,,A"
    after = GGA.replace("120001.250", "000000")
    late = GGA.replace("120001.250", "235959.500")
    assert moments(read(before, after, late)) == ["12-31 23:59:59", "01-01 00:00:00", "12-31 23:59:59"]
    assert moments(
        read(before, after, before.replace("235959,A", "000000,A").replace("311226", "010127"))
    ) == [
        "12-31 23:59:59",
        "01-01 00:00:00",
    ]


def test_a_stream_without_any_further_date_counts_the_days(read: Read) -> None:
    hours = [GGA.replace("120001.250", f"{hour:02d}0000") for hour in (18, 0, 6, 12, 18, 0)]
    assert [moment[:5] for moment in moments(read(DATED, *hours))] == ["03-23"] * 2 + ["03-24"] * 4 + [
        "03-25"
    ]


def test_a_date_may_come_from_zda_alone_and_ahead_of_its_second(read: Read) -> None:
    announced = read("GPZDA,120002.000,23,03,2026,00,00", GGA, "GPZDA,120003.000,23,03,2026,00,00")
    assert moments(announced) == ["03-23 12:00:01"]


def test_the_date_of_a_void_rmc_is_not_relied_on(read: Read) -> None:
    void = "GPRMC,120000,V,0000.0000,N,00000.0000,E,,,161206,,,N"
    assert read(void, GGA) == [Ignored("no fix"), Ignored("no date yet")]


def test_a_receiver_that_lost_its_clock_loses_the_date(read: Read) -> None:
    results = read(
        RMC, "GPRMC,,V,,,,,,,,,,N", "GPGGA,,,,,,0,00,99.99,,,,,,", GGA.replace("120001.250", "000010")
    )
    assert [type(result) for result in results] == [Position, Ignored, Ignored]
    assert results[1:] == [Ignored("no fix"), Ignored("no date yet")]


@pytest.mark.parametrize(
    ("year", "suspicion"), [("99", "week_rollover"), ("80", "week_rollover"), ("79", "before_gps")]
)
def test_an_implausible_date_is_flagged(read: Read, year: str, suspicion: str) -> None:
    (position,) = read(RMC.replace("230326", f"2203{year}"))
    assert isinstance(position, Position)
    assert position.fix_time.year == 1900 + int(year)
    assert position.valid
    assert position.attributes == {"time_suspect": suspicion}


def test_a_place_out_of_range_is_an_error_and_the_fix_before_it_is_kept(read: Read) -> None:
    results = read(
        DATED, "GPRMC,120002,A,9107.0380,N,01131.0000,E,,,230326,,,A", RMC.replace("120001.250", "120003")
    )
    assert isinstance(results[1], DecodeError)
    assert results[1].reason.startswith("GPRMC: lat is 91.1173, not from -90 to 90")
    assert moments(results) == ["03-23 11:59:59", "03-23 12:00:03"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (RMC.replace(",N,", ",,"), "GPRMC: the hemisphere is missing"),
        (RMC.replace("084.4", "400.0"), "GPRMC: cog is 400.0"),
        (RMC.replace("022.4", "nan"), "GPRMC: spd is nan"),
        (RMC.replace("022.4", "fast"), "GPRMC: Incorrect type for attribute spd"),
        ("GPZDA,120000,31,02,2026,00,00", "GPZDA: day is out of range"),
        ("GPZDA,120000,01,02,9999,00,00", "GPZDA: year is 9999"),
    ],
)
def test_a_field_that_cannot_be_is_named(read: Read, body: str, reason: str) -> None:
    (error, *_) = read(body)
    assert isinstance(error, DecodeError)
    assert error.reason.startswith(reason)
    assert error.raw
    assert error.raw.startswith(b"$" + body[:12].encode())


@pytest.mark.parametrize(
    "body",
    ["GPGSV,1,1,01,14,86,335,41", "GNTXT,01,01,02,ANTSTATUS=OK", "PGRMC,A,218.8", "PUBX,00", "GPXYZ,1,2,3"],
)
def test_a_sentence_of_another_kind_yields_nothing(read: Read, body: str) -> None:
    assert read(body) == []


def test_a_message_of_sentences_is_decoded_to_its_end(seal: Seal) -> None:
    assert moments(decode(seal(RMC).strip())) == ["03-23 12:00:01"]


def test_a_message_always_has_a_result(seal: Seal) -> None:
    assert decode(b"") == decode(b" \r\n") == [Ignored("empty payload")]
    assert decode(seal("GPGSV,1,1,01,14,86,335,41")) == [Ignored("no position")]


def test_a_message_with_no_readable_sentence_is_an_error_as_a_whole() -> None:
    with pytest.raises(DecodeError, match="not an NMEA sentence"):
        decode(b"\x00\x01 not this")
    with pytest.raises(DecodeError, match="2 lines, the first: no checksum"):
        decode(b"$GPRMC,1\n$GPRMC,2\n")


def test_a_bad_line_of_a_message_leaves_the_good_ones(seal: Seal) -> None:
    error, position = decode(b"garbage\r\n" + seal(RMC))
    assert isinstance(error, DecodeError)
    assert error.raw == b"garbage"
    assert isinstance(position, Position)
