"""The trial of exports: every format, whole."""

from collections.abc import Callable
from typing import Any


def test_every_format_is_written_and_weighed(bench: Callable[..., Any]) -> None:
    rows = {row["format"]: row for row in bench("exports", "--positions", "3000")}
    assert len(rows) == 12
    assert all(row["mb"] > 0 and row["peak_rss_mb"] > 20 for row in rows.values())
