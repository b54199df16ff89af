"""What the fleet does all day: school runs at the peaks, else shuttles and outings, and rests at the depot.

At any hour about one bus in ten rests, so that the map always shows a fleet at work.
"""

import cmath
from random import Random
from typing import NamedTuple

from local.town.town import Town

UTC_OFFSET_S = -6 * 3600  # the town's clock, all year round
HOUR = 3600
MORNING, AFTERNOON = (6.25, 8.75), (14.25, 16.5)  # hours
SCHOOL_ROUTES, SHUTTLES = 40, 14
RESTING = 10  # one bus in this many rests


class Visit(NamedTuple):
    """A junction to drive to and how long to stay there; the engine rests during a `rest`."""

    junction: int
    stay_s: float
    rest: bool = False


class Timetable:
    """The town's routes, each a list of junctions: school routes end at the school, shuttles go in a loop."""

    def __init__(self, town: Town, seed: int) -> None:
        rng = Random(f"timetable {seed}")  # noqa: S311
        self._places = town.network.junctions
        stops = [stop.junction for stop in town.stops]
        schools = [ground.gate for ground in town.grounds if ground.kind == "school"]
        self.depots = [ground.gate for ground in town.grounds if ground.kind == "depot"]
        self.outings = [ground.gate for ground in town.grounds if ground.kind == "park"]
        self.school_routes = [
            self._gather(rng, stops, schools[i % len(schools)]) for i in range(SCHOOL_ROUTES)
        ]
        self.shuttles = [self._loop(rng, stops) for _ in range(SHUTTLES)]

    def _gather(self, rng: Random, stops: list[int], school: int) -> list[int]:
        """A pick-up route: a few neighbouring stops, the farthest from the school first, then the school."""
        home = self._places[rng.choice(stops)]
        near = sorted(stops, key=lambda stop: abs(self._places[stop] - home))[: rng.randint(7, 11)]
        near.sort(key=lambda stop: -abs(self._places[stop] - self._places[school]))
        return [*near, school]

    def _loop(self, rng: Random, stops: list[int]) -> list[int]:
        """Stops in a ring around some place in the town."""
        middle = self._places[rng.choice(stops)] * 0.5
        radius = rng.uniform(500, 1500)
        ring = sorted(stops, key=lambda stop: abs(abs(self._places[stop] - middle) - radius))[
            : rng.randint(8, 14)
        ]
        ring.sort(key=lambda stop: cmath.phase(self._places[stop] - middle))
        return ring if rng.random() < 0.5 else ring[::-1]

    def next_visits(self, rng: Random, number: int, time: float) -> list[Visit]:
        """What bus `number` does next at this time (epoch seconds)."""
        hour = (time + UTC_OFFSET_S) % 86_400 / HOUR
        if (number + 7 * int(time // HOUR)) % RESTING == 0:
            return [Visit(self.depots[number % len(self.depots)], HOUR - time % HOUR, rest=True)]
        route = self.school_routes[number % len(self.school_routes)]
        if MORNING[0] <= hour < MORNING[1]:
            return [*_serve(rng, route[:-1]), Visit(route[-1], rng.uniform(60, 150))]
        if AFTERNOON[0] <= hour < AFTERNOON[1]:
            return [Visit(route[-1], rng.uniform(60, 150)), *_serve(rng, route[-2::-1])]
        if rng.random() < 0.2:
            return [
                Visit(route[-1], rng.uniform(60, 120)),
                Visit(rng.choice(self.outings), rng.uniform(90, 240)),
            ]
        return _serve(rng, self.shuttles[number % len(self.shuttles)])


def _serve(rng: Random, stops: list[int]) -> list[Visit]:
    return [Visit(stop, rng.uniform(8, 35)) for stop in stops]
