"""Several daemons on one shared subscription: all of them store, and when one is gone others take over."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.settings import SettingsError, load
from ingest.share import settle_for_worker

# The supervisor, but that it waits 4 s for a sign of life; it is called as the usual program would be.
IMPATIENT = "import sys, ingest.crew, motorpool; ingest.crew.HUNG_S = 4; del sys.argv[:3]; motorpool.main()"


def children(process: subprocess.Popen[bytes]) -> dict[int, int]:
    """The workers under a supervisor: their process ids by their number."""
    found = {}
    for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        numbers = [word.removeprefix("--worker=") for word in words if word.startswith("--worker=")]
        found[int(numbers[0])] = int(pid)
    return found


@pytest.fixture
def start_crew(start_daemon: Any) -> Callable[..., Any]:
    """Starts `ingest --workers N` and waits until all of them are subscribed."""

    def start(workers: int, **options: Any) -> Any:
        crew = start_daemon(f"--workers={workers}", wait=False, **options)
        crew.wait_for("all workers are ready")
        return crew

    return start


def stored_by_each(tools: Any, ports: list[int]) -> list[float]:
    """How many records each worker has stored, by its own metrics."""
    name = 'motorpool_ingest_records_total{outcome="stored",source="mqtt"} '
    pages = [tools.fetch(f"http://127.0.0.1:{port}/metrics").splitlines() for port in ports]
    return [sum(float(line.removeprefix(name)) for line in page if line.startswith(name)) for page in pages]


def test_three_workers_of_one_command_all_store_and_stop_together(
    place: Any, start_crew: Any, tools: Any, free_port: int
) -> None:
    crew = start_crew(3, **place.environment, METRICS_PORT=str(free_port))
    pids = children(crew.process)
    assert set(pids) == {1, 2, 3}
    asyncio.run(tools.publish(place.broker_url, place.fixes(0, 3_000)))
    tools.until(lambda: len(place.stored()) == 3_000, "3000 rows")
    shares = stored_by_each(tools, [free_port, free_port + 2, free_port + 3])
    assert sum(shares) == 3_000
    assert min(shares) > 500
    asyncio.run(tools.publish(place.broker_url, place.fixes(3_000, 6_000)))
    assert crew.stop() == 0
    assert not [pid for pid in pids.values() if Path(f"/proc/{pid}").exists()]
    received = len(place.stored())
    start_crew(3, **place.environment)
    tools.until(lambda: len(place.stored()) >= 6_000, "6000 rows")
    assert place.stored() == list(range(6_000))
    ledger = "SELECT sum(duplicate) FROM ingest_ledger"
    assert tools.scalar(place.database_url, ledger) == 0, (
        f"{received} were stored and acknowledged at the stop"
    )


def test_a_worker_that_is_killed_is_started_again_and_goes_on_with_its_session(
    place: Any, start_crew: Any, tools: Any
) -> None:
    crew = start_crew(3, **place.environment)
    first = children(crew.process)
    with tools.Publisher(place) as publisher:
        tools.until(lambda: publisher.acknowledged > 500, "fixes")
        os.kill(first[2], signal.SIGKILL)
        crew.wait_for("a worker ended and is started again")
        crew.wait_for("ready", count=4)
    again = children(crew.process)
    assert again.pop(2) != first.pop(2)
    assert again == first
    tools.until(lambda: len(place.stored()) >= publisher.acknowledged, "all that was acknowledged")
    assert place.stored() == list(range(publisher.acknowledged))
    assert not crew.events("a session that nobody serves is drained")
    assert crew.stop() == 0


def test_a_worker_that_hangs_is_killed_and_started_again(place: Any, start_crew: Any) -> None:
    crew = start_crew(2, within=[sys.executable, "-c", IMPATIENT], **place.environment)
    first = children(crew.process)
    os.kill(first[1], signal.SIGSTOP)
    crew.wait_for("a worker hangs and is killed")
    crew.wait_for("ready", count=3)
    assert children(crew.process)[1] != first[1]
    assert crew.stop() == 0


def test_from_three_workers_to_one_and_back_loses_nothing_and_leaves_nothing_behind(
    place: Any, start_daemon: Any, start_crew: Any, tools: Any
) -> None:
    crew = start_crew(3, **place.environment)
    asyncio.run(tools.publish(place.broker_url, place.fixes(0, 300)))
    crew.stop()
    asyncio.run(tools.publish(place.broker_url, place.fixes(300, 900)))
    alone = start_daemon(**place.environment)
    asyncio.run(tools.publish(place.broker_url, place.fixes(900, 1_200)))
    tools.until(lambda: place.sessions() == {""}, "the sessions of the other two to end")
    tools.until(lambda: len(place.stored()) >= 1_200, "1200 rows")
    assert place.stored() == list(range(1_200))
    assert not place.is_kept(f"{place.root}-2")
    asyncio.run(tools.publish(place.broker_url, place.fixes(1_200, 1_500)))
    alone.stop()
    received = "SELECT sum(received) FROM ingest_ledger"
    before = tools.scalar(place.database_url, received)
    asyncio.run(tools.publish(place.broker_url, place.fixes(1_500, 1_800)))
    crew = start_crew(3, **place.environment)
    asyncio.run(tools.publish(place.broker_url, place.fixes(1_800, 2_400)))
    tools.until(lambda: len(place.stored()) >= 2_400, "2400 rows")
    assert place.stored() == list(range(2_400))
    assert crew.stop() == 0
    assert tools.scalar(place.database_url, received) == before + 900, "one subscription, not two"


def test_a_session_with_topics_of_its_own_is_left_alone(place: Any, start_daemon: Any, tools: Any) -> None:
    """Nobody else would receive what it collects, so its worker may stay away for as long as it likes."""
    topics = f"{place.root}/+/position=native,{place.root}/+/nmea=nmea"
    start_daemon(**place.environment | {"MQTT_TOPICS": topics}).kill()
    other = start_daemon(**place.environment | {"MQTT_CLIENT_ID": f"{place.root}-other"})
    time.sleep(15)
    assert not other.events("a session that nobody serves is drained")
    assert place.sessions() == {"", "-other"}
    assert place.is_kept(place.root)


def test_who_was_silent_for_too_long_takes_its_session_back(
    place: Any, start_daemon: Any, tools: Any
) -> None:
    shared = place.environment | {"MQTT_SHARE": place.root}
    frozen = start_daemon(**shared | {"MQTT_CLIENT_ID": f"{place.root}-1"})
    other = start_daemon(**shared | {"MQTT_CLIENT_ID": f"{place.root}-2"})
    frozen.process.send_signal(signal.SIGSTOP)
    try:
        asyncio.run(tools.publish(place.broker_url, place.fixes(0, 1_000)))
        other.wait_for("a session has ended")
        tools.until(lambda: len(place.stored()) >= 1_000, "1000 rows")
    finally:
        frozen.process.send_signal(signal.SIGCONT)
    frozen.wait_for("subscribed at the broker", count=2)
    asyncio.run(tools.publish(place.broker_url, place.fixes(1_000, 2_000)))
    tools.until(lambda: len(place.stored()) >= 2_000, "2000 rows")
    assert place.stored() == list(range(2_000))
    assert place.sessions() == {"-1", "-2"}
    assert (frozen.stop(), other.stop()) == (0, 0)


def test_of_several_workers_the_first_is_the_daemon_that_was_alone(tmp_path: Path) -> None:
    environment = {"MQTT_URL": "mqtt://broker", "METRICS_PORT": "9100", "SERIAL_PORTS": "/dev/ttyS0"}
    workers = [settle_for_worker(load(environment), number) for number in (1, 2, 3)]
    names = ["motorpool-ingest", "motorpool-ingest-2", "motorpool-ingest-3"]
    assert [worker.mqtt_client_id for worker in workers] == names
    assert {worker.mqtt_share for worker in workers} == {"motorpool-ingest"}
    assert [worker.metrics_port for worker in workers] == [9100, 9102, 9103]
    assert [len(worker.serial_ports) for worker in workers] == [1, 0, 0]


def test_a_crew_whose_workers_cannot_run_ends_with_their_sentence(
    place: Any, start_daemon: Any, tmp_path: Path
) -> None:
    """Here because a daemon alone has the spool of the serial ports."""
    serial = {"SERIAL_PORTS": str(tmp_path / "ttyGPS")}
    start_daemon(**place.environment | serial | {"MQTT_CLIENT_ID": f"{place.root}-alone"})
    crew = start_daemon("--workers=2", wait=False, **place.environment, **serial)
    assert crew.process.wait(60) == 2
    assert "is in use by another motorpool ingest" in crew.log_text()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "MQTT_URL is not set"),
        ({"MQTT_CLIENT_ID": "a/b"}, "MQTT_CLIENT_ID has /, + or # in it"),
        ({"METRICS_PORT": "65533"}, "METRICS_PORT leaves no port for worker 3"),
    ],
)
def test_what_several_workers_could_not_do_is_refused(environment: dict[str, str], sentence: str) -> None:
    settings = load(environment | ({"MQTT_URL": "mqtt://broker"} if environment else {}))
    with pytest.raises(SettingsError, match=sentence.replace("+", r"\+")):
        settle_for_worker(settings, 3)
