"""How far this process is behind, told to Prometheus and, through the database, to the live map.

What waits in memory is at most some seconds old, because the broker keeps the rest, and how old that is no
broker says. So two things count, whichever is more: the age of the oldest message in the batch that is being
stored, which grows while the database does not answer; and, only while batches come full, for then there is
more where they came from, how old their fixes are in the middle.
"""

import os
import socket
import time
from datetime import UTC, datetime
from statistics import median

import psycopg

from ingest import metrics
from sql.batches import Batch
from sql.queries import queries

SAMPLE_S = 0.5
SAMPLE_LASTS_S = 5.0
SAMPLE_FIXES = 50


class Status:
    """`begin` and `end` are called around the storing of each batch; `paused` says that reading pauses.

    A batch of `full_records` or more counts as full.
    """

    def __init__(self, full_records: int) -> None:
        self.paused = False
        self._full_records = full_records
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._waiting_records = 0
        self._oldest: datetime | None = None
        self._late_s = 0.0
        self._sampled_at = -SAMPLE_LASTS_S
        metrics.BEHIND.set_function(self.measure_behind)

    def report(self, connection: psycopg.Connection) -> None:
        """Tell the database; a beat of the pulse."""
        queries.forget_workers(connection)
        queries.report_ingest(
            connection,
            worker=self._worker,
            behind_s=self.measure_behind(),
            waiting_records=self._waiting_records,
            paused=self.paused,
        )

    def begin(self, batch: Batch, waiting_records: int) -> None:
        """This batch is being stored; so many records wait, those of the batch included."""
        self._waiting_records = waiting_records
        first = [item.message.received_at for item in batch.received[:1]]
        first += [item.message.received_at for item in batch.refused[:1]]
        self._oldest = min(first, default=None)
        is_full = len(batch.received) + len(batch.refused) >= self._full_records
        if is_full and batch.received and time.monotonic() - self._sampled_at >= SAMPLE_S:
            self._late_s = measure_lateness(batch)
            self._sampled_at = time.monotonic()

    def end(self, waiting_records: int) -> None:
        """The batch is stored; so many records wait for the next one."""
        self._waiting_records = waiting_records
        self._oldest = None

    def measure_behind(self) -> float:
        """Seconds by which positions are stored late, devices' own delays left out; any thread may ask."""
        oldest = self._oldest
        held_s = (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0
        late_s = self._late_s if time.monotonic() - self._sampled_at < SAMPLE_LASTS_S else 0.0
        return max(held_s, late_s, 0.0)


def measure_lateness(batch: Batch) -> float:
    """How many seconds ago the fixes of a batch were taken, the median of some spread over it."""
    step = max(1, len(batch.received) // SAMPLE_FIXES)
    taken = median(item.position.fix_time.timestamp() for item in batch.received[::step])
    return max(0.0, time.time() - taken)
