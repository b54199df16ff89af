"""The benchmark of the daemon measures what it says, on a small load."""

import json
import subprocess
import sys

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


def test_a_small_load_is_drained_and_every_figure_is_given() -> None:
    command = [sys.executable, "-c", "import motorpool; motorpool.main()", "bench", "ingest", "--json"]
    options = ["--messages", "10000", "--devices", "200", "--duplicates", "0.3", "--batch", "1000"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer.keys() >= KEYS
    assert 0.2 < answer["duplicates_share"] < 0.4
    assert all(answer[key] > 0 for key in KEYS)
