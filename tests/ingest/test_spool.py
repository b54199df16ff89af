"""The spool without ports and database: order, bound, restart, and disks that are full, damaged or taken."""

import asyncio
import re
import resource
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

from config.settings import SettingsError
from devices.position import DecodeError, Ignored, Position
from ingest.pipeline import PRESSURE_BATCHES, Pending, Pipeline
from ingest.spool import DISK_FAILS, FULL, UNREADABLE, Spool
from sql.batches import Message

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
START = NOW - timedelta(hours=1)
FIX = Position(
    None,
    START,
    48.123456789012,
    11.5,
    1_020.25,
    359.9,
    -431.5,
    2.5,
    12,
    attributes={"hdop": 0.9, "fuel": "x"},
)
BATCH_SIZE = 10


def fix(second: int) -> Position:
    return FIX._replace(fix_time=START + timedelta(seconds=second, microseconds=second))


def message(raw: bytes = b"$GPRMC,...") -> Message:
    return Message("serial:/dev/ttyGPS", "/dev/ttyGPS", raw, NOW)


class Place:
    """A spool and a pipeline without a database behind it, as the daemon puts them together."""

    def __init__(self, path: Path, limit: int = 1_000) -> None:
        self.pipeline = Pipeline(BATCH_SIZE, 0.01, self._press)
        self.spool = Spool(path, limit, self.pipeline)
        self.running = asyncio.ensure_future(self.spool.run())

    def _press(self, pressed: bool) -> None:
        (self.spool.pause if pressed else self.spool.resume)()

    def say(self, *seconds: int) -> None:
        for second in seconds:
            self.spool.accept(message(), "bus-9", [fix(second)])

    async def take(self, count: int) -> list[Pending]:
        """Batches with at least so many records, not yet settled."""
        batches: list[Pending] = []
        async with asyncio.timeout(30):
            while sum(batch.records for batch in batches) < count:
                batches.append(await self.pipeline.take())
        return batches

    async def store(self, count: int) -> list[int]:
        """Commit at least so many records, batch by batch; the seconds of their fixes."""
        seconds: list[int] = []
        while len(seconds) < count:
            for batch in await self.take(1):
                seconds += seconds_of(batch)
                self.pipeline.settle(batch)
        return seconds

    async def end(self) -> None:
        """What a kill does: what is in memory is gone, and the file is as it is."""
        self.running.cancel()
        await asyncio.wait([self.running])
        self.spool.close()


def seconds_of(batch: Pending) -> list[int]:
    return [int((item.position.fix_time - START).total_seconds()) for item in batch.batch.received]


def dropped(why: str) -> float:
    return REGISTRY.get_sample_value("motorpool_ingest_spool_dropped_total", {"reason": why}) or 0.0


