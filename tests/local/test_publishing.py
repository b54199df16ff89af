"""Publishing, replaying and simulating through a real broker, a real database and real pseudo-terminals."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import psycopg
import pytest
import serial
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pynmeagps import NMEAReader

from local.demo import register_fleet
from local.publisher import Publisher
from local.services import Services
from local.town.town import name_drawing
from sql.migration import migrate

CAPMETRO = "uid=vehicle_id,time=timestamp,lat=latitude,lon=longitude,speed=speed"


@pytest.fixture(scope="module")
def services(open_place: Path, binaries: Path) -> Iterator[Services]:
    """A database and a broker for this module: a replay cannot choose its topics, so it gets its own."""
    with Services(open_place / "services", binaries=binaries, test=True) as services:
        migrate(services.database_url)
        yield services


class Mailbox:
    """A subscriber that the broker keeps messages for, even over its own death."""

    def __init__(self, url: str, *topics: str) -> None:
        self._url, self._topics = urlsplit(url), topics
        self._name = f"mailbox-{uuid.uuid4()}"
        asyncio.run(self._subscribe())

    def _client(self) -> aiomqtt.Client:
        keep = Properties(PacketTypes.CONNECT)
        keep.SessionExpiryInterval = 600
        return aiomqtt.Client(
            str(self._url.hostname),
            self._url.port or 1883,
            identifier=self._name,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=keep,
        )

    async def _subscribe(self) -> None:
        async with self._client() as client:
            for topic in self._topics:
                await client.subscribe(topic, qos=1)

    def collect(self, enough: Callable[[list[aiomqtt.Message]], bool]) -> list[aiomqtt.Message]:
        """All messages, in the order of their arrival, as soon as there are enough."""
        return asyncio.run(self._collect(enough))

    async def _collect(self, enough: Callable[[list[aiomqtt.Message]], bool]) -> list[aiomqtt.Message]:
        received: list[aiomqtt.Message] = []
        async with self._client() as client, asyncio.timeout(60):
            async for message in client.messages:
                received.append(message)
                if enough(received):
                    return received
        return received


def numbers(messages: list[aiomqtt.Message]) -> list[int]:
    return [int(bytes(message.payload)) for message in messages]


def test_a_broker_that_goes_and_comes_costs_no_message_and_no_order(own_services: Services) -> None:
    """It ends in order here: killed, it would lose a few that it had acknowledged but not yet written."""
    mailbox = Mailbox(own_services.mqtt_url, "test/restart")
    total = 4000

    async def publish() -> None:
        publisher = Publisher(own_services.mqtt_url, capacity=300)
        running = asyncio.create_task(publisher.run())
        for number in range(total):
            await publisher.put("test/restart", b"%d" % number)
            if number in (1000, 2500):
                await asyncio.to_thread(own_services.mosquitto.stop)
                await asyncio.to_thread(own_services.mosquitto.start)
        await publisher.drained()
        assert publisher.acknowledged == total
        running.cancel()

    asyncio.run(publish())
    received = numbers(mailbox.collect(lambda messages: int(bytes(messages[-1].payload)) == total - 1))
    assert list(dict.fromkeys(received)) == list(range(total))


def test_while_the_broker_is_away_the_newest_messages_are_kept(services: Services) -> None:
    mailbox = Mailbox(services.mqtt_url, "test/away")

    async def publish() -> None:
        publisher = Publisher(services.mqtt_url, capacity=10)
        for number in range(25):
            publisher.offer("test/away", b"%d" % number)
        assert publisher.dropped == 15
        running = asyncio.create_task(publisher.run())
        await publisher.drained()
        running.cancel()

    asyncio.run(publish())
    assert numbers(mailbox.collect(lambda messages: len(messages) == 10)) == list(range(15, 25))


def run(services: Services | None, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `motorpool` as a user would, to its end."""
    if services:
        environment = {"DATABASE_URL": services.database_url, "MQTT_URL": services.mqtt_url} | environment
    return subprocess.run(
        [sys.executable, "-c", "import motorpool; motorpool.main()", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_real_day_arrives_whole_and_its_devices_are_adopted(
    services: Services, recordings: Path, tmp_path: Path
) -> None:
    day = recordings / "traces/capmetro/2015-03-07.csv"
    with day.open() as file:
        header, *rows = file
    random.Random(1).shuffle(rows)
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text("".join([header, *rows]))
    mailbox = Mailbox(services.mqtt_url, "fleet/+/position")
    how = ["--columns", CAPMETRO, "--speed-unit", "mph", "--adopt", "--json"]
    for file in (day, shuffled):
        done = run(services, "replay", str(file), *how)
        assert done.returncode == 0, done.stderr
        summary = json.loads(done.stdout)
        assert (summary["sent"], summary["acknowledged"], summary["unreadable"]) == (44_564, 44_564, 0)
    received = mailbox.collect(lambda messages: len(messages) == 2 * 44_564)
    distinct = {(str(message.topic), json.loads(message.payload)["time"]) for message in received}
    assert len(distinct) == 44_425
    with psycopg.connect(services.database_url) as connection:
        adopted = connection.execute(
            "SELECT count(*) FROM devices JOIN vehicles ON vehicles.id = vehicle_id AND fleet_number = uid"
        ).fetchone()
    assert adopted == (158,)


def test_unreadable_rows_are_named_and_counted_and_the_others_sent(
    services: Services, tmp_path: Path
) -> None:
    file = tmp_path / "day.csv"
    file.write_text(
        "uid,time,lat,lon\nrow-1,2026-01-01T00:00:00Z,1.5,2\nrow-1,soon,1,2\nrow-1,2026-01-01T00:00:01Z,91,2\n"
    )
    mailbox = Mailbox(services.mqtt_url, "fleet/row-1/position")
    done = run(services, "replay", str(file))
    assert done.returncode == 0
    assert done.stdout.startswith("2 sent, 2 acknowledged, 1 unreadable, ")
    assert f"{file}:3: the time 'soon' is not ISO 8601" in done.stderr
    received = mailbox.collect(lambda messages: len(messages) == 2)
    assert [json.loads(message.payload)["lat"] for message in received] == [1.5, 91.0]


def test_a_recording_is_replayed_in_order_of_time_and_sentences_by_epoch(
    services: Services, tmp_path: Path
) -> None:
    file = tmp_path / "walk.csv"
    rows = [f"row-2,2026-01-01T00:00:{second:02d}Z,1,2" for second in (30, 10, 20)]
    file.write_text("\n".join(["uid,time,lat,lon", *rows]))
    log = tmp_path / "boat.nmea"
    log.write_bytes(b"$GPRMC,120000,A\r\n$GPGSA,A\r\n$GPRMC,120001,A\r\n")
    mailbox = Mailbox(services.mqtt_url, "fleet/row-2/position", "fleet/boat/nmea")
    assert run(services, "replay", str(file), "--times", "100").returncode == 0
    assert run(services, "replay", str(log), "--rate", "100").returncode == 0
    received = mailbox.collect(lambda messages: len(messages) == 5)
    assert [json.loads(message.payload)["time"][17:] for message in received[:3]] == ["10Z", "20Z", "30Z"]
    assert [bytes(m.payload) for m in received[3:]] == [
        b"$GPRMC,120000,A\r\n$GPGSA,A\r\n",
        b"$GPRMC,120001,A\r\n",
    ]


def test_what_stays_unacknowledged_is_an_error(tmp_path: Path, free_port: int) -> None:
    file = tmp_path / "day.csv"
    file.write_text("uid,time,lat,lon\nrow-3,2026-01-01T00:00:00Z,1,2\n")
    done = run(
        None, "replay", str(file), "--give-up", "0.5", "--json", MQTT_URL=f"mqtt://127.0.0.1:{free_port}"
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["acknowledged"] == 0
    assert "the broker has acknowledged nothing for 0.5 s" in done.stderr


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--columns", "uid=vehicle"], "there is no column 'vehicle'"),
        (["--rate", "1", "--times", "1"], "exclude each other"),
        (["--timezone", "Mars/Olympus"], "no such zone"),
        (["--serial"], "wants a file of NMEA sentences"),
        (["--nmea", "a/b"], "no topic can hold"),
        (["--rate", "0"], "is not in the range"),
    ],
)
def test_wrong_usage_is_said_and_exits_with_2(
    tmp_path: Path, options: list[str], reason: str, free_port: int
) -> None:
    file = tmp_path / "day.csv"
    file.write_text("uid,time,lat,lon\n")
    done = run(None, "replay", str(file), *options, MQTT_URL=f"mqtt://127.0.0.1:{free_port}")
    assert done.returncode == 2
    assert reason in done.stderr


def start(services: Services, data_dir: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "import motorpool; motorpool.main()", *arguments],
        env={
            **os.environ,
            "DATABASE_URL": services.database_url,
            "MQTT_URL": services.mqtt_url,
            "DATA_DIR": str(data_dir),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.05)


def test_a_log_is_spoken_into_a_serial_port_to_the_last_byte(services: Services, tmp_path: Path) -> None:
    log = tmp_path / "boat.nmea"
    sentences = b"".join(
        b"$GPRMC,%02d%02d%02d,A,%s\r\n" % (n // 3600, n // 60 % 60, n % 60, b"x" * 40) for n in range(500)
    )
    log.write_bytes(sentences)
    replay = start(services, tmp_path, "replay", str(log), "--serial", "--times", "10000", "--json")
    path = tmp_path / "serial" / "boat"
    wait_for(path)
    with serial.Serial(str(path), 4800, timeout=10) as port:
        heard = port.read(len(sentences))
    output, _ = replay.communicate(timeout=60)
    assert heard == sentences
    assert json.loads(output)["sent"] == 500
    assert replay.returncode == 0
    assert not path.exists()


def test_the_simulator_reports_over_mqtt_and_serial_ports_until_it_is_told_to_stop(
    services: Services, tmp_path: Path
) -> None:
    mailbox = Mailbox(services.mqtt_url, "fleet/bus-101/position", "fleet/bus-102/position")
    simulator = start(services, tmp_path, "simulate", "--vehicles", "3", "--interval", "0.2", "--serial", "1")
    path = tmp_path / "serial" / "bus-103"
    wait_for(path)
    with serial.Serial(str(path), 4800, timeout=10) as port:
        heard = [NMEAReader.parse(port.readline()) for _ in range(8)]
    received = mailbox.collect(lambda messages: len(messages) >= 20)
    simulator.send_signal(signal.SIGTERM)
    _, log = simulator.communicate(timeout=60)
    assert simulator.returncode == 0, log
    assert {sentence.msgID for sentence in heard} == {"GGA", "RMC", "GSA", "VTG"}
    assert {str(message.topic) for message in received} == {
        "fleet/bus-101/position",
        "fleet/bus-102/position",
    }
    fix = json.loads(received[0].payload)
    assert set(fix) >= {"time", "lat", "lon", "speed", "course", "odometer", "ignition", "fuel_percent"}
    assert not path.exists()
    assert '"event": "simulator drives"' in log
    with psycopg.connect(services.database_url) as connection:
        buses = connection.execute(
            "SELECT uid, fleet_number FROM devices JOIN vehicles ON vehicles.id = vehicle_id"
            " WHERE uid LIKE 'bus-%' ORDER BY uid"
        ).fetchall()
    assert buses == [("bus-101", "101"), ("bus-102", "102"), ("bus-103", "103")]


def count(connection: psycopg.Connection, query: str) -> Any:
    return connection.execute(query).fetchone()


def test_registering_again_changes_nothing_and_another_seed_replaces_the_town(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO map_features (layer, name, geometry) VALUES ('park', 'Our own', '{}')"
        )
        connection.commit()
        register_fleet(connection, vehicles=4)
        before = count(
            connection, "SELECT count(*), min(id), max(id) FROM map_features WHERE name <> 'Our own'"
        )
        connection.execute("UPDATE vehicles SET fleet_number = 'Yellow 1' WHERE fleet_number = '101'")
        connection.commit()
        register_fleet(connection, vehicles=4)
        after = count(
            connection, "SELECT count(*), min(id), max(id) FROM map_features WHERE name <> 'Our own'"
        )
        assert before == after
        assert before[0] > 800
        assert count(connection, "SELECT count(*) FROM devices") == (4,)
        assert count(connection, "SELECT count(*) FROM vehicles") == (4,)
        register_fleet(connection, vehicles=4, seed=8)
        towns = "SELECT DISTINCT properties ->> 'town' FROM map_features WHERE properties ? 'town'"
        assert connection.execute(towns).fetchall() == [(name_drawing(8),)]
        assert count(connection, "SELECT count(*) FROM map_features WHERE name = 'Our own'") == (1,)
