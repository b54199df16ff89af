"""From messages to batches: decode, sort out what is no position, and gather by size and age.

Nothing here waits and nothing is dropped: each message leaves either as rows of a batch or with a reason,
and its receipt travels with the batch, to be given back to the broker when that is committed.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from devices.plausibility import find_fault
from devices.position import DecodeError, Ignored, Position, Result
from ingest import metrics
from sql.batches import Batch, Message, Received, Refused

Decode = Callable[[bytes], list[Result]]

MAX_PAYLOAD_BYTES = 262_144
PRESSURE_BATCHES = 10
PRESSURE_BYTES = 64 * 1024 * 1024

MALFORMED = "malformed"
TOO_LARGE = "payload too large"
FOREIGN_IDENTITY = "identity differs from topic"


class Acknowledger(Protocol):
    """Whoever delivered a message and wants to hear that it is safe."""

    def acknowledge(self, packet_ids: Iterable[int]) -> None: ...


@dataclass(slots=True)
class Pending:
    """A batch on its way to the database, with the receipts to give back once it is committed."""

    batch: Batch = field(default_factory=Batch)
    receipts: dict[Acknowledger, list[int]] = field(default_factory=dict)
    messages: int = 0
    size_bytes: int = 0

    @property
    def records(self) -> int:
        return len(self.batch.received) + len(self.batch.refused)


class Pipeline:
    """Gathers messages into batches: `take` gives the next one that is due, `settle` says that it is stored.

    `on_pressure` is called with True when more waits than should lie in memory, and with False when the
    database has caught up.
    """

    def __init__(self, batch_size: int, batch_age_s: float, on_pressure: Callable[[bool], None]) -> None:
        self._batch_size = batch_size
        self._batch_age_s = batch_age_s
        self._on_pressure = on_pressure
        self._pressed = False
        self._open = Pending()
        self._opened_at = 0.0
        self._due: deque[Pending] = deque()
        self._arrival = asyncio.Event()
        self._draining = False
        self.waiting_messages = 0
        self.waiting_records = 0
        self.waiting_bytes = 0

    def accept(
        self,
        message: Message,
        uid: str,
        decode: Decode,
        receipt: tuple[Acknowledger, int] | None = None,
    ) -> None:
        """Decode a message of the device `uid` and put its records into the open batch."""
        if len(message.payload) > MAX_PAYLOAD_BYTES:
            self.refuse(
                message, uid, TOO_LARGE, f"{len(message.payload)} bytes, at most {MAX_PAYLOAD_BYTES}", receipt
            )
            return
        try:
            results = decode(message.payload)
        except DecodeError as error:
            results = [error]
        self.accept_results(message, uid, results, receipt)

    def accept_results(
        self,
        message: Message,
        uid: str,
        results: Iterable[Result],
        receipt: tuple[Acknowledger, int] | None = None,
    ) -> None:
        """Put what a decoder made of a message into the open batch."""
        pending = self._admit(message, receipt)
        batch = pending.batch
        before = pending.records
        for result in results:
            if isinstance(result, Position):
                fault = find_fault(result, message.received_at)
                if result.uid is not None and result.uid != uid:
                    detail = f"uid {result.uid!r} came as {uid!r}"
                    batch.refused.append(Refused(message, uid, FOREIGN_IDENTITY, detail, message.payload))
                elif fault:
                    detail = f"fix_time {result.fix_time.isoformat()}"
                    batch.refused.append(Refused(message, uid, fault, detail, message.payload))
                else:
                    batch.received.append(Received(uid, result, message))
            elif isinstance(result, Ignored):
                metrics.IGNORED.labels(message.source, result.reason).inc()
                batch.ignored[message.source] += 1
            else:
                raw = message.payload if result.raw is None else result.raw
                batch.refused.append(Refused(message, uid, MALFORMED, result.reason, raw))
        self._close_if_full(pending, before)

    def refuse(
        self,
        message: Message,
        uid: str | None,
        reason: str,
        detail: str,
        receipt: tuple[Acknowledger, int] | None = None,
    ) -> None:
        """Put a whole message aside."""
        pending = self._admit(message, receipt)
        before = pending.records
        pending.batch.refused.append(Refused(message, uid, reason, detail, message.payload))
        self._close_if_full(pending, before)

    async def take(self) -> Pending:
        """Wait for the next batch that is full or old enough; any batch is old enough while draining."""
        while not self._due:
            self._arrival.clear()
            if self._open.messages:
                left = self._opened_at + self._batch_age_s - asyncio.get_running_loop().time()
                if self._draining or left <= 0:
                    self._close()
                    break
                await _wait(self._arrival, left)
            else:
                await self._arrival.wait()
        return self._due.popleft()

    def drain(self) -> None:
        """Batches wait for no more company from now on."""
        self._draining = True
        self._arrival.set()

    def settle(self, pending: Pending) -> None:
        """Give back the receipts of a batch that is committed, in the order in which its messages came."""
        for deliverer, packet_ids in pending.receipts.items():
            deliverer.acknowledge(packet_ids)
        self.waiting_messages -= pending.messages
        self.waiting_records -= pending.records
        self.waiting_bytes -= pending.size_bytes
        if self._pressed and not self._is_above(0.5):
            self._pressed = False
            self._on_pressure(False)

    def _is_above(self, share: float) -> bool:
        return (
            self.waiting_records > share * PRESSURE_BATCHES * self._batch_size
            or self.waiting_bytes > share * PRESSURE_BYTES
        )

    def _admit(self, message: Message, receipt: tuple[Acknowledger, int] | None) -> Pending:
        pending = self._open
        if not pending.messages:
            self._opened_at = asyncio.get_running_loop().time()
            self._arrival.set()
        size = len(message.payload)
        pending.messages += 1
        pending.size_bytes += size
        self.waiting_messages += 1
        self.waiting_bytes += size
        if receipt is not None:
            deliverer, packet_id = receipt
            pending.receipts.setdefault(deliverer, []).append(packet_id)
        return pending

    def _close_if_full(self, pending: Pending, before: int) -> None:
        self.waiting_records += pending.records - before
        if max(pending.records, pending.messages) >= self._batch_size:
            self._close()
        if not self._pressed and self._is_above(1.0):
            self._pressed = True
            self._on_pressure(True)

    def _close(self) -> None:
        self._due.append(self._open)
        self._open = Pending()
        self._arrival.set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
