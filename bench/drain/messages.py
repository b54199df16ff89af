"""The messages of a trial: fixes of many devices in turn, some of them sent again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from devices import native
from devices.position import Position
from sql.batches import Message, Received

START = datetime(2026, 3, 2, tzinfo=UTC)
INTERVAL_S = 10


class Load(NamedTuple):
    """`total` messages of `devices` devices; `duplicates` is the share that repeats an earlier one.

    The first fix of each device has the time `begin`.
    """

    total: int
    devices: int
    duplicates: float = 0.0
    begin: datetime = START

    @property
    def uids(self) -> list[str]:
        return [f"bus-{device}" for device in range(self.devices)]

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Topic and payload of each message, the same at each call."""
        chance = Random(1)
        fresh = 0
        for _ in range(self.total):
            if fresh and chance.random() < self.duplicates:
                number = max(0, fresh - chance.randint(1, 2 * self.devices))
            else:
                number = fresh
                fresh += 1
            yield f"fleet/bus-{number % self.devices}/position", self._payload(number)

    def received(self) -> list[Received]:
        """The same as the store takes them, decoded."""
        rows = []
        for topic, payload in self.messages():
            (position,) = native.decode(payload)
            assert isinstance(position, Position)
            rows.append(Received(topic.split("/")[1], position, Message("mqtt", topic, payload, START)))
        return rows

    def _payload(self, number: int) -> bytes:
        turn, device = divmod(number, self.devices)
        moment = (self.begin + timedelta(seconds=INTERVAL_S * turn)).strftime("%Y-%m-%dT%H:%M:%SZ")
        latitude, longitude = 48 + device * 1e-5, 11 + turn * 1e-4
        return b'{"time":"%s","lat":%.6f,"lon":%.6f,"speed":12.5,"course":87.0}' % (
            moment.encode(),
            latitude,
            longitude,
        )
