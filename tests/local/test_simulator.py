"""The simulated buses: physics, punctual and honest reports, and the same from the same seed."""

import io
import json
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from pynmeagps import NMEAReader

from local.simulator.fleet import Fleet, load_starts
from local.simulator.radio import Radio, as_native
from local.simulator.receiver import Fix
from local.simulator.sentences import speak
from local.town.projection import EASTWARD_METRES_PER_DEGREE, LATITUDE, LONGITUDE, METRES_PER_DEGREE
from local.town.town import Town, draw_town

MORNING = 1_795_526_100.0  # 2026-11-24 07:15 in the town
TRIP_S = 1200.0


@pytest.fixture(scope="module")
def town() -> Town:
    return draw_town(7)


@pytest.fixture(scope="module")
def tracks(town: Town) -> dict[str, list[Fix]]:
    """What those of twelve buses that do not rest report every second through a school morning's run."""
    tracks = drive(town, vehicles=12, interval=1.0, time=MORNING, duration=TRIP_S)
    busy = {uid: track for uid, track in tracks.items() if all(fix.ignition for fix in track)}
    assert len(busy) >= 9
    return busy


def drive(town: Town, vehicles: int, interval: float, time: float, duration: float) -> dict[str, list[Fix]]:
    fleet = Fleet(town, vehicles, interval, time, 7, {})
    tracks: dict[str, list[Fix]] = {}
    for bus, fix in fleet.report(time + duration):
        tracks.setdefault(bus.uid, []).append(fix)
    return tracks


def place(fix: Fix) -> complex:
    """Where a fix lies in metres east and north of the town's centre."""
    return complex(
        (fix.longitude - LONGITUDE) * EASTWARD_METRES_PER_DEGREE,
        (fix.latitude - LATITUDE) * METRES_PER_DEGREE,
    )


def geodesic(a: Fix, b: Fix) -> float:
    """Metres between two fixes on a sphere (haversine)."""
    p, q = math.radians(a.latitude), math.radians(b.latitude)
    h = (
        math.sin((q - p) / 2) ** 2
        + math.cos(p) * math.cos(q) * math.sin(math.radians(b.longitude - a.longitude) / 2) ** 2
    )
    return 2 * 6_371_008.8 * math.asin(math.sqrt(h))


def test_speeds_change_as_a_bus_can_and_keep_the_limit(tracks: dict[str, list[Fix]]) -> None:
    for track in tracks.values():
        for before, after in pairwise(track):
            change = (after.speed_mps - before.speed_mps) / (after.time - before.time)
            assert -1.25 < change < 1.1
        assert 8 < max(fix.speed_mps for fix in track) <= 15.6


def test_a_bus_slows_down_where_it_turns(tracks: dict[str, list[Fix]]) -> None:
    sharp = [
        after.speed_mps
        for track in tracks.values()
        for before, after in pairwise(track)
        if before.speed_mps > 1 and abs((after.course - before.course + 180) % 360 - 180) > 25
    ]
    assert len(sharp) > 30
    assert max(sharp) < 7.5


def test_every_fix_lies_on_a_street(town: Town, tracks: dict[str, list[Fix]]) -> None:
    streets = Nearby(town)
    for track in tracks.values():
        assert max(streets.distance(place(fix)) for fix in track[::5]) < 15


def test_the_course_is_where_the_bus_goes(tracks: dict[str, list[Fix]]) -> None:
    for track in tracks.values():
        off = []
        for before, after in pairwise(track):
            if min(before.speed_mps, after.speed_mps) > 6:
                way = place(after) - place(before)
                bearing = math.degrees(math.atan2(way.real, way.imag))
                off.append(abs((bearing - after.course + 180) % 360 - 180))
        assert sorted(off)[int(len(off) * 0.9)] < 12


def test_the_odometer_never_goes_back_and_agrees_with_the_track(tracks: dict[str, list[Fix]]) -> None:
    for track in tracks.values():
        assert all(a.odometer_m <= b.odometer_m for a, b in pairwise(track))
        driven = track[-1].odometer_m - track[0].odometer_m
        seen = sum(geodesic(a, b) for a, b in pairwise(track))
        assert driven > 2000
        assert seen == pytest.approx(driven, rel=0.03)


def test_fuel_goes_down_and_buses_stop_on_their_way(tracks: dict[str, list[Fix]]) -> None:
    for track in tracks.values():
        assert track[-1].fuel_percent < track[0].fuel_percent
        assert any(fix.speed_mps == 0 and fix.ignition for fix in track)


@pytest.mark.parametrize("hour", [2, 7, 11, 15, 20])
def test_at_any_hour_four_in_five_buses_are_at_work(town: Town, hour: int) -> None:
    midnight = MORNING - 7.25 * 3600
    tracks = drive(town, vehicles=54, interval=120.0, time=midnight + hour * 3600, duration=1200)
    fixes = [track[k] for track in tracks.values() for k in range(8)]
    assert sum(fix.ignition for fix in fixes) >= 0.8 * len(fixes)
    moved = [track for track in tracks.values() if geodesic(track[0], track[-1]) > 30]
    assert len(moved) >= 0.8 * len(tracks)


