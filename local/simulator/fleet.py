"""The buses together: who reports when, and what each goes on with after a restart."""

import heapq
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from local.simulator.bus import Bus, Start
from local.simulator.receiver import Fix, Receiver
from local.simulator.timetable import Timetable
from local.town.town import Town

PARKED_INTERVAL_S = 10.0
WARM_UP_S = 600.0
FIRST_NUMBER = 101


class Member(NamedTuple):
    """A bus with its receiver."""

    bus: Bus
    receiver: Receiver


def fleet_numbers(vehicles: int) -> list[str]:
    """The numbers painted on the buses; a bus's uid is `bus-` and its number."""
    return [str(FIRST_NUMBER + i) for i in range(vehicles)]


class Fleet:
    """Gives fixes in the order of their times; the same seed, start and starts give the same fixes."""

    def __init__(
        self, town: Town, vehicles: int, interval: float, time: float, seed: int, starts: dict[str, Start]
    ) -> None:
        timetable = Timetable(town, seed)
        self.interval = interval
        self.members: list[Member] = []
        self._due: list[tuple[float, int]]
        for i, number in enumerate(fleet_numbers(vehicles)):
            uid = f"bus-{number}"
            rng = Random(f"{uid} {seed}")  # noqa: S311
            start, begins = starts.get(uid), time
            if start is None:
                start = Start(
                    rng.choice(town.stops).junction,
                    float(rng.randint(30_000_000, 320_000_000)),
                    rng.uniform(35, 97),
                )
                begins = time - rng.uniform(0, WARM_UP_S)
            bus = Bus(uid, i, town.network, timetable, start, begins, seed)
            self.members.append(Member(bus, Receiver(rng)))
        self.resume(time)

    @property
    def next_due(self) -> float:
        """When (epoch seconds) the next fix is taken."""
        return self._due[0][0]

    def report(self, until: float) -> Iterator[tuple[Bus, Fix]]:
        """The fixes taken before `until` (epoch seconds). A parked bus reports less often."""
        while self._due[0][0] < until:
            time, i = self._due[0]
            bus, receiver = self.members[i]
            fix = receiver.observe(bus.state(time))
            pause = self.interval if fix.ignition else max(self.interval, PARKED_INTERVAL_S)
            heapq.heapreplace(self._due, (time + pause, i))
            yield bus, fix

    def resume(self, time: float) -> None:
        """Report from `time` (epoch seconds) on, each bus in its turn; what was due before is left out."""
        self._due = [(time + self.interval * i / len(self.members), i) for i in range(len(self.members))]
        heapq.heapify(self._due)

    def save(self, file: Path, drawing: str, time: float) -> None:
        """Write down where in this drawing of the town each bus is bound for, its odometer and its fuel."""
        buses = {}
        for bus, _ in self.members:
            state = bus.state(time)
            buses[bus.uid] = [bus.bound_for, state.odometer_m, state.fuel_percent]
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps({"town": drawing, "buses": buses}))
        draft.replace(file)


def load_starts(file: Path, drawing: str) -> dict[str, Start]:
    """What `save` wrote down in this drawing of the town; empty where there is nothing (readable)."""
    try:
        saved = json.loads(file.read_text())
        if saved["town"] != drawing:
            return {}
        return {uid: Start(*start) for uid, start in saved["buses"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
