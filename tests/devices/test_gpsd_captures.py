"""Recordings of real receivers, judged by what gpsd made of them (its .chk beside each .log).

gpsd prints states while an epoch builds up; we tell its end. So per time of fix the last TPV is the judge.
gpsd needs some cycles to learn which sentence ends one, and prints no dated TPV before; where the receiver's
own RMC is valid and dated all the same, we do tell the fix: those times are listed in UNPRINTED.
"""

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from devices.nmea import NmeaDecoder
from devices.position import DecodeError, Position, Result

CAPTURES = (
    "april6_2019",
    "beidou-bd",
    "bt-q818",
    "com-1289",
    "furuno_gl_ga",
    "garmin48",
    "gp-320fw-2019-04-07-coldboot",
    "hab-gpspi",
    "haicom-305N",
    "humminbird-M37",
    "isync",
    "magellan-ec10",
    "magellan315",
    "nl2008u",
    "sl869",
    "tn200",
)

# Valid dated fixes of the receiver for which gpsd prints no TPV: while it learns the cycle, the RMC and GGA
# of a unit that tells two instants a cycle (garmin48), an epoch that the recording's end cuts off (isync).
UNPRINTED = {
    "beidou-bd": {"2015-02-25T07:41:55.799Z"},
    "garmin48": {f"2001-06-06T22:53:{second}.000Z" for second in ("10", "12", "14", "16", "18", "34")},
    "haicom-305N": {"2007-04-08T09:53:04.802Z"},
    "humminbird-M37": {"2006-09-16T19:41:03.000Z", "2006-09-16T19:41:04.000Z"},
    "isync": {"2016-02-03T13:15:30.000Z"},
}
# Here gpsd printed its own estimate of the speed, and nothing more after the VTG that told the true one.
ESTIMATED = {"2006-09-16T19:41:02.000Z"}


def decode_stream(stream: bytes, sizes: Random | None = None) -> list[Result]:
    decoder, results, start = NmeaDecoder(), [], 0
    while start < len(stream):
        size = sizes.choice((1, 2, 7, 50, 300)) if sizes else len(stream)
        results += decoder.feed(stream[start : start + size])
        start += size
    return results + decoder.close()


def write_time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_positions(capture: Path) -> dict[str, list[Position]]:
    """Our positions, by their time of fix."""
    positions: dict[str, list[Position]] = {}
    for result in decode_stream(capture.read_bytes()):
        if isinstance(result, Position):
            positions.setdefault(write_time(result.fix_time), []).append(result)
    return positions


def read_oracle(capture: Path) -> dict[str, list[dict[str, Any]]]:
    """gpsd's TPV objects with a dated fix, by their time of fix."""
    fixes: dict[str, list[dict[str, Any]]] = {}
    for line in capture.with_suffix(".log.chk").read_text("latin-1").splitlines():
        if line.startswith('{"class":"TPV"'):
            report = json.loads(line)
            if report["mode"] >= 2 and "time" in report and "lat" in report:
                fixes.setdefault(report["time"], []).append(report)
    return fixes


@pytest.fixture(params=CAPTURES)
def capture(request: pytest.FixtureRequest, recordings: Path) -> Path:
    return recordings / "gpsd" / f"{request.param}.log"


@pytest.fixture
def summary(capture: Path) -> dict[str, Any]:
    """What was counted in this capture by others."""
    captures = json.loads((capture.parent / "expected_summary.json").read_text())
    found: dict[str, Any] = next(entry for entry in captures if entry["name"] == capture.stem)
    return found


def test_every_capture_of_the_folder_is_tried(recordings: Path) -> None:
    assert {path.stem for path in (recordings / "gpsd").glob("*.log")} == set(CAPTURES)


def test_a_capture_decodes_to_the_times_of_its_fixes(capture: Path, summary: dict[str, Any]) -> None:
    oracle = read_oracle(capture)
    assert len(oracle) == summary["expect"]["distinct_fix_times"]
    assert set(read_positions(capture)) == set(oracle) | UNPRINTED.get(capture.stem, set())


def test_a_capture_decodes_to_the_places_of_its_fixes(capture: Path) -> None:
    positions = read_positions(capture)
    for moment, reports in read_oracle(capture).items():
        latest, report = positions[moment][-1], reports[-1]
        assert latest.latitude == pytest.approx(report["lat"], abs=1e-6)
        assert latest.longitude == pytest.approx(report["lon"], abs=1e-6)
        for position in positions[moment]:
            assert any(abs(position.latitude - known["lat"]) < 1e-6 for known in reports)


def test_a_capture_decodes_to_the_speeds_of_its_fixes(capture: Path) -> None:
    positions = read_positions(capture)
    for moment, reports in read_oracle(capture).items():
        position, report = positions[moment][-1], reports[-1]
        if position.speed_mps is None:
            assert "track" not in report  # gpsd worked the speed out itself: the receiver told none
        elif moment not in ESTIMATED:
            assert position.speed_mps == pytest.approx(report["speed"], abs=0.01)
        if "track" in report:
            assert position.course == pytest.approx(report["track"] % 360, abs=0.01)


def test_a_capture_never_tells_the_same_instant_twice_in_a_row(capture: Path) -> None:
    results = decode_stream(capture.read_bytes())
    moments = [result.fix_time for result in results if isinstance(result, Position)]
    assert all(one != other for one, other in pairwise(moments))


def test_a_capture_decodes_the_same_however_the_stream_is_cut(capture: Path) -> None:
    stream = capture.read_bytes()
    whole = [repr(result) + repr(getattr(result, "raw", None)) for result in decode_stream(stream)]
    for seed in range(3):
        cut = decode_stream(stream, Random(f"{capture.stem} {seed}"))
        assert [repr(result) + repr(getattr(result, "raw", None)) for result in cut] == whole


def test_a_receiver_that_never_finds_a_fix_yields_no_position(recordings: Path) -> None:
    results = decode_stream((recordings / "gpsd" / "tn200.log").read_bytes())
    assert {str(result) for result in results} == {"Ignored(reason='no fix')"}


def test_bad_checksums_are_counted_and_stop_nothing(capture: Path, summary: dict[str, Any]) -> None:
    stream = capture.read_bytes()
    errors = [result for result in decode_stream(stream) if isinstance(result, DecodeError)]
    assert sum(error.reason.startswith("bad checksum") for error in errors) == summary["checksum_bad"]
    assert all(error.raw and error.raw in stream for error in errors)


def test_the_truncated_lines_of_a_cold_boot_are_counted(recordings: Path) -> None:
    results = decode_stream((recordings / "gpsd" / "gp-320fw-2019-04-07-coldboot.log").read_bytes())
    errors = [result for result in results if isinstance(result, DecodeError)]
    assert sum(error.reason.startswith("no checksum") for error in errors) == 12
    assert sum(error.reason == "not an NMEA sentence" for error in errors) == 2


def test_a_week_rollover_is_flagged(recordings: Path) -> None:
    results = decode_stream((recordings / "gpsd" / "april6_2019.log").read_bytes())
    (position,) = [result for result in results if isinstance(result, Position)]
    assert position.fix_time.year == 1999
    assert position.attributes == {"time_suspect": "week_rollover"}
