"""The other trials at the smallest size: each measures what it says and gives every figure."""

import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from bench.batches.lists import Lists
from bench.growth.history import TooLittleSpace, check_space
from bench.moments import Moments
from devices import native
from devices.position import Position


def test_latency_measures_every_row(bench: Callable[..., Any]) -> None:
    answer = bench("latency", "--rate", "500", "--seconds", "3", "--devices", "100")
    assert answer["stored"] == answer["published"] > 1_000
    assert answer["duplicate"] == 0
    assert 0 < answer["p50_ms"] <= answer["p95_ms"] <= answer["p99_ms"] <= answer["max_ms"]
    assert answer["p95_until_received_ms"] < answer["p95_ms"]


def test_batches_hold_messages_of_any_size_against_single_ones(bench: Callable[..., Any]) -> None:
    rows = bench("batches", "--messages", "300", "--devices", "50")
    assert [row["positions_a_message"] for row in rows] == [1, 20, 100]
    assert rows[0]["costs_cpu_of_single_messages"] == 1
    assert all(row["cpu_us_a_position"] > 0 and row["positions_per_s"] > 0 for row in rows)


def test_imports_of_positions_are_measured_from_the_first_look_to_the_undoing(
    bench: Callable[..., Any],
) -> None:
    rows = bench("import", "positions", "--rows", "20000", "--devices", "20", "--batch", "3000")
    steps = {row["step"]: row for row in rows}
    expected = {"dry run": 20_000, "store": 20_000, "dry run again": 0, "store again": 0, "undo": 20_000}
    assert {step: steps[step]["new_or_gone"] for step in expected} == expected
    assert all(row["rows_per_s"] > 0 for row in rows)


def test_growth_drains_at_each_size(bench: Callable[..., Any]) -> None:
    rows = bench("growth", "--rows", "1,2", "--messages", "10000")
    assert [row["rows_before"] for row in rows] == [1_000_000, 2_000_000]
    assert [row["chunks"] for row in rows] == [1, 2]
    assert rows[0]["ratio_to_first"] == 1
    assert all(row["positions_per_s"] > 0 for row in rows)


def test_growth_refuses_what_the_disk_does_not_hold(tmp_path: Path) -> None:
    with pytest.raises(TooLittleSpace, match="10000000 million rows need"):
        check_space(tmp_path, 10_000_000)


@pytest.mark.parametrize("sizes", ["", "0", "5,1", "1,1", "one", "1;2"])
def test_growth_wants_rising_sizes(sizes: str) -> None:
    command = [sys.executable, "-c", "import motorpool; motorpool.main()", "bench", "growth", "--rows", sizes]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "wants rising numbers of millions" in done.stderr


def read(payload: bytes) -> list[Position]:
    """What the daemon would store of a message."""
    return [result for result in native.decode(payload) if isinstance(result, Position)]


def test_lists_hold_the_same_positions_whatever_their_size() -> None:
    lists = Lists(runs=4, devices=3)
    single, whole = ([read(payload) for _, payload in lists.messages(size)] for size in (1, 100))
    assert [len(some) for some in whole] == [100] * 4
    assert [*chain(*single)] == [*chain(*whole)]
    assert len({(topic, payload) for topic, payload in lists.messages(1)}) == lists.positions == 400


def test_a_message_of_moments_has_as_many_different_ones() -> None:
    topic, payload = Moments(devices=7, positions=20).write(9)
    assert topic == "fleet/bus-2/position"
    assert len({position.fix_time for position in read(payload)}) == 20
