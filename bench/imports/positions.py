"""A log of positions through all that becomes of it below the file, while live fixes are stored beside it."""

import itertools
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from bench.figures import tell
from bench.stage import Stage, open_stage
from devices.position import Position
from sql.batches import Batch, Message, Received
from sql.fitness import find_fault
from sql.imported_positions import Days, DryRun, Row, finish, store, undo
from sql.positions import PositionStore

START = datetime(2025, 3, 2, tzinfo=UTC)
LIVE_EVERY_S = 0.05


class Log(NamedTuple):
    """So many fixes of some devices, in order of time, or of one device after the other."""

    rows: int
    devices: int
    every_s: float
    by_device: bool

    @property
    def uids(self) -> list[str]:
        """All devices."""
        return [f"bus-{number}" for number in range(self.devices)]

    def cut(self, ids: list[int], size: int) -> Iterator[list[Row]]:
        """All of it in batches."""
        now = datetime.now(UTC)
        steps = range(self.rows // self.devices)
        pairs = itertools.product(ids, steps) if self.by_device else _turn(itertools.product(steps, ids))
        rows = ((id, self._fix(id, step), now) for id, step in pairs)
        return iter(lambda: list(itertools.islice(rows, size)), [])

    def _fix(self, id: int, step: int) -> Position:
        moment = START + timedelta(seconds=self.every_s * step, microseconds=id)
        told = {"ignition": True, "odometer_m": 100.0 * step}
        place = (48.0 + id * 1e-5, 11.0 + step * 1e-5)
        return Position(None, moment, *place, 12.5, 87.0, 500.0, 5.0, 9, True, told)


def _turn(pairs: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    return ((id, step) for step, id in pairs)


class Wait:
    """How long the daemon's store took at most since it was last asked, in seconds."""

    longest_s = 0.0

    def take(self) -> float:
        """Ask, and begin anew."""
        longest_s, self.longest_s = self.longest_s, 0.0
        return longest_s


def run(log: Log, size: int) -> list[dict[str, Any]]:
    """A record of each step."""
    with open_stage([*log.uids]) as stage, stage.connect() as connection, _live(stage, log) as wait:
        ids = [id for (id,) in connection.execute("SELECT id FROM devices ORDER BY id")]
        import_id, again = _begin(connection), _begin(connection)
        return [
            _measure("find faults", log, wait, lambda: _find_faults(log, ids, size)),
            _measure("dry run", log, wait, lambda: _try(connection, log, ids, size)),
            _measure("store", log, wait, lambda: _store(stage, connection, import_id, log, ids, size)),
            _measure("dry run again", log, wait, lambda: _try(connection, log, ids, size)),
            _measure("store again", log, wait, lambda: _store(stage, connection, again, log, ids, size)),
            _measure("undo", log, wait, lambda: _undo(connection, import_id)),
        ]


@contextmanager
def _live(stage: Stage, log: Log) -> Iterator[Wait]:
    """A fix of each of some devices every 50 ms, of the present."""
    wait, stopping = Wait(), threading.Event()

    def keep_storing() -> None:
        with stage.connect() as connection:
            live = PositionStore(connection)
            while not stopping.wait(LIVE_EVERY_S):
                now = datetime.now(UTC)
                message = Message("bench", "", b"", now)
                fix = Position(None, now, 48.0, 11.0)
                began = time.perf_counter()
                live.store(Batch([Received(uid, fix, message) for uid in log.uids[:1000]]))
                wait.longest_s = max(wait.longest_s, time.perf_counter() - began)

    thread = threading.Thread(target=keep_storing)
    thread.start()
    try:
        yield wait
    finally:
        stopping.set()
        thread.join()


def _measure(step: str, log: Log, wait: Wait, work: Any) -> dict[str, Any]:
    tell(step)
    wait.take()
    new, seconds = work()
    return {
        "step": step,
        "seconds": round(seconds, 1),
        "rows_per_s": round(log.rows / seconds),
        "new_or_gone": new,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "longest_live_store_ms": round(1000 * wait.take()),
    }


def _find_faults(log: Log, ids: list[int], size: int) -> tuple[int, float]:
    now, seconds = datetime.now(UTC), 0.0
    for rows in log.cut(ids, size):
        began = time.perf_counter()
        for _, position, _ in rows:
            find_fault(position, now)
        seconds += time.perf_counter() - began
    return 0, seconds


def _try(connection: psycopg.Connection, log: Log, ids: list[int], size: int) -> tuple[int, float]:
    dry_run, seconds = DryRun(connection), 0.0
    for rows in log.cut(ids, size):
        began = time.perf_counter()
        dry_run.add(rows)
        seconds += time.perf_counter() - began
    began = time.perf_counter()
    new, _ = dry_run.count()
    return new, seconds + time.perf_counter() - began


def _store(
    stage: Stage, connection: psycopg.Connection, import_id: int, log: Log, ids: list[int], size: int
) -> tuple[int, float]:
    new, seconds = 0, 0.0
    with stage.connect() as other, connection.transaction():
        days = Days(other)
        for rows in log.cut(ids, size):
            began = time.perf_counter()
            days.make(rows)
            new += store(connection, import_id, rows)[0]
            seconds += time.perf_counter() - began
        began = time.perf_counter()
        finish(connection, import_id)
    return new, seconds + time.perf_counter() - began


def _undo(connection: psycopg.Connection, import_id: int) -> tuple[int, float]:
    began = time.perf_counter()
    with connection.transaction():
        gone = undo(connection, import_id)
    return gone, time.perf_counter() - began


def _begin(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "INSERT INTO import_history (kind, file_name, file_bytes, file_sha256, reading, mapping)"
        " VALUES ('positions', 'log.csv', 1, repeat('0', 64), '{}', '{}') RETURNING id"
    ).fetchone()
    assert row
    return int(row[0])
