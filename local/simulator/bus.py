"""One bus as a function of time: where it is, how fast, with how much on the odometer and in the tank."""

import cmath
import math
from collections.abc import Iterator
from itertools import zip_longest
from random import Random
from typing import NamedTuple

from local.simulator.drive import Drive, Moment
from local.simulator.timetable import Timetable, Visit
from local.town.network import Network, Piece, Step

LANE = 2.4  # metres to the right of the middle of the street
FUEL_PER_METRE = 100.0 / 750_000
FUEL_PER_IDLE_SECOND = 0.0004
LOW_FUEL, FULL = 25.0, 97.0
SIGNAL_CHANCE, GIVE_WAY_CHANCE = 0.3, 0.35


class Start(NamedTuple):
    """Where and how a bus begins."""

    junction: int
    odometer_m: float
    fuel_percent: float


class State(NamedTuple):
    """The truth about a bus at one time (epoch seconds); `course` in degrees from north."""

    time: float
    point: complex
    speed_mps: float
    course: float
    odometer_m: float
    fuel_percent: float
    ignition: bool


class Stretch(NamedTuple):
    """From `start` on the bus makes a drive, or stands still for `duration` seconds where `drive` is None."""

    start: float
    duration: float
    drive: Drive | None
    ignition: bool = True
    refuels: bool = False


class Bus:
    """Drives by the timetable from `time` on. Ask for `state` with times that never go back."""

    def __init__(
        self,
        uid: str,
        number: int,
        network: Network,
        timetable: Timetable,
        start: Start,
        time: float,
        seed: int,
    ) -> None:
        self.uid, self.number = uid, number
        self._network, self._timetable = network, timetable
        self._rng = Random(f"{uid} {seed} {int(time)}")  # noqa: S311
        self._haste = self._rng.uniform(0.86, 1.0)
        self.bound_for = start.junction
        self._odometer_m, self._fuel = start.odometer_m, start.fuel_percent
        self._moment = Moment(network.junctions[start.junction], 1j, 0.0, 0.0)
        self._came_by: Piece | None = None
        self._stretches = self._live(start.junction, time)
        self._stretch = next(self._stretches)

    def state(self, time: float) -> State:
        """The state at this time (epoch seconds)."""
        while time >= self._stretch.start + self._stretch.duration:
            self._complete(self._stretch)
            self._stretch = next(self._stretches)
        stretch = self._stretch
        passed = time - stretch.start
        moment = stretch.drive.at(passed) if stretch.drive else self._moment._replace(driven_m=0.0)
        fuel = self._fuel - self._burnt(stretch, passed, moment.driven_m)
        course = math.degrees(cmath.phase(moment.heading))
        return State(
            time,
            moment.point + moment.heading * -1j * LANE,
            moment.speed_mps,
            (90.0 - course) % 360.0,
            self._odometer_m + moment.driven_m,
            fuel,
            stretch.ignition,
        )

    def _complete(self, stretch: Stretch) -> None:
        driven = 0.0
        if stretch.drive:
            self._moment = stretch.drive.at(stretch.duration)
            driven = stretch.drive.length
        self._odometer_m += driven
        self._fuel = FULL if stretch.refuels else self._fuel - self._burnt(stretch, stretch.duration, driven)

    @staticmethod
    def _burnt(stretch: Stretch, seconds: float, driven_m: float) -> float:
        """Percent of the tank used in the first `seconds` of a stretch."""
        return driven_m * FUEL_PER_METRE + (seconds * FUEL_PER_IDLE_SECOND if stretch.ignition else 0.0)

    def _live(self, here: int, time: float) -> Iterator[Stretch]:
        """All that this bus ever does, stretch after stretch without a gap."""
        while True:
            visits = self._timetable.next_visits(self._rng, self.number, time)
            if self._fuel < LOW_FUEL:
                visits = [Visit(self._timetable.depots[0], 240.0, rest=True), *visits]
            for visit in visits:
                self.bound_for = visit.junction
                for stretch in self._travel(here, visit.junction, time):
                    yield stretch
                    time += stretch.duration
                here = visit.junction
                yield Stretch(time, visit.stay_s, None, ignition=not visit.rest, refuels=visit.rest)
                time += visit.stay_s

    def _travel(self, here: int, there: int, time: float) -> Iterator[Stretch]:
        """Drives from junction to junction, with the halts that traffic asks for."""
        way = self._network.find_way(here, there, self._came_by)
        leg: list[Step] = []
        for step, following in zip_longest(way, way[1:]):
            leg.append(step)
            halt = self._halt(step, following) if following else 1.0
            if halt:
                drive = Drive(leg, self._haste)
                yield Stretch(time, drive.duration, drive)
                time += drive.duration
                leg = []
                if following:
                    yield Stretch(time, halt, None)
                    time += halt
        if way:
            self._came_by = way[-1][0]

    def _halt(self, step: Step, following: Step) -> float:
        """Seconds to wait at the end of this step; 0 for driving on."""
        piece, forward = step
        met = self._network.leaving[piece.end if forward else piece.start]
        kinds = {piece.street.kind for piece, _ in met}
        if len(met) > 3 and "residential" not in kinds and self._rng.random() < SIGNAL_CHANCE:
            return self._rng.uniform(5, 32)
        gives_way = piece.street.kind == "residential" and following[0].street.kind != "residential"
        if gives_way and self._rng.random() < GIVE_WAY_CHANCE:
            return self._rng.uniform(2, 7)
        return 0.0
