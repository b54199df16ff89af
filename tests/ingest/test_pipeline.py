"""How messages become batches, without any transport: sizes, ages, refusals, receipts, pressure."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devices import native
from ingest.pipeline import MAX_PAYLOAD_BYTES, PRESSURE_BATCHES, Pending, Pipeline
from sql.batches import Message

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Deliverer:
    """Remembers what was acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        self.acknowledged += packet_ids


def message(payload: bytes | None = None, at: datetime = NOW) -> Message:
    text = b'{"time": "%s", "lat": 48.1, "lon": 11.5}' % at.isoformat().encode()
    return Message("mqtt", "fleet/bus-1/position", text if payload is None else payload, NOW)


def scenario(steps: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(steps())


def make_pipeline(size: int = 3, age_s: float = 0.05, presses: list[bool] | None = None) -> Pipeline:
    return Pipeline(size, age_s, (presses if presses is not None else []).append)


def only_refusal(pending: Pending) -> tuple[str, bytes]:
    assert not pending.batch.received
    (refused,) = pending.batch.refused
    return refused.reason, refused.raw


def test_a_batch_is_due_when_it_is_full() -> None:
    async def steps() -> None:
        pipeline = make_pipeline(size=3, age_s=60)
        for _ in range(7):
            pipeline.accept(message(), "bus-1", native.decode)
        assert [(await pipeline.take()).records for _ in range(2)] == [3, 3]
        pipeline.drain()
        assert (await pipeline.take()).records == 1

    scenario(steps)


def test_a_batch_is_due_when_it_is_old_enough_however_small() -> None:
    async def steps() -> None:
        pipeline = make_pipeline(size=1000, age_s=0.05)
        pipeline.accept(message(), "bus-1", native.decode)
        taking = asyncio.ensure_future(pipeline.take())
        await asyncio.sleep(0)
        pipeline.accept(message(), "bus-1", native.decode)
        assert (await taking).records == 2

    scenario(steps)


def test_waiting_for_a_batch_that_starts_later_works() -> None:
    async def steps() -> None:
        pipeline = make_pipeline()
        taking = asyncio.ensure_future(pipeline.take())
        await asyncio.sleep(0.01)
        pipeline.accept(message(), "bus-1", native.decode)
        assert (await taking).records == 1

    scenario(steps)


def test_receipts_are_given_back_in_order_and_only_when_settled() -> None:
    async def steps() -> None:
        pipeline, deliverer = make_pipeline(size=2), Deliverer()
        for packet_id in (7, 3, 5):
            pipeline.accept(message(), "bus-1", native.decode, (deliverer, packet_id))
        first, second = await pipeline.take(), await pipeline.take()
        assert deliverer.acknowledged == []
        pipeline.settle(first)
        assert deliverer.acknowledged == [7, 3]
        pipeline.settle(second)
        assert deliverer.acknowledged == [7, 3, 5]
        assert (pipeline.waiting_messages, pipeline.waiting_records) == (0, 0)

    scenario(steps)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", "malformed"),
        (b'{"time": "2026-03-02T12:00:00Z", "lat": 91, "lon": 1}', "malformed"),
        (b'{"time": "2026-03-02T12:00:00Z", "lat": NaN, "lon": 1}', "malformed"),
        (b'{"time": "2080-01-01T00:00:00Z", "lat": 1, "lon": 1}', "future fix"),
        (
            b'{"uid": "bus-2", "time": "2026-03-02T12:00:00Z", "lat": 1, "lon": 1}',
            "identity differs from topic",
        ),
        (b" " * (MAX_PAYLOAD_BYTES + 1), "payload too large"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_poison_is_put_aside_with_its_reason_and_bytes_and_still_acknowledged(
    payload: bytes, reason: str
) -> None:
    async def steps() -> None:
        pipeline, deliverer = make_pipeline(), Deliverer()
        pipeline.accept(message(payload), "bus-1", native.decode, (deliverer, 1))
        pending = await pipeline.take()
        assert only_refusal(pending) == (reason, payload)
        pipeline.settle(pending)
        assert deliverer.acknowledged == [1]

    scenario(steps)


def test_an_empty_payload_is_ignored_counted_and_acknowledged() -> None:
    async def steps() -> None:
        pipeline, deliverer = make_pipeline(), Deliverer()
        pipeline.accept(message(b""), "bus-1", native.decode, (deliverer, 1))
        pending = await pipeline.take()
        assert (pending.records, pending.batch.ignored["mqtt"]) == (0, 1)
        pipeline.settle(pending)
        assert deliverer.acknowledged == [1]

    scenario(steps)


def test_of_a_list_the_good_items_are_kept_and_the_bad_put_aside() -> None:
    async def steps() -> None:
        pipeline = make_pipeline(size=100)
        good = b'{"time": "2026-03-02T11:59:00Z", "lat": 1, "lon": 1}'
        pipeline.accept(message(b"[%s, {}, %s]" % (good, good)), "bus-1", native.decode)
        pending = await pipeline.take()
        assert len(pending.batch.received) == 2
        assert [refused.raw for refused in pending.batch.refused] == [b"{}"]

    scenario(steps)


def test_a_fix_of_years_ago_is_welcome() -> None:
    async def steps() -> None:
        pipeline = make_pipeline()
        pipeline.accept(message(at=NOW - timedelta(days=4_000)), "bus-1", native.decode)
        assert len((await pipeline.take()).batch.received) == 1

    scenario(steps)


def test_too_much_in_memory_stops_the_sources_until_half_of_it_is_stored() -> None:
    async def steps() -> None:
        presses: list[bool] = []
        pipeline = make_pipeline(size=10, presses=presses)
        for _ in range(10 * PRESSURE_BATCHES + 10):
            pipeline.accept(message(), "bus-1", native.decode)
        assert presses == [True]
        for _ in range(PRESSURE_BATCHES // 2):
            pipeline.settle(await pipeline.take())
        assert presses == [True]
        pipeline.settle(await pipeline.take())
        assert presses == [True, False]

    scenario(steps)
