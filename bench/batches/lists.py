"""The same positions in messages of any size, as a tracker sends them that comes back into coverage."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bench.client import Message

START = datetime(2026, 3, 2, tzinfo=UTC)
INTERVAL_S = 10
A_RUN = 100  # positions of one device before the next device has its turn, whatever the size of a message


class Lists(NamedTuple):
    """`runs` runs of 100 positions each, of `devices` devices in turn."""

    runs: int
    devices: int

    @property
    def uids(self) -> list[str]:
        """All devices."""
        return [f"bus-{device}" for device in range(self.devices)]

    @property
    def positions(self) -> int:
        """How many that are."""
        return self.runs * A_RUN

    def messages(self, size: int) -> Iterator[Message]:
        """All of them in the same order, in lists of this size, or one by one."""
        for run in range(self.runs):
            turn, device = divmod(run, self.devices)
            records = [_write(device, turn * A_RUN + step) for step in range(A_RUN)]
            for begin in range(0, A_RUN, size):
                some = records[begin : begin + size]
                payload = some[0] if size == 1 else b"[%s]" % b",".join(some)
                yield f"fleet/bus-{device}/position", payload


def _write(device: int, step: int) -> bytes:
    moment = (START + timedelta(seconds=INTERVAL_S * step)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    place = (48 + device * 1e-5, 11 + step * 1e-4)
    return b'{"time":"%s","lat":%.6f,"lon":%.6f,"speed":12.5,"course":87.0}' % (moment, *place)
