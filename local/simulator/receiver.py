"""What a GPS receiver makes of the truth: a few metres beside it, drifting slowly while the bus moves."""

import math
from random import Random
from typing import NamedTuple

from local.simulator.bus import State
from local.town.projection import locate

ERROR_M, ERROR_LASTS_S = 2.0, 45.0


class Fix(NamedTuple):
    """One reported position; time in epoch seconds, SI units, fuel in percent."""

    time: float
    latitude: float
    longitude: float
    speed_mps: float
    course: float
    altitude_m: float
    accuracy_m: float
    satellites: int
    odometer_m: float
    ignition: bool
    fuel_percent: float


class Receiver:
    """Keeps the error of the last fix, since the next one's is close to it."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._error = complex(rng.gauss(0, ERROR_M), rng.gauss(0, ERROR_M))
        self._satellites = rng.randint(8, 12)
        self._time: float | None = None

    def observe(self, state: State) -> Fix:
        passed = 0.0 if self._time is None else state.time - self._time
        self._time = state.time
        if state.speed_mps > 0.3:
            self._drift(passed)
        longitude, latitude = locate(state.point + self._error)
        return Fix(
            round(state.time, 3),
            latitude,
            longitude,
            round(state.speed_mps, 2),
            round(state.course, 1) % 360.0,
            round(288 + 14 * math.sin(state.point.real / 1900) + 9 * math.cos(state.point.imag / 1300), 1),
            round(2.2 + abs(self._error) * 0.6, 1),
            self._satellites,
            round(state.odometer_m, 1),
            state.ignition,
            round(state.fuel_percent, 2),
        )

    def _drift(self, passed: float) -> None:
        """An error that wanders but stays bounded (an Ornstein-Uhlenbeck process)."""
        keep = math.exp(-passed / ERROR_LASTS_S)
        fresh = ERROR_M * math.sqrt(1 - keep * keep)
        self._error = self._error * keep + complex(self._rng.gauss(0, fresh), self._rng.gauss(0, fresh))
        if self._rng.random() < 0.02:
            self._satellites = min(14, max(6, self._satellites + self._rng.choice((-1, 1))))