def test_the_same_seed_and_start_send_the_same_bytes(town: Town) -> None:
    def send() -> list[bytes]:
        radio = Radio(Random(3))
        fleet = Fleet(town, 3, 2.0, MORNING, 7, {})
        return [payload for _, fix in fleet.report(MORNING + 600) for payload in radio.transmit(fix)]

    assert send() == send()


def test_what_an_outage_holds_back_comes_late_and_together_and_nothing_is_lost(
    tracks: dict[str, list[Fix]],
) -> None:
    batches, duplicates = 0, 0
    for number, track in enumerate([*tracks.values()] * 3):
        radio = Radio(Random(number))
        sent = [payload for fix in track for payload in radio.transmit(fix)]
        duplicates += len(sent) - len(set(sent))
        received = [record for payload in sent for record in records(payload)]
        batches += sum(len(list(records(payload))) >= 20 for payload in sent)
        unique = {record["time"]: record for record in received}
        expected = [as_native(fix) for fix in track[: len(unique)]]
        assert list(unique.values()) == expected
        assert len(unique) > len(track) - 185
    assert batches >= 5
    assert duplicates >= 15


def records(payload: bytes) -> Iterator[dict[str, object]]:
    content = json.loads(payload)
    yield from content if isinstance(content, list) else [content]


def test_sentences_say_what_the_fix_says(tracks: dict[str, list[Fix]]) -> None:
    for fix in [fix for track in tracks.values() for fix in track[::97]]:
        sentences = list(NMEAReader(io.BytesIO(speak(fix)), quitonerror=2))
        assert [parsed.msgID for _, parsed in sentences] == ["GGA", "RMC", "GSA", "VTG"]
        for raw, _ in sentences:
            body, _, checksum = raw.strip()[1:].partition(b"*")
            assert int(checksum, 16) == xor(body)
        gga, rmc, _, vtg = (parsed for _, parsed in sentences)
        assert rmc.lat == pytest.approx(fix.latitude, abs=2e-7)
        assert rmc.lon == pytest.approx(fix.longitude, abs=2e-7)
        assert rmc.spd * 1852 / 3600 == pytest.approx(fix.speed_mps, abs=0.01)
        assert f"{rmc.date}" == "2026-11-24"
        assert gga.alt == fix.altitude_m
        assert vtg.sogk == pytest.approx(fix.speed_mps * 3.6, abs=0.01)


def xor(data: bytes) -> int:
    result = 0
    for byte in data:
        result ^= byte
    return result


def test_after_a_restart_buses_go_on_with_their_odometers(town: Town, tmp_path: Path) -> None:
    fleet = Fleet(town, 5, 2.0, MORNING, 7, {})
    before = {bus.uid: fix for bus, fix in fleet.report(MORNING + 300)}
    fleet.save(tmp_path / "fleet.json", "7/1", MORNING + 300)
    starts = load_starts(tmp_path / "fleet.json", "7/1")
    again = Fleet(town, 5, 2.0, MORNING + 330, 7, starts)
    for bus, fix in again.report(MORNING + 331.9):
        assert 0 <= fix.odometer_m - before[bus.uid].odometer_m < 100
        assert fix.fuel_percent == pytest.approx(before[bus.uid].fuel_percent, abs=0.1)
    assert load_starts(tmp_path / "fleet.json", "7/2") == {}


def test_a_state_that_cannot_be_read_is_left_aside(tmp_path: Path) -> None:
    file = tmp_path / "fleet.json"
    assert load_starts(file, "7/1") == {}
    for text in ("", "[]", '{"town": "7/1"}', '{"town": "7/1", "buses": {"bus-101": [1]}}'):
        file.write_text(text)
        assert load_starts(file, "7/1") == {}


class Nearby:
    """Finds the distance to the nearest street by a raster of 50 m."""

    def __init__(self, town: Town) -> None:
        self.cells: dict[tuple[int, int], list[tuple[complex, complex]]] = {}
        for street in town.streets:
            for a, b in pairwise(street.line):
                middle = (a + b) / 2
                self.cells.setdefault((int(middle.real // 50), int(middle.imag // 50)), []).append((a, b))

    def distance(self, p: complex) -> float:
        column, row = int(p.real // 50), int(p.imag // 50)
        return min(
            (
                self.to_segment(p, a, b)
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
                for a, b in self.cells.get((column + i, row + j), ())
            ),
            default=math.inf,
        )

    @staticmethod
    def to_segment(p: complex, a: complex, b: complex) -> float:
        along = ((p - a) / (b - a)).real
        return abs(p - (a + (b - a) * min(1.0, max(0.0, along))))
