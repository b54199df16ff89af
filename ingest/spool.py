"""The spool: positions from serial ports wait here on disk until they are committed.

A port has no broker behind it that would say again what was not stored. So each position goes to disk first,
and from there, oldest first, to the pipeline; only the commit takes it off the disk. That is the one way for
all, whether the database is near or away and whether the daemon was killed in between.
"""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import orjson
import structlog

from config.settings import SettingsError
from devices.position import DecodeError, Ignored, Position, Result
from ingest import metrics
from ingest.pipeline import Pipeline
from ingest.spool_file import Row, SpoolFile
from sql.batches import Message

CHUNK = 500
RETRY_PAUSE_S = 1.0
TELL_EVERY_S = 60.0

FULL = "spool full"
DISK_FAILS = "disk fails"
UNREADABLE = "unreadable"

log = structlog.get_logger()


class Spool:
    """Keeps up to `limit` positions in the file `path`, and feeds them to the pipeline.

    Where the disk fails, positions go to the pipeline without being kept, and the next tries the disk anew.
    Raises SettingsError where another process has the file.
    """

    def __init__(self, path: Path, limit: int, pipeline: Pipeline) -> None:
        self._file = SpoolFile(path)
        self._limit = limit
        self._pipeline = pipeline
        self._handed = 0
        self._settled: list[int] = []
        self._fails = False
        self._untold: Counter[str] = Counter()
        self._told_at = -TELL_EVERY_S
        self._arrival = asyncio.Event()
        self._arrival.set()
        self._room = asyncio.Event()
        self._room.set()
        try:
            self._file.open()
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                sentence = f"{path} is in use by another motorpool ingest; give each a DATA_DIR of its own."
                raise SettingsError([sentence]) from error
            self._report(error)
        metrics.SPOOL_HELD.set(self._file.held)

    def accept(self, message: Message, uid: str, results: Iterable[Result]) -> None:
        """Keep the positions among the results of a message; what else there is goes straight on."""
        positions: list[Position] = []
        others: list[Result] = []
        for result in results:
            if isinstance(result, Position):
                positions.append(result)
            else:
                others.append(result)
        if positions and not self._keep(message, uid, positions):
            self._pass_on(message, uid, positions, DISK_FAILS)
        if others:
            self._pass_on(message, uid, others, UNREADABLE)

    async def run(self) -> None:
        """Feed the pipeline, oldest first, for as long as it has room; until cancelled."""
        if self._file.held:
            log.info("positions kept on disk are stored now", positions=self._file.held)
        while True:
            await self._arrival.wait()
            await self._room.wait()
            try:
                self._feed()
            except (sqlite3.Error, OSError) as error:
                self._report(error)
                await asyncio.sleep(RETRY_PAUSE_S)
            await asyncio.sleep(0)

    def pause(self) -> None:
        """Feed no more for now; what arrives stays on disk."""
        self._room.clear()

    def resume(self) -> None:
        """Feed on."""
        self._room.set()

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Take off the disk what is committed; where it cannot be now, with the next batch."""
        self._settled += packet_ids
        try:
            self._file.remove(self._settled)
        except (sqlite3.Error, OSError) as error:
            self._report(error)
        else:
            self._settled.clear()
        metrics.SPOOL_HELD.set(self._file.held)

    def close(self) -> None:
        """Close the file; what it holds is stored after the next start."""
        if self._untold:
            self._tell()
        self._file.close()

    def _keep(self, message: Message, uid: str, positions: list[Position]) -> bool:
        """Put positions on disk, for which the oldest may have to go; False where the disk takes none."""
        received_at = message.received_at.isoformat()
        rows = [
            Row(message.source, message.topic, uid, received_at, _encode(position), message.payload)
            for position in positions
        ]
        try:
            dropped = self._file.add(rows, self._limit)
        except (sqlite3.Error, OSError) as error:
            self._report(error)
            return False
        if self._fails:
            self._fails = False
            log.info("positions are kept on disk again", path=str(self._file.path))
        self._arrival.set()
        metrics.SPOOL_HELD.set(self._file.held)
        if dropped:
            self._drop(dropped, FULL)
        return True

    def _pass_on(self, message: Message, uid: str, results: Sequence[Result], why: str) -> None:
        """Give the pipeline what is not on disk; while it has no room, only what takes none."""
        if not self._room.is_set():
            small = [result for result in results if isinstance(result, Ignored)]
            if len(small) < len(results):
                self._drop(len(results) - len(small), why)
            results = small
        if results:
            self._pipeline.accept_results(message, uid, results)

    def _feed(self) -> None:
        rows = self._file.read_after(self._handed, CHUNK)
        if len(rows) < CHUNK:
            self._arrival.clear()
        for number, row in rows:
            self._handed = number
            message = Message(row.source, row.topic, row.raw, datetime.fromisoformat(row.received_at))
            self._pipeline.accept_results(message, row.uid, [_decode(row.position)], (self, number))

    def _report(self, error: Exception) -> None:
        """Say once that the disk fails, until it works again."""
        metrics.SPOOL_FAILURES.inc()
        if not self._fails:
            log.error("positions cannot be kept on disk", path=str(self._file.path), error=str(error))
        self._fails = True

    def _drop(self, count: int, why: str) -> None:
        """Count what is lost; the log tells of it once a minute at most."""
        metrics.SPOOL_DROPPED.labels(why).inc(count)
        self._untold[why] += count
        if time.monotonic() - self._told_at >= TELL_EVERY_S:
            self._tell()

    def _tell(self) -> None:
        log.error("fixes from serial ports were dropped", dropped=dict(self._untold))
        self._untold.clear()
        self._told_at = time.monotonic()


def _encode(position: Position) -> bytes:
    return orjson.dumps(position._asdict())


def _decode(text: bytes) -> Result:
    """The position as it was; a DecodeError where another version of the program wrote it differently."""
    try:
        fields = orjson.loads(text)
        return Position(**fields | {"fix_time": datetime.fromisoformat(fields["fix_time"])})
    except (ValueError, TypeError, KeyError) as error:
        return DecodeError(f"the spool holds what is no position: {error!r}")
