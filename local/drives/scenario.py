"""What a scenario is: a way to write a journey, the kinds that it shows, and those that it only seems to."""

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from local.drives.fence import Zone
from local.drives.journey import Journey
from local.drives.tracker import Tracker

INTERVALS = (1.0, 2.0, 5.0, 10.0, 30.0)


class Plan(NamedTuple):
    """A journey, the unit that reports it, and the fences and settings that it is judged with."""

    journey: Journey
    tracker: Tracker
    zones: tuple[Zone, ...] = ()
    settings: dict[str, Any] = {}  # noqa: RUF012 (nobody changes it)


class Scenario(NamedTuple):
    """`shows`: happens in each such drive; `tempts`: never does, though it looks like it.

    Its drives begin within a quarter of an hour after `hour` (UTC) and at `place` (latitude, longitude), or
    at any time and anywhere.
    """

    name: str
    write: Callable[[Journey], Plan]
    shows: tuple[str, ...]
    tempts: tuple[str, ...]
    hour: float | None
    place: tuple[float, float] | None


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    shows: str = "", tempts: str = "", hour: float | None = None, place: tuple[float, float] | None = None
) -> Callable[[Callable[[Journey], Plan]], Callable[[Journey], Plan]]:
    """Register a function as the scenario of its name; kinds are separated by blanks."""

    def register(write: Callable[[Journey], Plan]) -> Callable[[Journey], Plan]:
        name = write.__name__
        SCENARIOS[name] = Scenario(name, write, tuple(shows.split()), tuple(tempts.split()), hour, place)
        return write

    return register


def mount_tracker(rng: Random, *intervals: float) -> Tracker:
    """A unit of some kind; some repeat themselves, and some are late now and then."""
    return Tracker(
        interval_s=rng.choice(intervals or INTERVALS),
        parked_interval_s=rng.choice((30.0, 60.0, 120.0, 300.0)),
        tells_odometer=rng.random() < 0.7,
        error_m=(error_m := rng.uniform(1.5, 4.0)),
        parked_error_m=error_m,
        course_error=rng.uniform(1.0, 2.0),
        duplicate_chance=rng.choice((0.0, 0.0, 0.0, 0.01)),
        late_chance=rng.choice((0.0, 0.0, 0.0, 0.03)),
    )


def set_out(journey: Journey) -> None:
    """Parked, then the engine is started."""
    journey.stand(journey.rng.uniform(200, 500))
    journey.switch(True)
    journey.stand(journey.rng.uniform(5, 40))


def arrive(journey: Journey) -> None:
    """Come to a halt, stop the engine, and stay."""
    journey.halt()
    journey.stand(journey.rng.uniform(5, 40))
    journey.switch(False)
    journey.stand(journey.rng.uniform(400, 700))


def ride(journey: Journey, metres: tuple[float, float] = (1500.0, 5000.0)) -> None:
    """An ordinary drive through town."""
    journey.wander(journey.rng.uniform(*metres))
