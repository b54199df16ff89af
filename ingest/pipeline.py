"""From messages to batches: decode, sort out what is no position, and gather by size and age.

Nothing here waits and nothing is dropped: each message leaves either as rows of a batch or with a reason,
and its receipt travels with the batch, to be given back to the broker when that is committed.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Protocol

from devices.plausibility import find_fault
from devices.position import DecodeError, Ignored, Position, Result
from ingest import metrics
from sql.batches import Batch, Message, Received, Refused

Decode = Callable[[bytes], list[Result]]

_new = tuple.__new__  # a third of the time of Received(…), which passes through a function written in Python

MAX_PAYLOAD_BYTES = 262_144
PRESSURE_BATCHES = 10
PRESSURE_BYTES = 64 * 1024 * 1024

MALFORMED = "malformed"
TOO_LARGE = "payload too large"
FOREIGN_IDENTITY = "identity differs from topic"


class Acknowledger(Protocol):
    """Whoever delivered a message and wants to hear that it is safe."""

    def acknowledge(self, packet_ids: Iterable[int]) -> None: ...


Receipt = tuple[Acknowledger, int]


@dataclass(slots=True, eq=False)
class Pending:
    """A batch on its way to the database, with the receipts to give back once it is committed."""

    batch: Batch = field(default_factory=Batch)
    receipts: list[Receipt] = field(default_factory=list)
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
        self._unsettled: deque[Pending] = deque()
        self._arrival = asyncio.Event()
        self._draining = False

    def accept(self, message: Message, uid: str, decode: Decode, receipt: Receipt | None = None) -> None:
        """Decode a message of the device `uid` and put its records into the open batch."""
        size = len(message.payload)
        if size > MAX_PAYLOAD_BYTES:
            self.refuse(message, uid, TOO_LARGE, f"{size} bytes, at most {MAX_PAYLOAD_BYTES}", receipt)
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
        receipt: Receipt | None = None,
    ) -> None:
        """Put what a decoder made of a message into the open batch."""
        pending = self._admit(message, receipt)
        received = pending.batch.received
        received_at = message.received_at
        for result in results:
            if (
                type(result) is Position
                and ((claimed := result.uid) is None or claimed == uid)
                and find_fault(result, received_at) is None
            ):
                received.append(_new(Received, (uid, result, message)))
            else:
                _set_aside(pending.batch, message, uid, result)
        if pending.messages >= self._batch_size or len(received) >= self._batch_size:
            self._close()

    def refuse(
        self,
        message: Message,
        uid: str | None,
        reason: str,
        detail: str,
        receipt: Receipt | None = None,
    ) -> None:
        """Put a whole message aside."""
        pending = self._admit(message, receipt)
        pending.batch.refused.append(Refused(message, uid, reason, detail, message.payload))
        if pending.messages >= self._batch_size:
            self._close()

    async def take(self) -> Pending:
        """Wait for the next batch that is full or old enough; any batch is old enough while draining."""
        while not self._due:
            self._arrival.clear()
            if self._open.messages:
                left = self._opened_at + self._batch_age_s - asyncio.get_running_loop().time()
                if self._draining or left <= 0:
                    self._close()
                else:
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
        for deliverer, receipts in groupby(pending.receipts, itemgetter(0)):
            deliverer.acknowledge(packet_id for _, packet_id in receipts)
        self._unsettled.remove(pending)
        if self._pressed and not self._is_above(0.5):
            self._pressed = False
            self._on_pressure(False)

    @property
    def has_more(self) -> bool:
        """Whether a batch is due behind the one that `take` gave last."""
        return bool(self._due)

    @property
    def waiting_messages(self) -> int:
        """Messages that were received and are not settled."""
        return self._open.messages + sum(pending.messages for pending in self._unsettled)

    @property
    def waiting_records(self) -> int:
        """Records that were received and are not settled."""
        return self._open.records + sum(pending.records for pending in self._unsettled)

    def _is_above(self, share: float) -> bool:
        return (
            self.waiting_records > share * PRESSURE_BATCHES * self._batch_size
            or sum(pending.size_bytes for pending in self._unsettled) > share * PRESSURE_BYTES
        )

    def _admit(self, message: Message, receipt: Receipt | None) -> Pending:
        pending = self._open
        if pending.messages == 0:
            self._opened_at = asyncio.get_running_loop().time()
            self._arrival.set()
        pending.messages += 1
        pending.size_bytes += len(message.payload)
        if receipt is not None:
            pending.receipts.append(receipt)
        return pending

    def _close(self) -> None:
        self._due.append(self._open)
        self._unsettled.append(self._open)
        self._open = Pending()
        self._arrival.set()
        if not self._pressed and self._is_above(1.0):
            self._pressed = True
            self._on_pressure(True)


def _set_aside(batch: Batch, message: Message, uid: str, result: Result) -> None:
    """What is no position of this device, with the reason."""
    if isinstance(result, Ignored):
        metrics.IGNORED.labels(message.source, result.reason).inc()
        batch.ignored[message.source] += 1
        return
    raw = message.payload
    if isinstance(result, DecodeError):
        reason, detail = MALFORMED, result.reason
        raw = raw if result.raw is None else result.raw
    elif result.uid is not None and result.uid != uid:
        reason, detail = FOREIGN_IDENTITY, f"uid {result.uid!r} came as {uid!r}"
    else:
        reason = find_fault(result, message.received_at) or MALFORMED
        detail = f"fix_time {result.fix_time.isoformat()}"
    batch.refused.append(Refused(message, uid, reason, detail, raw))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
