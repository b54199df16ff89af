"""What goes wrong: each fault breaks something, waits, and leaves it whole or to `heal`.

All take the installation, a source of chance, and the longest time in seconds that they may last.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import NamedTuple

from bench.chaos.installation import Installation

MOST_BYTES_BEFORE_CUT = 20_000


def kill_daemon(installation: Installation, chance: Random, longest_s: float) -> None:
    """kill -9, back after a while."""
    installation.daemon.kill()
    installation.daemon.wait()
    _wait(chance, longest_s)
    installation.start_daemon()


def kill_database(installation: Installation, chance: Random, longest_s: float) -> None:
    """kill -9 of the server, whose sessions then find it gone."""
    installation.postgres.kill()
    _wait(chance, longest_s)


def kill_broker(installation: Installation, chance: Random, longest_s: float) -> None:
    """kill -9."""
    installation.kill_broker()
    _wait(chance, longest_s)


def kill_all(installation: Installation, chance: Random, longest_s: float) -> None:
    """kill -9 of all three at once, in random order."""
    kills = [installation.daemon.kill, installation.postgres.kill, installation.kill_broker]
    for kill in chance.sample(kills, len(kills)):
        kill()
    installation.daemon.wait()
    _wait(chance, longest_s)
    installation.start_daemon()


def stop_database(installation: Installation, chance: Random, longest_s: float) -> None:
    """An orderly stop for the whole time, as for an upgrade."""
    installation.postgres.stop()
    time.sleep(longest_s)


def fill_disk(installation: Installation, chance: Random, longest_s: float) -> None:
    """No byte is left to the database for the whole time; it may refuse, or stop with a panic."""
    installation.disk.fill()
    time.sleep(longest_s)
    installation.disk.free()


def pause_daemon(installation: Installation, chance: Random, longest_s: float) -> None:
    """SIGSTOP, SIGCONT."""
    _pause([installation.daemon.pid], chance, longest_s)


def pause_broker(installation: Installation, chance: Random, longest_s: float) -> None:
    """SIGSTOP, SIGCONT."""
    _pause([installation.mosquitto.pid], chance, longest_s)


def pause_database(installation: Installation, chance: Random, longest_s: float) -> None:
    """SIGSTOP, SIGCONT of the server with all its sessions."""
    pid = installation.postgres.pid
    _pause([pid, *_find_children(pid)], chance, longest_s)


def pause_publisher(installation: Installation, chance: Random, longest_s: float) -> None:
    """SIGSTOP, SIGCONT of one of them."""
    _pause([chance.choice(installation.publishers).pid], chance, longest_s)


def cut_broker_connections(installation: Installation, chance: Random, longest_s: float) -> None:
    """Every connection to the broker ends after a random number of bytes, mostly within a packet."""
    installation.broker_proxy.cut(chance.randint(1, MOST_BYTES_BEFORE_CUT))
    _wait(chance, longest_s)


def cut_database_connection(installation: Installation, chance: Random, longest_s: float) -> None:
    """The same between daemon and database: within a COPY, or between COMMIT and its answer."""
    installation.database_proxy.cut(chance.randint(1, MOST_BYTES_BEFORE_CUT))
    _wait(chance, longest_s)


class Fault(NamedTuple):
    """How to break something, and how long that may last in a trial of ten minutes."""

    strike: Callable[[Installation, Random, float], None]
    longest_s: float

    @property
    def name(self) -> str:
        """Its name in reports."""
        return self.strike.__name__


FAULTS = (
    Fault(kill_daemon, 5),
    Fault(kill_database, 5),
    Fault(kill_broker, 5),
    Fault(kill_all, 5),
    Fault(stop_database, 60),
    Fault(fill_disk, 20),
    Fault(pause_daemon, 10),
    Fault(pause_broker, 10),
    Fault(pause_database, 10),
    Fault(pause_publisher, 10),
    Fault(cut_broker_connections, 5),
    Fault(cut_database_connection, 5),
)


def _wait(chance: Random, longest_s: float) -> None:
    time.sleep(chance.uniform(0, longest_s))


def _pause(pids: Iterable[int | None], chance: Random, longest_s: float) -> None:
    stopped = [pid for pid in pids if pid is not None and _signal(pid, signal.SIGSTOP)]
    _wait(chance, longest_s)
    for pid in stopped:
        _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> bool:
    """False where the process has ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _find_children(parent: int | None) -> list[int]:
    children = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[1]) == parent:
            children.append(int(status.parent.name))
    return children
