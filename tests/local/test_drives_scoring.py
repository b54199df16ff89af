"""Scoring: what a detector finds is compared with the truth, kind by kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.drives.definitions import INTERVAL_KINDS, KINDS, POINT_KINDS, Happening
from local.drives.drives import make_drives
from local.drives.scenarios import SCENARIOS
from local.drives.scoring import Score, add, match, tolerate


def score(found: list[Happening], truth: list[Happening], interval_s: float = 1.0) -> Score:
    """The score of the only kind that occurs."""
    scores = match(found, truth, tolerate(interval_s))
    (kind,) = {happening.kind for happening in found + truth}
    assert all(not any(scores[other]) for other in KINDS if other != kind)
    return scores[kind]


def test_the_truth_itself_scores_one_in_everything() -> None:
    total = match([], [], {})
    for drive in make_drives(1, len(SCENARIOS)):
        total = add(total, match(drive.truth[::-1], drive.truth, tolerate(drive.interval_s)))
    assert all(scores.precision() == scores.recall() == 1.0 for scores in total.values())


def test_finding_nothing_is_precise_about_nothing_and_recalls_none() -> None:
    silent = score([], [Happening("sos", 10.0), Happening("sos", 99.0)])
    assert silent == Score(hits=0, false_alarms=0, misses=2)
    assert silent.precision() is None
    assert silent.recall() == 0.0
    assert Score(hits=3, false_alarms=1).precision() == 0.75
    assert Score(hits=3, misses=1).recall() == 0.75
    assert Score().recall() is None


@pytest.mark.parametrize(
    ("start", "end", "hits"),
    [
        (0, 100, 1),
        (0, 50, 1),
        (0, 49, 0),
        (0, 200, 1),
        (0, 201, 0),
        (-100, 100, 1),
        (40, 140, 1),
        (60, 160, 0),
    ],
)
def test_spans_agree_where_half_of_the_longer_is_shared(start: float, end: float, hits: int) -> None:
    """100 seconds are true; 40 to 140 shares 60 of 100."""
    truth = [Happening("trip", 1000.0, 1100.0)]
    found = [Happening("trip", 1000.0 + start, 1000.0 + end)]
    assert score(found, truth) == Score(hits, 1 - hits, 1 - hits)


@pytest.mark.parametrize(
    ("interval_s", "off", "hits"),
    [(1, 5, 1), (1, 5.1, 0), (1, -5, 1), (10, 12, 1), (10, 12.1, 0), (30, -32, 1)],
)
def test_moments_agree_within_five_seconds_or_an_interval_and_two(
    interval_s: float, off: float, hits: int
) -> None:
    found = score([Happening("fence_enter", 1000.0 + off)], [Happening("fence_enter", 1000.0)], interval_s)
    assert found.hits == hits


def test_one_truth_is_found_once() -> None:
    truth = [Happening("sos", 100.0)]
    assert score([Happening("sos", 99.0), Happening("sos", 101.0)], truth) == Score(1, 1, 0)
    assert score(truth, [Happening("sos", 99.0), Happening("sos", 101.0)]) == Score(1, 0, 1)


def test_a_trip_cut_in_two_is_found_at_most_once() -> None:
    truth = [Happening("trip", 0.0, 1000.0)]
    assert score([Happening("trip", 0.0, 600.0), Happening("trip", 620.0, 1000.0)], truth) == Score(1, 1, 0)
    assert score([Happening("trip", 0.0, 490.0), Happening("trip", 510.0, 1000.0)], truth) == Score(0, 2, 1)


def test_neighbours_are_paired_with_whom_they_fit_best() -> None:
    truth = [Happening("harsh_braking", 100.0), Happening("harsh_braking", 104.0)]
    found = [Happening("harsh_braking", 104.5), Happening("harsh_braking", 100.5)]
    assert score(found, truth) == Score(2, 0, 0)


def test_a_crossing_of_another_fence_is_another_crossing() -> None:
    home, yard = Happening("fence_enter", 5.0, subject="home"), Happening("fence_enter", 5.0, subject="yard")
    assert score([home], [yard]) == Score(0, 1, 1)
    assert score([yard, home], [home, yard]) == Score(2, 0, 0)


def test_what_still_lasts_agrees_with_what_still_lasts() -> None:
    truth, found = Happening("low_battery", 1000.0), Happening("low_battery", 1010.0)
    assert score([found], [truth]) == Score(1, 0, 0)
    assert score([found._replace(ends_at=4000.0)], [truth]) == Score(0, 1, 1)


def test_what_still_lasts_may_be_taken_to_last_until_the_end_of_the_drive() -> None:
    truth, found = Happening("low_battery", 1000.0), Happening("low_battery", 1010.0, 2900.0)
    assert match([found], [truth], {}, until=3000.0)["low_battery"] == Score(1, 0, 0)
    assert match([found], [truth], {}, until=9000.0)["low_battery"] == Score(0, 1, 1)


def test_a_kind_is_a_span_or_a_moment() -> None:
    assert len(KINDS) == len(set(KINDS)) == len(INTERVAL_KINDS) + len(POINT_KINDS)
    assert set(tolerate(1.0)) == set(POINT_KINDS)


spans = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 200)), max_size=6)


@given(spans, spans)
def test_counts_add_up_and_sides_are_alike(ours: list[tuple[int, int]], true: list[tuple[int, int]]) -> None:
    found = [Happening("idling", start, start + lasts) for start, lasts in ours]
    truth = [Happening("idling", start, start + lasts) for start, lasts in true]
    one, other = match(found, truth, {})["idling"], match(truth, found, {})["idling"]
    assert one.hits + one.false_alarms == len(found)
    assert one.hits + one.misses == len(truth)
    assert other == Score(one.hits, one.misses, one.false_alarms)
