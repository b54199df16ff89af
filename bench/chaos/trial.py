"""One trial: publish, break things in random order for a while, heal, wait for the rest, judge."""

import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from bench.chaos.faults import FAULTS, Fault, fill_disk
from bench.chaos.fixes import Fixes
from bench.chaos.installation import Installation
from bench.chaos.verdict import Verdict, count_stored, judge, read_acknowledged

AN_HOUR_S = 3_600
WHOLE_FORM_S = 600  # faults last as long as they may in a trial of this length, and shorter in a shorter one
SHORTEST_SCALE = 0.08
LONGEST_GAP_S = 5.0
PATIENCE_S = 60.0

Say = Callable[[str], None]


class Outcome(NamedTuple):
    """What happened in a trial, and the verdict on it."""

    verdict: Verdict
    faults: Counter[str]
    seconds: float
    daemon_deaths: int

    @property
    def passed(self) -> bool:
        """Whether nothing was lost and the daemon never ended by itself."""
        return self.verdict.kept and self.daemon_deaths == 0


def run_trial(count: int, seconds: float, devices: int, seed: int, say: Say) -> Outcome:
    """Publish `count` fixes over `seconds` and break things meanwhile; each fault once before any again."""
    begin = int(time.time()) - AN_HOUR_S - count // devices
    fixes = Fixes(count, devices, begin)
    with Installation(fixes, rate=count / seconds) as installation:
        started = time.monotonic()
        installation.start_publishers()
        faults = _break_things(installation, Random(seed), seconds, say)
        installation.heal()
        say("all is whole again; waiting for the rest")
        _wait_for_the_rest(installation)
        lasted = time.monotonic() - started
        acknowledged = read_acknowledged(installation.acknowledged_files)
        verdict = judge(installation.database_url, fixes, acknowledged, installation.broker_kills)
        return Outcome(verdict, faults, lasted, installation.daemon_deaths)


def _break_things(installation: Installation, chance: Random, seconds: float, say: Say) -> Counter[str]:
    possible = [fault for fault in FAULTS if fault.strike is not fill_disk or installation.disk.mounted]
    if len(possible) < len(FAULTS):
        say("the disk is not filled: only root can mount a small one for the database")
    scale = min(1.0, max(SHORTEST_SCALE, seconds / WHOLE_FORM_S))
    done: Counter[str] = Counter()
    waiting: list[Fault] = []
    begin = time.monotonic()
    while time.monotonic() - begin < seconds or len(done) < len(possible):
        waiting = waiting or chance.sample(possible, len(possible))
        time.sleep(chance.uniform(0.2, max(1.0, LONGEST_GAP_S * scale)))
        fault = waiting.pop()
        say(f"{time.monotonic() - begin:6.1f} s  {fault.name}")
        fault.strike(installation, chance, fault.longest_s * scale)
        done[fault.name] += 1
        installation.heal()
    return done


def _wait_for_the_rest(installation: Installation) -> None:
    """Return when all is acknowledged and stored, or when nothing has changed for too long."""
    before, deadline = -1, time.monotonic() + PATIENCE_S
    while True:
        stored = count_stored(installation.database_url)
        published = all(publisher.poll() is not None for publisher in installation.publishers)
        if published and stored >= installation.fixes.total:
            return
        state = stored + sum(file.stat().st_size for file in installation.acknowledged_files)
        if state != before:
            before, deadline = state, time.monotonic() + PATIENCE_S
        elif time.monotonic() > deadline:
            return
        installation.heal()
        time.sleep(0.5)
