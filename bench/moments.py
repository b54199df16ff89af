"""Messages whose fixes have the moment of writing as their time, so that a row tells how old it is."""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from bench.client import Message

RECORD = b'{"time":"%s","lat":%.6f,"lon":11.500000,"speed":12.5,"course":87.0}'


class Moments(NamedTuple):
    """Of `devices` in turn, in lists of so many positions where that is more than one.

    The positions of a list are a microsecond apart, for a device has only one at a time.
    """

    devices: int
    positions: int = 1

    @property
    def uids(self) -> list[str]:
        """All devices."""
        return [f"bus-{device}" for device in range(self.devices)]

    def write(self, number: int) -> Message:
        """The topic and the payload of a message published now."""
        device = number % self.devices
        now_us, latitude = time.time_ns() // 1000, 48 + device * 1e-6
        records = [RECORD % (_write_moment(now_us - back), latitude) for back in range(self.positions)]
        payload = records[0] if self.positions == 1 else b"[%s]" % b",".join(records)
        return f"fleet/bus-{device}/position", payload


def _write_moment(microseconds: int) -> bytes:
    seconds, rest = divmod(microseconds, 1_000_000)
    return b"%s.%06dZ" % (_write_second(seconds), rest)


@lru_cache(maxsize=2)
def _write_second(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
