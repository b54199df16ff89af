"""The main job as a new user meets it: one command, 54 buses on the map in Chromium, one Ctrl-C."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
import psycopg
import pytest
from playwright.sync_api import Browser, expect

from config.settings import default_data_dir
from local.services import Services


class Motorpool:
    """`motorpool up --demo` in a process group of its own, as a terminal would run it."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {**os.environ, "DATA_DIR": str(data_dir), "WEB_PORT": str(port)}
        self._output = data_dir.parent / "up.out"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it says where the map is."""
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "import motorpool; motorpool.main()", "up", "--demo"],
                env=self._environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + 90
        while "The map is at" not in self._output.read_text():
            assert self.process.poll() is None, self._output.read_text()
            assert time.monotonic() < deadline, self._output.read_text()
            time.sleep(0.1)

    def press_ctrl_c(self) -> int:
        """What a terminal does with it: SIGINT to the whole group; the exit code."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(60)

    def processes(self) -> list[str]:
        """The command lines of all that runs with this data directory."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                texts = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            except OSError:
                continue
            if any(str(self.data_dir).encode() in text for text in texts):
                found.append(texts[0].replace(b"\0", b" ").decode())
        return found

    @property
    def services(self) -> Services:
        return Services(self.data_dir)

    def count_positions(self) -> int:
        with psycopg.connect(self.services.database_url) as connection:
            row = connection.execute("SELECT count(*) FROM positions").fetchone()
        assert row
        return int(row[0])

    @property
    def password(self) -> str:
        return (self.data_dir / "demo" / "admin_password").read_text()


@pytest.fixture
def motorpool(free_port: int) -> Iterator[Motorpool]:
    """In a place that the services' account can reach, with the programs that are unpacked already."""
    Services(default_data_dir()).fetch()
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    data_dir = folder / "data"
    data_dir.mkdir()
    (data_dir / "services").symlink_to(default_data_dir() / "services")
    motorpool = Motorpool(data_dir, free_port)
    yield motorpool
    if motorpool.process and motorpool.process.poll() is None:
        motorpool.process.terminate()
        motorpool.process.wait(60)
    shutil.rmtree(folder)


def publish(broker_url: str, topic: str, payload: dict[str, object]) -> None:
    """One message at QoS 1, by a client that is not ours."""

    async def send() -> None:
        parts = urlsplit(broker_url)
        async with aiomqtt.Client(str(parts.hostname), parts.port or 1883) as client:
            await client.publish(topic, json.dumps(payload), qos=1)

    with ThreadPoolExecutor(1) as thread:  # Playwright keeps an event loop in this one
        thread.submit(asyncio.run, send()).result()


def test_one_command_brings_54_buses_onto_the_map_and_one_ctrl_c_ends_all(
    motorpool: Motorpool, chromium: Browser
) -> None:
    motorpool.start()
    page = chromium.new_page()
    page.goto(motorpool.url)
    page.fill("#email", "admin@demo.example")
    page.fill("#password", motorpool.password)
    page.click("button[type=submit]")
    expect(page.locator("#count")).to_have_text("54 of 54", timeout=30_000)
    bus = page.locator('[data-uid="bus-101"]')
    expect(bus).not_to_have_attribute("data-state", "none", timeout=30_000)
    soon = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
    position = {"time": soon, "lat": 41.987654, "lon": -93.5, "speed": 3.0, "course": 90}
    publish(motorpool.services.mqtt_url, "fleet/bus-101/position", position)
    expect(bus).to_have_attribute("data-lat", "41.987654", timeout=10_000)
    page.close()

    stored = motorpool.count_positions()
    assert stored > 0
    assert motorpool.press_ctrl_c() == 0
    assert motorpool.processes() == []

    motorpool.start()
    assert motorpool.count_positions() >= stored
    assert motorpool.press_ctrl_c() == 0
    assert motorpool.processes() == []


def test_a_second_up_on_the_same_data_is_refused_with_a_sentence(
    motorpool: Motorpool, free_port: int
) -> None:
    motorpool.start()
    environment = {**os.environ, "DATA_DIR": str(motorpool.data_dir), "WEB_PORT": str(free_port + 1)}
    command = [sys.executable, "-c", "import motorpool; motorpool.main()", "up", "--demo"]
    second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert "runs already" in second.stderr
    assert motorpool.press_ctrl_c() == 0


def test_a_process_that_dies_is_started_again(motorpool: Motorpool) -> None:
    motorpool.start()
    daemons = [line for line in motorpool.processes() if line.rstrip().endswith(" ingest")]
    assert len(daemons) == 1
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_daemon = (process / "cmdline").read_bytes().endswith(b"\0ingest\0") and str(
                motorpool.data_dir
            ).encode() in (process / "environ").read_bytes()
        except OSError:
            continue
        if is_daemon:
            os.kill(int(process.name), signal.SIGKILL)
    before = motorpool.count_positions()
    deadline = time.monotonic() + 30
    while motorpool.count_positions() <= before + 54:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert motorpool.press_ctrl_c() == 0
