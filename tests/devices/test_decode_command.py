"""`motorpool decode`, as a person and as a script use it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from motorpool import cli

Seal = Callable[[str], bytes]

POSITION = (
    '{"time": "2026-11-23T08:12:03.5+01:00", "lat": 48.117312345678901, "lon": 11.5, "speed": 10, "x": 1}'
)


def run(*arguments: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(cli, ["decode", *arguments], input=stdin)


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_position_is_printed_in_full() -> None:
    result = run("native", stdin=POSITION)
    assert result.exit_code == 0
    assert objects(result) == [
        {
            "uid": None,
            "fix_time": "2026-11-23T07:12:03.500Z",
            "latitude": 48.117312345678901,
            "longitude": 11.5,
            "speed_mps": 10.0,
            "course": None,
            "altitude_m": None,
            "accuracy_m": None,
            "satellites": None,
            "valid": True,
            "attributes": {"x": 1},
        }
    ]


def test_bad_input_is_printed_and_stops_nothing() -> None:
    result = run(
        "native", stdin=f'{POSITION}\nnonsense\n\n[{POSITION}, {{"lat": 91}}]\n'.encode() + b"\xff\n"
    )
    assert result.exit_code == 0
    printed = objects(result)
    assert ["error" in each for each in printed] == [False, True, False, True, True]
    assert [each["input"] for each in printed if "error" in each] == ["nonsense", '{"lat":91}', "\\xff"]
    assert result.stderr == "2 positions, 3 errors, 1 empty payload\n"


def test_frames_may_be_hexadecimal() -> None:
    frames = [POSITION.encode().hex(), b"{}".hex(), "no hex"]
    position, error, nonsense = objects(run("native", "--hex", stdin="\n".join(frames)))
    assert position["latitude"] == 48.117312345678901
    assert error == {"error": "time is missing", "input": "7b7d"}
    assert nonsense["error"].startswith("not hexadecimal")
    assert nonsense["input"] == "no hex"


def test_nmea_is_read_as_a_stream_of_bytes(recordings: Path) -> None:
    capture = recordings / "gpsd" / "com-1289.log"
    printed = objects(run("nmea", str(capture)))
    assert [each["fix_time"] for each in printed if "error" not in each][:2] == [
        "2007-10-12T14:37:48.770Z",
        "2007-10-12T14:37:49.770Z",
    ]
    (error,) = [each for each in printed if "error" in each]
    assert error["error"].startswith("bad checksum")
    assert error["input"] in capture.read_text("latin-1")
    hexadecimal = "\n".join(line.hex() for line in capture.read_bytes().splitlines(keepends=True))
    assert [
        each["fix_time"] for each in objects(run("nmea", "--hex", stdin=hexadecimal)) if "error" not in each
    ] == [each["fix_time"] for each in printed if "error" not in each]


def test_what_carries_no_position_is_only_counted() -> None:
    result = run("owntracks", stdin='{"_type": "lwt"}\n{"_type": "lwt"}\n')
    assert result.stdout == ""
    assert result.stderr == "0 positions, 0 errors, 2 owntracks lwt\n"


@pytest.mark.parametrize("arguments", [["carrier-pigeon"], ["native", "/no/such/file"], []])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_positions_appear_while_the_stream_still_flows(seal: Seal) -> None:
    command = [sys.executable, "-c", "import motorpool; motorpool.main()", "decode", "nmea"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        for second in (1, 2):
            process.stdin.write(seal(f"GPRMC,12000{second},A,4807.038,N,01131.000,E,,,230326,,,A"))
            process.stdin.flush()
        assert json.loads(process.stdout.readline())["fix_time"] == "2026-03-23T12:00:01.000Z"
        rest, summary = process.communicate()
    assert json.loads(rest)["fix_time"] == "2026-03-23T12:00:02.000Z"
    assert summary == b"2 positions, 0 errors\n"
