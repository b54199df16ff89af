"""Runs the demo fleet in real time: over MQTT, and for some buses over pseudo-terminals."""

import asyncio
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from typing import NamedTuple

import structlog

from local.pseudo_terminal import PseudoTerminal
from local.publisher import Publisher
from local.simulator.bus import Bus
from local.simulator.fleet import Fleet, load_starts
from local.simulator.radio import Radio
from local.simulator.receiver import Fix
from local.simulator.sentences import speak
from local.town.town import draw_town, name_drawing

log = structlog.get_logger()

TICK_S = 0.2
SAVE_EVERY_S = 30.0
SLEPT_S = 60.0  # a gap as long as this means that the machine slept
LAST_WORDS_S = 1.0
BAUD_RATE = 4800


class Plan(NamedTuple):
    """What to simulate: how many buses, in which town, how often each reports, how many on serial ports."""

    vehicles: int
    seed: int
    interval_s: float
    serial: int


class Simulation:
    """The fleet with its ways to send; its state is kept below `data_dir` from one run to the next."""

    def __init__(self, plan: Plan, publisher: Publisher, data_dir: Path) -> None:
        self._drawing, self._publisher = name_drawing(plan.seed), publisher
        self._file = data_dir / "simulator" / "fleet.json"
        starts = load_starts(self._file, self._drawing)
        self._fleet = Fleet(
            draw_town(plan.seed), plan.vehicles, plan.interval_s, time.time(), plan.seed, starts
        )
        uids = [member.bus.uid for member in self._fleet.members]
        serial = uids[max(0, plan.vehicles - plan.serial) :]
        self._terminals = {uid: PseudoTerminal(data_dir / "serial" / uid) for uid in serial}
        self._radios = {uid: Radio(Random(f"radio {uid} {plan.seed}")) for uid in uids}  # noqa: S311
        ports = ",".join(f"{terminal.path}:{BAUD_RATE}={uid}" for uid, terminal in self._terminals.items())
        log.info("simulator drives", **plan._asdict(), continued=bool(starts), serial_ports=ports)

    async def run(self, stop: asyncio.Event) -> None:
        """Drive until `stop` is set, or until the broker refuses (RefusedError)."""
        publishing = asyncio.create_task(self._publisher.run(), name="publish")
        publishing.add_done_callback(lambda _: stop.set())
        with ExitStack() as stack:
            for terminal in self._terminals.values():
                stack.enter_context(terminal)
            await self._drive(stop)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._publisher.drained()
        publishing.cancel()
        with suppress(asyncio.CancelledError):
            await publishing
        log.info(
            "simulator stops",
            acknowledged=self._publisher.acknowledged,
            lost=self._publisher.dropped + self._publisher.held,
        )

    async def _drive(self, stop: asyncio.Event) -> None:
        saved = time.time()
        self._fleet.resume(saved)
        while not stop.is_set():
            now = time.time()
            if now - self._fleet.next_due > SLEPT_S:
                self._fleet.resume(now)
            for bus, fix in self._fleet.report(now):
                self._send(bus, fix)
            if now - saved > SAVE_EVERY_S:
                self._fleet.save(self._file, self._drawing, now)
                saved = now
            with suppress(TimeoutError):
                async with asyncio.timeout(max(TICK_S, self._fleet.next_due - time.time())):
                    await stop.wait()
        self._fleet.save(self._file, self._drawing, time.time())

    def _send(self, bus: Bus, fix: Fix) -> None:
        if terminal := self._terminals.get(bus.uid):
            terminal.speak(speak(fix))
            return
        for payload in self._radios[bus.uid].transmit(fix):
            self._publisher.offer(f"fleet/{bus.uid}/position", payload)
