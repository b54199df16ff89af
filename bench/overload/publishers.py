"""Processes that publish together at a rate, and say how many messages the broker has acknowledged."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.moments import Moments
from bench.pace import keep_pace

PROCESSES = 2
END_S = 300


class Publishers:
    """The running processes."""

    def __init__(self, url: str, moments: Moments, rate: float, seconds: float) -> None:
        fresh = multiprocessing.get_context("spawn")  # a fork would take our threads' locks along
        self._counts = [fresh.Value("q", 0) for _ in range(PROCESSES)]
        self._all = [
            fresh.Process(target=_publish, args=(url, moments, share, rate / PROCESSES, seconds, count))
            for share, count in enumerate(self._counts)
        ]

    def start(self) -> None:
        """Begin to publish."""
        for process in self._all:
            process.start()

    @property
    def acknowledged(self) -> int:
        """How many messages the broker has acknowledged so far."""
        return sum(count.value for count in self._counts)

    @property
    def are_done(self) -> bool:
        """Whether all have ended. Raises RuntimeError where one did not end well."""
        if any(process.exitcode for process in self._all):
            raise RuntimeError("a publisher failed")
        return not any(process.is_alive() for process in self._all)

    def kill(self) -> None:
        """End what still runs."""
        for process in self._all:
            process.kill()
            process.join()


@contextmanager
def publishing(url: str, moments: Moments, rate: float, seconds: float) -> Iterator[Publishers]:
    """So many messages a second for so long, or as many as they can."""
    publishers = Publishers(url, moments, rate, seconds)
    publishers.start()
    try:
        yield publishers
    finally:
        publishers.kill()


def _publish(url: str, moments: Moments, share: int, rate: float, seconds: float, count: Any) -> None:
    def note(acknowledged: int) -> None:
        count.value = acknowledged

    def write(number: int) -> tuple[str, bytes]:
        return moments.write(number * PROCESSES + share)

    keep_pace(url, f"bench-overload-{share}", rate, seconds, write, note)