def scenario(steps: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(steps())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "serial.sqlite"


@contextmanager
def full_disk() -> Iterator[list[Any]]:
    """Nothing can be written to any file in here, not even to the log, whose lines are given."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with structlog.testing.capture_logs() as logged:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        try:
            yield logged
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_was_not_committed_comes_again_after_a_restart_in_order_and_as_it_was(path: Path) -> None:
    async def steps() -> None:
        first = Place(path)
        first.spool.accept(message(b"raw bytes"), "bus-9", [fix(0)])
        first.say(*range(1, 25))
        await first.take(25)
        await first.end()
        second = Place(path)
        second.say(25)
        batches = await second.take(26)
        assert [second for batch in batches for second in seconds_of(batch)] == list(range(26))
        (item, *_) = batches[0].batch.received
        assert (item.uid, item.position, item.message) == ("bus-9", fix(0), message(b"raw bytes"))
        await second.end()

    scenario(steps)


def test_only_a_commit_takes_a_position_off_the_disk(path: Path) -> None:
    async def steps() -> None:
        first = Place(path)
        first.say(*range(20))
        stored, _ = await first.take(20)
        first.pipeline.settle(stored)
        await first.end()
        second = Place(path)
        assert await second.store(10) == list(range(10, 20))
        await second.end()
        third = Place(path)
        third.say(99)
        assert await third.store(1) == [99]
        await third.end()

    scenario(steps)


def test_under_pressure_memory_holds_a_bounded_number_and_the_disk_the_rest(path: Path) -> None:
    async def steps() -> None:
        place = Place(path, limit=10_000)
        place.spool.accept(message(), "bus-9", [fix(second) for second in range(3_000)])
        await asyncio.sleep(0.1)
        held_in_memory = place.pipeline.waiting_records
        assert PRESSURE_BATCHES * BATCH_SIZE < held_in_memory < 1_000
        assert await place.store(3_000) == list(range(3_000))
        await place.end()

    scenario(steps)


def test_a_full_spool_drops_the_oldest_counts_them_and_says_so_once(path: Path) -> None:
    async def steps() -> None:
        place = Place(path, limit=50)
        place.spool.pause()
        before = dropped(FULL)
        with structlog.testing.capture_logs() as logged:
            place.say(*range(120))
            assert len(logged) == 1
            await place.end()
        assert dropped(FULL) - before == 70
        words = [line for line in logged if line["event"] == "fixes from serial ports were dropped"]
        assert sum(word["dropped"][FULL] for word in words) == 70
        again = Place(path, limit=50)
        assert await again.store(50) == list(range(70, 120))
        await again.end()

    scenario(steps)


def test_what_is_dropped_from_the_disk_is_stored_all_the_same_if_memory_holds_it(path: Path) -> None:
    async def steps() -> None:
        place = Place(path, limit=5)
        place.say(*range(5))
        batches = await place.take(5)
        place.say(*range(5, 10))
        batches += await place.take(5)
        for batch in batches:
            place.pipeline.settle(batch)
        assert [second for batch in batches for second in seconds_of(batch)] == list(range(10))
        await place.end()
        again = Place(path)
        again.say(10)
        assert await again.store(1) == [10]
        await again.end()

    scenario(steps)


def test_with_a_full_disk_positions_are_stored_without_being_kept(path: Path) -> None:
    async def steps() -> None:
        place = Place(path)
        with full_disk() as logged:
            place.say(1, 2)
            assert await place.store(2) == [1, 2]
        assert [line["event"] for line in logged] == ["positions cannot be kept on disk"]
        with structlog.testing.capture_logs() as logged:
            place.say(3)
        assert [line["event"] for line in logged] == ["positions are kept on disk again"]
        assert await place.store(1) == [3]
        await place.end()

    scenario(steps)


def test_with_a_full_disk_and_a_full_memory_positions_are_dropped_and_counted(path: Path) -> None:
    async def steps() -> None:
        place = Place(path)
        before = dropped(DISK_FAILS)
        place.spool.pause()
        with full_disk():
            place.say(1, 2)
        place.spool.resume()
        place.say(3)
        assert await place.store(1) == [3]
        assert dropped(DISK_FAILS) - before == 2
        await place.end()

    scenario(steps)


def test_what_a_full_disk_did_not_forget_is_taken_off_with_the_next_batch(path: Path) -> None:
    async def steps() -> None:
        place = Place(path)
        place.say(1)
        (batch,) = await place.take(1)
        with full_disk():
            place.pipeline.settle(batch)
        place.say(2)
        assert await place.store(1) == [2]
        await place.end()
        again = Place(path)
        again.say(3)
        assert await again.store(1) == [3]
        await again.end()

    scenario(steps)


def test_a_directory_that_cannot_be_made_stops_nothing(tmp_path: Path) -> None:
    async def steps() -> None:
        (tmp_path / "file").touch()
        place = Place(tmp_path / "file" / "serial.sqlite")
        place.say(1)
        assert await place.store(1) == [1]
        (tmp_path / "file").unlink()
        place.say(2)
        assert await place.store(1) == [2]
        assert (tmp_path / "file" / "serial.sqlite").exists()
        await place.end()

    scenario(steps)


def test_a_damaged_file_is_put_aside_and_a_new_one_begun(path: Path) -> None:
    async def steps() -> None:
        path.parent.mkdir()
        path.write_bytes(b"no database" * 1_000)
        place = Place(path)
        place.say(1)
        assert await place.store(1) == [1]
        await place.end()
        assert path.with_name("serial.sqlite.damaged").read_bytes() == b"no database" * 1_000

    scenario(steps)


def test_errors_and_silence_need_no_keeping_and_errors_end_where_memory_does(path: Path) -> None:
    async def steps() -> None:
        place = Place(path)
        before = dropped(UNREADABLE)
        place.spool.accept(message(), "bus-9", [DecodeError("bad"), fix(1), Ignored("no fix")])
        place.spool.pause()
        place.spool.accept(message(), "bus-9", [DecodeError("bad"), Ignored("no fix")])
        place.spool.resume()
        batches = await place.take(2)
        assert [refused.detail for batch in batches for refused in batch.batch.refused] == ["bad"]
        assert sum(batch.batch.ignored["serial:/dev/ttyGPS"] for batch in batches) == 2
        assert dropped(UNREADABLE) - before == 1
        await place.end()

    scenario(steps)


def test_a_second_daemon_with_the_same_data_dir_is_refused_with_a_sentence(path: Path) -> None:
    async def steps() -> None:
        place = Place(path)
        sentence = f"{path} is in use by another motorpool ingest; give each a DATA_DIR of its own."
        with pytest.raises(SettingsError, match=re.escape(sentence)):
            Spool(path, 10, place.pipeline)
        await place.end()

    scenario(steps)
