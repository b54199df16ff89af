"""Daemons as a user runs them: processes of `motorpool ingest`, watched through their log."""

import asyncio
import json
import os
import signal
import subprocess
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from urllib.parse import urlsplit

import aiomqtt
import orjson
import psycopg
import pytest

from config.program import PROGRAM
from ingest.mqtt_connection import connect
from sql.fleet import adopt_devices

Start = Callable[..., "DaemonProcess"]
START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
DEVICES = 40


class DaemonProcess:
    """One `motorpool ingest`; its log is a file of JSON lines."""

    def __init__(
        self, log: Path, environment: dict[str, str], arguments: Sequence[str], within: Sequence[str]
    ) -> None:
        self._log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*within, *PROGRAM, "ingest", *arguments],
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


@dataclass
class Place:
    """Topics, client ids and a database of one test."""

    database_url: str
    broker_url: str
    root: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database_url,
            "MQTT_URL": self.broker_url,
            "MQTT_CLIENT_ID": self.root,
            "MQTT_TOPICS": f"{self.root}/+/position=native",
        }

    def fix(self, number: int) -> tuple[str, bytes]:
        """The message with the fix of this number: each number is one device and one moment."""
        moment = (START + timedelta(seconds=number // DEVICES)).isoformat()
        payload = {"time": moment, "lat": 48 + number * 1e-6, "lon": 11.0, "number": number}
        return f"{self.root}/bus-{number % DEVICES}/position", orjson.dumps(payload)

    def fixes(self, first: int, last: int) -> list[tuple[str, bytes]]:
        return [self.fix(number) for number in range(first, last)]

    def stored(self) -> list[int]:
        """The numbers in the table, each as often as it is there."""
        query = "SELECT (attributes->>'number')::int FROM positions ORDER BY 1"
        with psycopg.connect(self.database_url) as connection:
            return [number for (number,) in connection.execute(query)]

    def sessions(self) -> set[str]:
        """The client ids that some worker answers for, without what all of this test have in common."""
        query = "SELECT client_id FROM broker_sessions"
        with psycopg.connect(self.database_url) as connection:
            return {client_id.removeprefix(self.root) for (client_id,) in connection.execute(query)}

    def is_kept(self, client_id: str) -> bool:
        """Whether the broker has a session of this name; it has none after that."""

        async def ask() -> bool:
            connection = await connect(self.broker_url, lambda connection, packets: None)
            kept = await connection.open_session(self.broker_url, client_id, 1)
            await connection.close(end_session=True)
            return kept

        return asyncio.run(ask())


class Publisher:
    """Publishes fix after fix at QoS 1 until told to stop; `acknowledged` is how many the broker has."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher")
        self.acknowledged = 0

    def _run(self) -> None:
        async def publish() -> None:
            parts = urlsplit(self._place.broker_url)
            async with aiomqtt.Client(str(parts.hostname), parts.port or 1883) as client:
                while not self._stopping.is_set():
                    messages = self._place.fixes(self.acknowledged, self.acknowledged + 20)
                    sends = (client.publish(topic, payload, qos=1) for topic, payload in messages)
                    await asyncio.gather(*sends)
                    self.acknowledged += len(messages)
                    await asyncio.sleep(0.02)

        asyncio.run(publish())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()


@pytest.fixture
def place(database_url: str, broker_url: str) -> Place:
    with psycopg.connect(database_url, autocommit=True) as connection:
        adopt_devices(connection, [f"bus-{number}" for number in range(DEVICES)])
    return Place(database_url, broker_url, f"t{uuid.uuid4().hex[:8]}")


@pytest.fixture
def start_daemon(tmp_path: Path) -> Iterator[Start]:
    """Starts daemons, `within` some other command, and ends what is left of them."""
    started: list[DaemonProcess] = []

    def start(
        *arguments: str, wait: bool = True, within: Sequence[str] = (), **environment: str
    ) -> DaemonProcess:
        daemon = DaemonProcess(tmp_path / f"ingest-{len(started)}.log", environment, arguments, within)
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
    return SimpleNamespace(
        publish=publish, until=until, scalar=scalar, client=client, fetch=fetch, Publisher=Publisher
    )
