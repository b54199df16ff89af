"""What becomes of a bus's fixes on their way: most go out at once, some late and together, a few twice."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import orjson

from local.simulator.receiver import Fix

OUTAGE_EVERY_S = 3600.0
OUTAGE_LASTS_S = (40.0, 180.0)
DUPLICATE_CHANCE = 0.004


class Radio:
    """Turns fixes into payloads of native JSON: one object, or a list of what an outage held back."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._last: float | None = None
        self._silent_until = 0.0
        self._backlog: list[Fix] = []

    def transmit(self, fix: Fix) -> list[bytes]:
        """The payloads that go out now."""
        passed = 0.0 if self._last is None else fix.time - self._last
        self._last = fix.time
        if fix.time >= self._silent_until and self._rng.random() < passed / OUTAGE_EVERY_S:
            self._silent_until = fix.time + self._rng.uniform(*OUTAGE_LASTS_S)
        self._backlog.append(fix)
        if fix.time < self._silent_until:
            return []
        records = [as_native(held) for held in self._backlog]
        self._backlog = []
        payload = orjson.dumps(records if len(records) > 1 else records[0])
        return [payload, payload] if self._rng.random() < DUPLICATE_CHANCE else [payload]


def as_native(fix: Fix) -> dict[str, Any]:
    """The fix in native JSON."""
    time = datetime.fromtimestamp(fix.time, UTC).isoformat(timespec="milliseconds")
    return {
        "time": time.replace("+00:00", "Z"),
        "lat": fix.latitude,
        "lon": fix.longitude,
        "speed": fix.speed_mps,
        "course": fix.course,
        "altitude": fix.altitude_m,
        "accuracy": fix.accuracy_m,
        "satellites": fix.satellites,
        "odometer": fix.odometer_m,
        "ignition": fix.ignition,
        "fuel_percent": fix.fuel_percent,
    }
