"""Daemons as a user runs them: processes of `motorpool ingest`, watched through their log."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

Start = Callable[..., "DaemonProcess"]


class DaemonProcess:
    """One `motorpool ingest`; its log is a file of JSON lines."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        self._log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "import motorpool; motorpool.main()", "ingest"],
                env={**os.environ, **environment},
                stderr=output,
            )

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines with this event."""
        lines = [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def wait_for(self, name: str, count: int = 1) -> None:
        """Wait until the log holds this event so many times."""
        until(lambda: len(self.events(name)) >= count, f"the log to say {name!r}", self._log.read_text)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def until(condition: Callable[[], object], what: str, explain: Callable[[], object] = str, limit: float = 60) -> None:
    """Wait for something that must come true."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit} s for {what}; {explain()}"
        time.sleep(0.05)


def scalar(url: str, query: str) -> Any:
    """One value from the database."""
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def start_daemon(tmp_path: Path) -> Iterator[Start]:
    """Starts daemons and ends what is left of them."""
    started: list[DaemonProcess] = []

    def start(wait: bool = True, **environment: str) -> DaemonProcess:
        daemon = DaemonProcess(tmp_path / f"ingest-{len(started)}.log", environment)
        started.append(daemon)
        if wait:
            daemon.wait_for("ready")
        return daemon

    yield start
    for daemon in started:
        if daemon.process.poll() is None:
            daemon.kill()
