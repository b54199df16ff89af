"""Daemons as a user runs them: processes of `motorpool ingest`, watched through their log."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
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
                env={**os.environ, "DATA_DIR": str(log.parent / "data"), **environment},
                stderr=output,
            )

    def log_text(self) -> str:
        """Everything it wrote."""
        return self._log.read_text()

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


def until(
    condition: Callable[[], object], what: str, explain: Callable[[], object] = str, limit: float = 60
) -> None:
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


def client(broker_url: str, **options: Any) -> aiomqtt.Client:
    """An independent client of the broker."""
    parts = urlsplit(broker_url)
    return aiomqtt.Client(
        str(parts.hostname), parts.port or 1883, protocol=aiomqtt.ProtocolVersion.V5, **options
    )


def fetch(url: str) -> str:
    """The text of a page."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


async def publish(broker_url: str, messages: list[tuple[str, bytes]], in_flight: int = 200) -> None:
    """Publish at QoS 1 until all is acknowledged, over as many connections as that takes."""
    left = dict(enumerate(messages))

    async def send(publisher: aiomqtt.Client, number: int) -> None:
        topic, payload = messages[number]
        await publisher.publish(topic, payload, qos=1, timeout=5)
        del left[number]

    while left:
        try:
            async with client(broker_url, max_inflight_messages=in_flight) as publisher:
                numbers = list(left)
                for start in range(0, len(numbers), in_flight):
                    await asyncio.gather(
                        *(send(publisher, number) for number in numbers[start : start + in_flight])
                    )
        except (aiomqtt.MqttError, OSError):
            await asyncio.sleep(0.1)


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


@pytest.fixture
def tools() -> SimpleNamespace:
    """What the tests of a running daemon need; importlib mode has no package to import it from."""
    return SimpleNamespace(publish=publish, until=until, scalar=scalar, client=client, fetch=fetch)
