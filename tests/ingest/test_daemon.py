"""The daemon as a process, between the real broker and the real database: nothing lost, nothing double."""

import asyncio
import random
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from local.services import Services
from sql.fleet import adopt_devices

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
DEVICES = 40


@dataclass
class Place:
    """Topics, a client id and a database of one test."""

    database_url: str
    broker_url: str
    root: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database_url,
            "MQTT_URL": self.broker_url,
            "MQTT_CLIENT_ID": self.root,
            "MQTT_TOPICS": f"{self.root}/+/position=native,{self.root}/+/nmea=nmea",
        }

    def fix(self, number: int) -> tuple[str, bytes]:
        """The message with the fix of this number: each number is one device and one moment."""
        device, second = number % DEVICES, number // DEVICES
        time_of_fix = (START + timedelta(seconds=second)).isoformat()
        payload = {"time": time_of_fix, "lat": 48 + number * 1e-6, "lon": 11.0, "number": number}
        return f"{self.root}/bus-{device}/position", orjson.dumps(payload)


def adopt(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        adopt_devices(connection, [f"bus-{number}" for number in range(DEVICES)])


@pytest.fixture
def place(database_url: str, broker_url: str) -> Place:
    adopt(database_url)
    return Place(database_url, broker_url, f"t-{uuid.uuid4().hex}")


@pytest.fixture
def own_place(own_services: Services) -> Place:
    adopt(own_services.database_url)
    return Place(own_services.database_url, own_services.mqtt_url, "fleet")


def test_what_is_published_is_stored_with_its_latest_fix(place: Place, start_daemon: Any, tools: Any) -> None:
    start_daemon(**place.environment)
    numbers = list(range(2_000))
    random.Random(1).shuffle(numbers)
    messages = [place.fix(number) for number in numbers]
    asyncio.run(tools.publish(place.broker_url, messages + messages[:500]))
    ledger = "SELECT coalesce(sum(received), 0) FROM ingest_ledger"
    tools.until(lambda: tools.scalar(place.database_url, ledger) == 2_500, "2500 records in the ledger")
    assert tools.scalar(place.database_url, "SELECT count(*) FROM positions") == 2_000
    assert (
        tools.scalar(place.database_url, "SELECT sum(stored) || ' ' || sum(duplicate) FROM ingest_ledger")
        == "2000 500"
    )
    wrong = """SELECT count(*) FROM latest_positions JOIN
        (SELECT device_id, max(fix_time) AS newest FROM positions GROUP BY 1) AS truth USING (device_id)
        WHERE fix_time <> newest"""
    assert tools.scalar(place.database_url, wrong) == 0


HOSTILE = {
    "malformed": b"{not json",
    "latitude": b'{"time": "2026-03-02T07:00:00Z", "lat": 91, "lon": 1}',
    "future": b'{"time": "2080-03-02T07:00:00Z", "lat": 9, "lon": 1}',
    "nan": b'{"time": "2026-03-02T07:00:00Z", "lat": NaN, "lon": 1}',
    "mebibyte": b"x" * 1_048_576,
    "nul": b'{"time": "2026-03-02T07:00:00Z", "lat": 9, "lon": 1, "text": "\\u0000"}',
    "bytes": bytes(range(256)),
    "deep": b"[" * 10_000,
}


def test_poison_of_every_kind_is_put_aside_and_the_stream_goes_on(
    place: Place, start_daemon: Any, tools: Any
) -> None:
    start_daemon(**place.environment)
    topic = f"{place.root}/bus-1/position"
    poison = [(topic, payload) for payload in HOSTILE.values()]
    stranger = (f"{place.root}/stranger/position", place.fix(1)[1])
    asyncio.run(tools.publish(place.broker_url, [*poison, stranger, (topic, b""), place.fix(1)], in_flight=1))
    tools.until(
        lambda: tools.scalar(place.database_url, "SELECT count(*) FROM positions") == 1, "the good fix"
    )
    with psycopg.connect(place.database_url) as connection:
        aside = connection.execute("SELECT reason, size_bytes, raw FROM quarantine ORDER BY id").fetchall()
        sums = "sum(received), sum(stored), sum(duplicate), sum(quarantined), sum(ignored)"
        (ledger,) = connection.execute(f"SELECT {sums} FROM ingest_ledger").fetchall()
    assert len(aside) == len(HOSTILE) + 1
    assert {(row[1], row[2]) for row in aside} == {
        (len(payload), payload[:65_536]) for payload in (*HOSTILE.values(), stranger[1])
    }
    assert {"malformed", "future fix", "payload too large", "unknown device"} == {row[0] for row in aside}
    assert ledger == (len(HOSTILE) + 2, 1, 0, len(HOSTILE) + 1, 1)


def test_messages_published_while_the_daemon_is_down_arrive_when_it_is_back(
    place: Place, start_daemon: Any, tools: Any
) -> None:
    daemon = start_daemon(**place.environment)
    assert daemon.stop() == 0
    asyncio.run(tools.publish(place.broker_url, [place.fix(number) for number in range(500)]))
    start_daemon(**place.environment)
    tools.until(lambda: tools.scalar(place.database_url, "SELECT count(*) FROM positions") == 500, "500 rows")


def test_a_retained_message_is_put_aside_as_the_repetition_it_is(
    place: Place, start_daemon: Any, tools: Any
) -> None:
    async def retain(payload: bytes) -> None:
        async with tools.client(place.broker_url) as client:
            await client.publish(place.fix(3)[0], payload, qos=1, retain=True)

    asyncio.run(retain(place.fix(3)[1]))
    start_daemon(**place.environment)
    aside = "SELECT string_agg(reason, ',') FROM quarantine"
    tools.until(
        lambda: tools.scalar(place.database_url, aside) == "retained", "the retained message in quarantine"
    )
    asyncio.run(retain(b""))


def test_a_stop_stores_what_was_received_and_acknowledges_it(
    place: Place, start_daemon: Any, tools: Any
) -> None:
    slow = {"BATCH_AGE_MS": "60000", "BATCH_SIZE": "100000"}
    daemon = start_daemon(**place.environment, **slow)
    asyncio.run(tools.publish(place.broker_url, [place.fix(number) for number in range(300)]))
    time.sleep(0.3)
    assert tools.scalar(place.database_url, "SELECT count(*) FROM positions") == 0
    assert daemon.stop() == 0
    assert tools.scalar(place.database_url, "SELECT count(*) FROM positions") == 300
    again = start_daemon(**place.environment)
    time.sleep(0.5)
    assert again.stop() == 0
    assert tools.scalar(place.database_url, "SELECT sum(received) FROM ingest_ledger") == 300


@pytest.mark.parametrize("victim", ["daemon", "broker", "database"])
def test_a_kill_in_the_middle_loses_nothing_and_doubles_nothing(
    victim: str, own_place: Place, own_services: Services, start_daemon: Any, tools: Any
) -> None:
    total = 12_000
    messages = [own_place.fix(number) for number in range(total)]
    environment = own_place.environment | {"BATCH_SIZE": "500"}
    daemon = start_daemon(**environment)
    publishing = threading.Thread(target=lambda: asyncio.run(tools.publish(own_place.broker_url, messages)))
    publishing.start()
    try:
        for share in (0.2, 0.4, 0.6):
            tools.until(
                lambda share=share: (
                    tools.scalar(own_place.database_url, "SELECT count(*) FROM positions") >= share * total
                ),
                f"{share:.0%} of the rows",
            )
            if victim == "daemon":
                daemon.kill()
                daemon = start_daemon(wait=False, **environment)
            else:
                service = own_services.mosquitto if victim == "broker" else own_services.postgres
                service.kill()
                time.sleep(0.3)
                service.start()
    finally:
        publishing.join()
    tools.until(
        lambda: tools.scalar(own_place.database_url, "SELECT count(*) FROM positions") >= total, "all rows"
    )
    assert daemon.stop() == 0
    distinct = "SELECT count(DISTINCT (attributes->>'number')::int) FROM positions"
    assert tools.scalar(own_place.database_url, distinct) == total
    assert tools.scalar(own_place.database_url, "SELECT count(*) FROM positions") == total
    unbalanced = "SELECT count(*) FROM ingest_ledger WHERE received <> stored + duplicate + quarantined"
    assert tools.scalar(own_place.database_url, unbalanced) == 0
    assert tools.scalar(own_place.database_url, "SELECT sum(stored) FROM ingest_ledger") == total


def test_without_anything_to_read_from_the_start_is_refused_with_a_sentence(
    database_url: str, start_daemon: Any
) -> None:
    daemon = start_daemon(wait=False, DATABASE_URL=database_url)
    assert daemon.process.wait(20) == 2
    assert "Neither MQTT_URL nor SERIAL_PORTS is set" in daemon.log_text()


def test_metrics_tell_what_became_of_the_records(
    place: Place, start_daemon: Any, tools: Any, free_port: int
) -> None:
    start_daemon(**place.environment, METRICS_PORT=str(free_port))
    asyncio.run(tools.publish(place.broker_url, [place.fix(1), place.fix(1), place.fix(2)], in_flight=1))
    tools.until(
        lambda: tools.scalar(place.database_url, "SELECT coalesce(sum(received), 0) FROM ingest_ledger") == 3,
        "3 records",
    )
    wanted = 'motorpool_ingest_records_total{outcome="stored",source="mqtt"} 2.0'
    tools.until(lambda: wanted in tools.fetch(f"http://127.0.0.1:{free_port}/metrics"), "the metrics")


def test_systemd_hears_that_the_daemon_is_ready_and_alive(
    place: Place, start_daemon: Any, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        start_daemon(**place.environment, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="2000000")
        assert systemd.recv(1024) == b"READY=1\n"
        assert [systemd.recv(1024) for _ in range(3)] == [b"WATCHDOG=1\n"] * 3


def test_while_the_database_is_away_reading_stops_and_nothing_is_lost(
    own_place: Place, own_services: Services, start_daemon: Any, tools: Any
) -> None:
    daemon = start_daemon(**own_place.environment, BATCH_SIZE="500")
    own_services.postgres.kill()
    lists = []
    for device in range(DEVICES):
        fixes = [orjson.loads(own_place.fix(second * DEVICES + device)[1]) for second in range(500)]
        lists.append((f"fleet/bus-{device}/position", orjson.dumps(fixes)))
    asyncio.run(tools.publish(own_place.broker_url, lists))
    daemon.wait_for("reading pauses")
    own_services.postgres.start()
    daemon.wait_for("reading resumes")
    total = 500 * DEVICES
    tools.until(
        lambda: tools.scalar(own_place.database_url, "SELECT count(*) FROM positions") == total,
        f"{total} rows",
    )
    assert daemon.stop() == 0
