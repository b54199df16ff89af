"""What the detectors of events look at: one device's track with all that was found of it before."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jobs.detection.fences import Fence, Visit
from jobs.detection.findings import Event
from jobs.detection.journeys import Journeys
from jobs.detection.motion import Motion
from jobs.detection.rules import Rule, Rules
from jobs.detection.runs import Run
from jobs.detection.track import SECOND, Floats, Track

LONGEST_GUESS_S = 20.0


@dataclass(frozen=True)
class Look:
    """A track from `since` (microseconds) on; what is before is known already, and there for context only.

    `every` has the fixes, too, that are not where they say; `lasting` tells since when an event goes on that
    began before, by kind; `names` what the device itself called a fix, by its place in `every`.
    """

    every: Track
    track: Track
    motion: Motion
    since: int
    journeys: Journeys
    fences: dict[int, Fence]
    visits: list[Visit]
    rules: Rules
    lasting: dict[str, int]
    names: dict[int, str]

    @cached_property
    def speed(self) -> Floats:
        """Metres a second as the device told them, else over the steps around a fix; NaN where unknown."""
        track = self.track
        told = track.speed
        if len(track) < 3 or not np.isnan(told).any():
            return told
        stretch = (track.time[2:] - track.time[:-2]) / SECOND
        way = (track.step_mm[:-1] + track.step_mm[1:]) / 1000
        known = (stretch <= LONGEST_GUESS_S) & track.is_possible[:-1] & track.is_possible[1:]
        guessed = np.full(len(track), np.nan)
        guessed[1:-1] = np.where(known, way / np.maximum(stretch, 0.001), np.nan)
        return np.where(np.isnan(told), guessed, told)

    def tell_interval(
        self,
        rule: Rule,
        run: Run,
        value: float | None = None,
        limit: float | None = None,
        geofence_id: int = 0,
    ) -> Event | None:
        """An event from the first fix of a run to its last, where that lasts as long as its rule wants."""
        time = self.track.time
        long_enough = int(np.searchsorted(time, time[run.first] + rule.lasting, "left"))
        if long_enough > run.last or not rule.applies(int(time[run.first])):
            return None
        return Event(
            rule.kind,
            int(time[run.first]),
            self.find_end(run.last),
            run.first,
            run.last,
            long_enough,
            value,
            limit,
            geofence_id,
        )

    def tell_moment(self, rule: Rule, place: int) -> Event | None:
        """An event that takes no time, at a fix."""
        at = int(self.track.time[place])
        return Event(rule.kind, at, at, place, place, place) if rule.applies(at) else None

    def find_end(self, last: int) -> int | None:
        """When something ended whose last fix this is; None where it is the last of all, and it goes on."""
        return None if last + 1 == len(self.track) else int(self.track.time[last])

    def find_place(self, at: int) -> int:
        """The last fix that is not after a moment."""
        return max(int(np.searchsorted(self.track.time, at, "right")) - 1, 0)
