"""The fixes of a trial: a number is one device and one moment, so that its row can be checked."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import orjson

NATIVE_TOPIC = "fleet/{}/position"


class Fixes(NamedTuple):
    """`total` fixes numbered from 0, of `devices` in turn, one a second each from `begin` (epoch seconds)."""

    total: int
    devices: int
    begin: int

    @property
    def uids(self) -> list[str]:
        """All devices."""
        return [f"bus-{number}" for number in range(self.devices)]

    def find(self, number: int) -> tuple[str, datetime, float]:
        """The uid, the time and the latitude of a fix."""
        turn, device = divmod(number, self.devices)
        moment = datetime.fromtimestamp(self.begin, UTC) + timedelta(seconds=turn)
        return f"bus-{device}", moment, round(48 + number / 1e8, 8)

    def write(self, number: int) -> tuple[str, bytes]:
        """The topic and the payload of a fix."""
        uid, moment, latitude = self.find(number)
        record = {"time": moment, "lat": latitude, "lon": 11.5, "speed": 12.5, "number": number}
        return NATIVE_TOPIC.format(uid), orjson.dumps(record)
