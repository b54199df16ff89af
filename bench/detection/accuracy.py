"""Drives of which the truth is known are stored, and what detection finds is held against the truth."""

from collections.abc import Sequence
from typing import Any

import psycopg

from bench.detection.drives import keep, list_positions, name_fence, read_happenings, settle
from jobs.detection.turn import detect_all
from local.drives.definitions import KINDS
from local.drives.drives import Drive
from local.drives.scoring import Score, add, match, tolerate
from sql.positions import PositionStore


def judge(connection: psycopg.Connection, drives: Sequence[Drive]) -> dict[str, Score]:
    """The score of each kind over all drives, in a database that has nothing else."""
    store = PositionStore(connection)
    for drive in drives:
        settle(connection, drive)
    keep(store, ((drive.uid, position) for drive in drives for position in list_positions(drive)))
    detect_all(connection)
    found = read_happenings(connection)
    total = dict.fromkeys(KINDS, Score())
    for drive in drives:
        truth = [each._replace(subject=name_fence(drive, each.subject)) for each in drive.truth]
        until = max(fix.time for fix in drive.fixes)
        total = add(total, match(found.get(drive.uid, []), truth, tolerate(drive.interval_s), until=until))
    return total


def describe(scores: dict[str, Score]) -> list[dict[str, Any]]:
    """One row a kind: what was found rightly, falsely and not, and the shares."""
    return [
        {
            "kind": kind,
            "hits": score.hits,
            "false_alarms": score.false_alarms,
            "misses": score.misses,
            "precision": score.precision(),
            "recall": score.recall(),
        }
        for kind, score in scores.items()
    ]
