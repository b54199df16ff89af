"""What is found in drives of which the truth is known; `motorpool bench detection accuracy` tries more."""

import psycopg

from bench.detection.accuracy import judge
from local.drives.drives import make_drives
from local.drives.scenario import SCENARIOS

ROUNDS = 3
LEAST = 0.98


def test_nearly_all_that_happened_is_found_and_nearly_nothing_else(connection: psycopg.Connection) -> None:
    scores = judge(connection, list(make_drives(4, ROUNDS * len(SCENARIOS))))
    shares = {kind: (score.precision(), score.recall()) for kind, score in scores.items()}
    assert all(score.hits for score in scores.values()), scores
    poor = {
        kind: scores[kind]
        for kind, (precision, recall) in shares.items()
        if precision is None or recall is None or min(precision, recall) < LEAST
    }
    assert poor == {}
