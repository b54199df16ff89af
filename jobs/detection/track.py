"""One device's fixes as columns, cleaned of what cannot be where it was, with the steps between them.

Receivers err in two ways. All the time by some metres, which drift slowly: that is what thresholds are for.
And now and then by hundreds for a moment: such a fix is recognised by its two neighbours, which agree with
each other and not with it, and left out. What it tells besides its place (an emergency call, a voltage)
stays.

All that follows looks at a bounded neighbourhood of each fix, and sums are sums of integers, so that a track
gives the same whether it is looked at as a whole or from any point on.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sql.tracks import Fixes

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

SECOND = 1_000_000  # in the microseconds that times are counted in

WORST_ACCURACY_M = 250.0
FASTEST_MPS = 70.0
LONGEST_SILENCE = 1200 * SECOND  # after this nobody knows what a vehicle did in between
SMOOTHED_WITHIN = 30 * SECOND

SPIKE_M = 30.0
SPIKE_MPS2 = 6.0

EQUATOR_M = 6_378_137.0
ECCENTRICITY_SQUARED = 0.00669437999014


@dataclass(frozen=True)
class Track:
    """The fixes of `Fixes` that are where they say, in order of time; positions in degrees."""

    fixes: Fixes

    def __len__(self) -> int:
        return len(self.fixes)

    @cached_property
    def time(self) -> Integers:
        """Microseconds, as sql.tracks counts them."""
        return np.ascontiguousarray(self.fixes["time"])

    @cached_property
    def latitude(self) -> Floats:
        return np.ascontiguousarray(self.fixes["latitude"])

    @cached_property
    def longitude(self) -> Floats:
        return np.ascontiguousarray(self.fixes["longitude"])

    @cached_property
    def speed(self) -> Floats:
        """Metres a second as the device told them, NaN where it did not."""
        return self.fixes["speed"].astype(np.float64)

    @cached_property
    def ignition(self) -> npt.NDArray[Any]:
        """IGNITION_ON, IGNITION_OFF or IGNITION_UNKNOWN."""
        return np.ascontiguousarray(self.fixes["ignition"])

    @cached_property
    def step_time(self) -> Integers:
        """Microseconds from each fix to the next; one fewer than there are fixes."""
        return np.diff(self.time)

    @cached_property
    def step_mm(self) -> Integers:
        """Millimetres from each fix to the next."""
        metres = measure(self.latitude[:-1], self.longitude[:-1], self.latitude[1:], self.longitude[1:])
        return np.rint(metres * 1000).astype(np.int64)

    @cached_property
    def is_silence(self) -> Booleans:
        """Which steps took so long that nobody knows what happened in between."""
        return self.step_time > LONGEST_SILENCE

    @cached_property
    def is_possible(self) -> Booleans:
        """Which steps a vehicle can have made."""
        return ~self.is_silence & (self.step_mm / 1000 <= FASTEST_MPS * self.step_time / SECOND)

    @cached_property
    def smooth(self) -> tuple[Floats, Floats]:
        """Latitude and longitude without what one fix alone claims, where fixes are close in time."""
        latitude, longitude = self.latitude.copy(), self.longitude.copy()
        if len(self) > 2:
            near = (self.step_time[:-1] <= SMOOTHED_WITHIN) & (self.step_time[1:] <= SMOOTHED_WITHIN)
            middle = _middle(self.latitude[:-2], self.latitude[1:-1], self.latitude[2:])
            latitude[1:-1] = np.where(near, middle, self.latitude[1:-1])
            own = self.longitude[1:-1]
            before, after = wrap(self.longitude[:-2] - own), wrap(self.longitude[2:] - own)
            longitude[1:-1] = np.where(near, own + _middle(before, np.zeros_like(own), after), own)
        return latitude, longitude


def clean(fixes: Fixes) -> Track:
    """The track without fixes that are too inaccurate or that their neighbours contradict."""
    accuracy = fixes["accuracy"]
    track = Track(fixes[~(accuracy > WORST_ACCURACY_M)])
    if len(track) < 3:
        return track
    return Track(track.fixes[~_find_spikes(track)])


def _find_spikes(track: Track) -> Booleans:
    """Fixes away from two neighbours that are close together, further than the vehicle can have gone."""
    latitude, longitude = track.latitude, track.longitude
    away = np.minimum(track.step_mm[:-1], track.step_mm[1:]) / 1000
    across = measure(latitude[:-2], longitude[:-2], latitude[2:], longitude[2:])
    first_s, second_s = track.step_time[:-1] / SECOND, track.step_time[1:] / SECOND
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = (
            (track.step_mm[:-1] / first_s + track.step_mm[1:] / second_s) / 1000 / ((first_s + second_s) / 2)
        )
    told = np.fmax(np.fmax(track.speed[:-2], track.speed[1:-1]), track.speed[2:])
    beyond = away > SPIKE_M + 2 * told * np.maximum(first_s, second_s)
    is_spike = np.zeros(len(track), bool)
    beyond &= ~track.is_silence[:-1] & ~track.is_silence[1:]
    is_spike[1:-1] = (away > SPIKE_M) & (across < away / 2) & ((turn > SPIKE_MPS2) | beyond)
    return is_spike


def measure(latitude_a: Any, longitude_a: Any, latitude_b: Any, longitude_b: Any) -> Floats:
    """Metres between places in degrees, on the ellipsoid; within 0.1 % up to some hundred kilometres."""
    phi = np.radians((np.asarray(latitude_a) + latitude_b) / 2)
    w = 1 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    east = np.radians(wrap(np.asarray(longitude_b) - longitude_a)) * np.cos(phi) * EQUATOR_M / np.sqrt(w)
    north = np.radians(np.asarray(latitude_b) - latitude_a) * EQUATOR_M * (1 - ECCENTRICITY_SQUARED) / w**1.5
    result: Floats = np.hypot(east, north)
    return result


def wrap(degrees: Any) -> Floats:
    """A difference of longitudes the short way round."""
    result: Floats = (np.asarray(degrees) + 180.0) % 360.0 - 180.0
    return result


def _middle(a: Floats, b: Floats, c: Floats) -> Floats:
    result: Floats = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    return result
