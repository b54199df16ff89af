"""The benchmark of the daemon measures what it says, on a small load."""

from collections.abc import Callable
from typing import Any

KEYS = {
    "positions_per_s",
    "limit_rows_per_s",
    "naive_positions_per_s",
    "ratio_to_limit",
    "ratio_to_naive",
    "daemon_cpu_s_per_million",
    "peak_rss_mb",
    "duplicates_share",
}


def test_a_small_load_is_drained_and_every_figure_is_given(bench: Callable[..., Any]) -> None:
    options = ["--messages", "10000", "--devices", "200", "--duplicates", "0.3", "--batch", "1000"]
    answer = bench("ingest", *options)
    assert answer.keys() >= KEYS
    assert 0.2 < answer["duplicates_share"] < 0.4
    assert all(answer[key] > 0 for key in KEYS)
