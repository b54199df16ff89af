"""The short form of the trial, and the verdict itself: it must see what is lost, doubled or altered."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest

from bench.chaos.faults import FAULTS
from bench.chaos.fixes import Fixes
from bench.chaos.verdict import Verdict, judge
from devices.native import decode
from devices.position import Position
from sql.batches import Batch, Message, Received
from sql.fleet import adopt_devices
from sql.positions import PositionStore

FIXES = Fixes(100, 7, 1_772_435_523)
RECEIVED_AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def stored(database_url: str) -> str:
    """A database that holds all fixes."""
    rows = []
    for number in range(FIXES.total):
        topic, payload = FIXES.write(number)
        (position,) = decode(payload)
        assert isinstance(position, Position)
        rows.append(Received(topic.split("/")[1], position, Message("mqtt", topic, payload, RECEIVED_AT)))
    with psycopg.connect(database_url, autocommit=True) as connection:
        adopt_devices(connection, FIXES.uids)
        PositionStore(connection).store(Batch(rows))
    return database_url


def judge_after(database_url: str, *statements: str) -> Verdict:
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
    return judge(database_url, FIXES, dict.fromkeys(range(FIXES.total), 0.0))


def test_the_promise_is_kept_where_all_is_there_once(stored: str) -> None:
    verdict = judge_after(stored)
    assert verdict.kept
    assert (verdict.acknowledged, verdict.rows) == (100, 100)


SPOILED: dict[str, tuple[list[str], Callable[[Verdict], bool]]] = {
    "a lost fix": (
        ["DELETE FROM positions WHERE attributes->>'number' = '42'"],
        lambda verdict: verdict.missing == 1,
    ),
    "a doubled fix": (
        [
            "INSERT INTO positions SELECT device_id, fix_time + interval '1 day', received_at, latitude, "
            "longitude, speed_mps, course, altitude_m, accuracy_m, satellites, attributes "
            "FROM positions WHERE attributes->>'number' = '42'"
        ],
        lambda verdict: verdict.altered == 1,
    ),
    "an altered fix": (
        ["UPDATE positions SET latitude = 1 WHERE attributes->>'number' = '42'"],
        lambda verdict: verdict.altered == 1,
    ),
    "a ledger that is out by one": (
        ["UPDATE ingest_ledger SET received = received + 1, stored = stored + 1"],
        lambda verdict: not verdict.ledger_adds_up,
    ),
}


@pytest.mark.parametrize("fault", SPOILED)
def test_the_verdict_sees_what_is_wrong(stored: str, fault: str) -> None:
    statements, seen = SPOILED[fault]
    verdict = judge_after(stored, *statements)
    assert seen(verdict)
    assert not verdict.kept


def test_nothing_acknowledged_is_lost_while_everything_is_killed_paused_and_cut() -> None:
    command = [
        "bench",
        "chaos",
        "--fixes",
        "9000",
        "--seconds",
        "25",
        "--devices",
        "50",
        "--seed",
        "7",
        "--json",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "import motorpool; motorpool.main()", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    # What mosquitto acknowledged in its last turn is lost where it is killed, see docs/reliability.md.
    lost_by_broker = report["missing_at_broker_kill"]
    assert report["missing"] == lost_by_broker, done.stdout
    assert (report["acknowledged"], report["rows"]) == (9_000, 9_000 - lost_by_broker)
    assert (report["twice"], report["altered"], report["quarantined"], report["daemon_deaths"]) == (
        0,
        0,
        0,
        0,
    )
    assert report["ledger_adds_up"]
    assert report["passed"] == (lost_by_broker == 0) == (done.returncode == 0)
    possible = {fault.name for fault in FAULTS}
    if os.geteuid() != 0 or "disk is not filled" in done.stderr:
        possible.discard("fill_disk")
    assert set(report["faults"]) == possible
