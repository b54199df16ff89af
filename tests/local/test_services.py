"""The embedded services, on the real programs: what they promise across stops, kills and busy ports."""

import asyncio
import os
import socket
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
import psycopg
import pytest
from aiomqtt import ProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from local.services import Services
from local.services.daemon import Daemon


@pytest.fixture(scope="module")
def place(open_place: Path) -> Path:
    return open_place / "it's 50% data: mine"


@pytest.fixture(scope="module")
def kept(place: Path, binaries: Path) -> Iterator[Services]:
    """Services as an operator gets them, in a directory with an awkward name."""
    with Services(place, binaries) as services:
        yield services


@pytest.fixture
def services(kept: Services) -> Services:
    """The same, running, whatever the test before did to them."""
    kept.start()
    return kept


@pytest.fixture(params=["postgres", "mosquitto"])
def service(services: Services, request: pytest.FixtureRequest) -> Daemon:
    found: Daemon = getattr(services, request.param)
    return found


def ask(services: Services, query: str) -> object:
    with psycopg.connect(services.database_url) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        return row and row[0]


def connect(services: Services, client_id: str) -> aiomqtt.Client:
    """A client with a session that outlives its connection."""
    lasting = Properties(PacketTypes.CONNECT)
    lasting.SessionExpiryInterval = 3600
    return aiomqtt.Client(
        "127.0.0.1",
        services.mosquitto.port,
        identifier=client_id,
        protocol=ProtocolVersion.V5,
        clean_start=False,
        properties=lasting,
    )


async def subscribe(services: Services, client_id: str, topic: str) -> None:
    async with connect(services, client_id) as client:
        await client.subscribe(topic, qos=1)


async def publish(services: Services, topic: str, payloads: list[bytes]) -> None:
    """Publish and wait for every acknowledgement."""
    async with connect(services, "publisher") as client:
        for payload in payloads:
            await client.publish(topic, payload, qos=1)


async def receive(services: Services, client_id: str, count: int) -> list[object]:
    async with asyncio.timeout(20), connect(services, client_id) as client:
        return [(await anext(client.messages)).payload for _ in range(count)]


def test_the_database_has_timescaledb_to_offer(services: Services) -> None:
    query = "SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'"
    assert str(ask(services, query)).startswith("2.")


def test_a_commit_means_the_disk(services: Services) -> None:
    assert (ask(services, "SHOW fsync"), ask(services, "SHOW synchronous_commit")) == ("on", "on")


def test_the_database_listens_on_the_loopback_interface_only(services: Services) -> None:
    assert ask(services, "SHOW listen_addresses") == "127.0.0.1"


def test_the_database_refuses_a_wrong_password(services: Services) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(services.database_url, password="guessed")


def test_the_password_is_kept_from_other_users(services: Services) -> None:
    mode = (services.home / "postgres.password").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_second_start_changes_nothing(service: Daemon) -> None:
    before = service.pid
    service.start()
    assert service.pid == before


def test_starts_at_the_same_time_make_one_server(service: Daemon, place: Path, binaries: Path) -> None:
    service.stop()
    rivals = [getattr(Services(place, binaries), service.name) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda rival: rival.start(), rivals))
    assert len({rival.pid for rival in rivals}) == 1


def test_stopping_twice_is_no_error(service: Daemon) -> None:
    service.stop()
    service.stop()
    assert not service.alive()


def test_rows_survive_a_stop_and_a_kill(services: Services) -> None:
    with psycopg.connect(services.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
    services.postgres.stop()
    services.postgres.start()
    with psycopg.connect(services.database_url) as connection:
        connection.execute("INSERT INTO kept VALUES (2)")
    services.postgres.kill()
    assert not services.alive()
    services.postgres.start()
    assert ask(services, "SELECT array_agg(number ORDER BY number) FROM kept") == [1, 2]


def test_a_query_that_outlives_a_killed_server_does_not_keep_the_next_one_away(services: Services) -> None:
    connection = psycopg.connect(services.database_url, autocommit=True)
    connection.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000000)")
    services.postgres.kill()
    services.postgres.start()
    connection.close()
    assert ask(services, "SELECT 1") == 1


def test_acknowledged_messages_survive_a_killed_broker(services: Services) -> None:
    payloads = [str(number).encode() for number in range(500)]
    asyncio.run(subscribe(services, "offline", "fleet/+/position"))
    asyncio.run(publish(services, "fleet/bus-1/position", payloads))
    services.mosquitto.kill()
    services.mosquitto.start()
    assert asyncio.run(receive(services, "offline", 500)) == payloads


def test_more_messages_than_the_usual_limit_wait_for_an_absent_client(services: Services) -> None:
    payloads = [str(number).encode() for number in range(2_000)]
    asyncio.run(subscribe(services, "late", "fleet/+/nmea"))
    asyncio.run(publish(services, "fleet/bus-1/nmea", payloads))
    assert asyncio.run(receive(services, "late", 2_000)) == payloads


def test_a_payload_of_a_mebibyte_passes(services: Services) -> None:
    payload = bytes(1 << 20)
    asyncio.run(subscribe(services, "large", "large"))
    asyncio.run(publish(services, "large", [payload]))
    assert asyncio.run(receive(services, "large", 1)) == [payload]


def test_a_port_is_kept_across_restarts(service: Daemon) -> None:
    port = service.port
    service.stop()
    service.start()
    assert service.port == port


def test_a_port_taken_by_another_program_is_replaced(service: Daemon) -> None:
    port = service.port
    service.stop()
    with socket.create_server(("127.0.0.1", port)):
        service.start()
        assert service.port != port
        assert service.answers()


def test_a_pid_file_that_names_another_program_is_seen_through(service: Daemon) -> None:
    service.stop()
    (service.folder / service.pid_file).write_text(f"{os.getpid()}\n")
    assert not service.alive()
    service.stop()
    service.start()
    assert service.answers()
    assert service.pid != os.getpid()


def test_ctrl_c_in_a_terminal_does_not_reach_the_servers(service: Daemon) -> None:
    assert service.pid
    assert os.getsid(service.pid) != os.getsid(0)
    assert os.getpgid(service.pid) != os.getpgid(0)


def test_the_status_tells_all_but_the_password(services: Services) -> None:
    status = services.status()
    url = services.database_url.replace(f":{urlsplit(services.database_url).password}@", "@")
    assert status["postgres"] == {
        "running": True,
        "pid": services.postgres.pid,
        "port": services.postgres.port,
        "version": ask(services, "SELECT split_part(current_setting('server_version'), ' ', 1)"),
        "url": url,
    }
    assert status["mosquitto"]["url"] == services.mqtt_url


def test_services_for_tests_clone_databases_from_a_template(open_place: Path, binaries: Path) -> None:
    services = Services(open_place / "for tests", binaries, test=True)
    services.start(names=["postgres"])
    try:
        with psycopg.connect(services.database_url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION timescaledb")
        with psycopg.connect(services.database_url, dbname="postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE clone TEMPLATE motorpool")
    finally:
        services.stop()
