"""Three times too much: memory stays bounded, the map goes on and says that it is late, nothing is lost."""

from collections.abc import Callable
from typing import Any

MOST_RSS_MB = 400
LONGEST_PAUSE_S = 20


def test_the_short_form_ends_with_all_stored_and_the_page_told(bench: Callable[..., Any]) -> None:
    answer = bench("overload", "--seconds", "6", "--devices", "500")
    assert answer["acknowledged"] == answer["stored"] + answer["duplicate"] > 0
    assert answer["lost"] == answer["quarantined"] == 0
    assert 0 < answer["peak_rss_mb"] < MOST_RSS_MB
    assert answer["greatest_behind_s"] > 0
    assert answer["greatest_behind_on_page_s"] > 0
    assert answer["frames"] > 0
    assert answer["longest_pause_s"] < LONGEST_PAUSE_S
