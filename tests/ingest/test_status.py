"""The daemon says how far it is behind: to Prometheus, and in the database for the map."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import psycopg
import pytest

from devices.position import Position
from ingest.status import Status
from local.services import Services
from sql.batches import Batch, Message, Received, Refused
from sql.fleet import adopt_devices
from sql.pool import connect
from sql.queries import queries

FULL = 10


def message(held_s: float = 0) -> Message:
    return Message("mqtt", "fleet/bus-1/position", b"", datetime.now(UTC) - timedelta(seconds=held_s))


def batch(ages_s: list[float], held_s: float = 0) -> Batch:
    now = datetime.now(UTC)
    fixes = [Position(None, now - timedelta(seconds=age), 48.1, 11.5) for age in ages_s]
    return Batch([Received("bus-1", fix, message(held_s)) for fix in fixes])


@pytest.fixture
def status() -> Status:
    """A status that no pulse reports."""
    return Status(FULL)


def test_who_holds_nothing_is_not_behind(status: Status) -> None:
    assert status.measure_behind() == 0


def test_the_oldest_message_of_the_batch_being_stored_counts_until_it_is_stored(status: Status) -> None:
    status.begin(batch([1], held_s=40), 1)
    assert 40 <= status.measure_behind() < 50
    status.end(0)
    assert status.measure_behind() == 0
    status.begin(Batch(refused=[Refused(message(held_s=70), None, "malformed", "no JSON", b"{")]), 1)
    assert 70 <= status.measure_behind() < 80


def test_a_full_batch_of_old_fixes_says_that_the_broker_holds_more(status: Status) -> None:
    status.begin(batch([300.0] * FULL), FULL)
    status.end(0)
    assert 300 <= status.measure_behind() < 310


def test_some_devices_that_send_late_do_not_make_a_full_batch_late(status: Status) -> None:
    status.begin(batch([1.0] * 6 + [50_000.0] * 4), FULL)
    assert status.measure_behind() < 10


def test_old_fixes_in_a_small_batch_are_the_devices_own_delay(status: Status) -> None:
    status.begin(batch([50_000.0] * (FULL - 1)), FULL - 1)
    assert status.measure_behind() < 10


def test_the_map_hears_of_the_slowest_that_still_reports(database_url: str) -> None:
    with connect(database_url, "test", autocommit=True) as connection:
        assert queries.get_ingest_status(connection) == (None, 0)
        for worker, behind_s in (("a", 3), ("b", 17), ("b", 15), ("c", 99)):
            queries.report_ingest(
                connection, worker=worker, behind_s=behind_s, waiting_records=0, paused=False
            )
        connection.execute("UPDATE ingest_status SET updated_at = now() - interval '31 s' WHERE worker = 'c'")
        assert queries.get_ingest_status(connection) == (True, 15)
        connection.execute("UPDATE ingest_status SET updated_at = now() - interval '31 s'")
        assert queries.get_ingest_status(connection) == (False, 0)
        connection.execute(
            "UPDATE ingest_status SET updated_at = now() - interval '61 min' WHERE worker <> 'a'"
        )
        queries.forget_workers(connection)
        assert connection.execute("SELECT worker FROM ingest_status").fetchall() == [("a",)]


def test_a_daemon_whose_storing_is_stuck_still_says_how_far_it_is_behind(
    own_services: Services, start_daemon: Any, tools: Any, free_port: int
) -> None:
    root = f"t{uuid.uuid4().hex[:8]}"
    url = own_services.database_url
    with psycopg.connect(url, autocommit=True) as connection:
        adopt_devices(connection, ["bus-1"])
    daemon = start_daemon(
        DATABASE_URL=url,
        MQTT_URL=own_services.mqtt_url,
        MQTT_CLIENT_ID=root,
        MQTT_TOPICS=f"{root}/+/position=native",
        METRICS_PORT=str(free_port),
    )
    reported = "SELECT behind_s FROM ingest_status"
    tools.until(lambda: tools.scalar(url, "SELECT count(*) FROM ingest_status") == 1, "the first report")
    assert tools.scalar(url, reported) == 0
    fix = orjson.dumps({"time": datetime.now(UTC).isoformat(), "lat": 48, "lon": 11})
    with psycopg.connect(url) as blocker:
        blocker.execute("LOCK TABLE positions IN ACCESS EXCLUSIVE MODE")
        asyncio.run(tools.publish(own_services.mqtt_url, [(f"{root}/bus-1/position", fix)]))
        tools.until(lambda: tools.scalar(url, reported) > 2, "a report of being behind")
        lines = tools.fetch(f"http://127.0.0.1:{free_port}/metrics").splitlines()
        behind = [line for line in lines if line.startswith("motorpool_ingest_behind_seconds ")]
        assert float(behind[0].split()[1]) > 2
        assert tools.scalar(url, "SELECT waiting_records FROM ingest_status") == 1
    tools.until(lambda: tools.scalar(url, reported) == 0, "a report of having caught up")
    assert tools.scalar(url, "SELECT count(*) FROM positions") == 1
    assert daemon.stop() == 0


def test_a_daemon_that_finds_full_batches_of_old_fixes_at_the_broker_says_so(
    database_url: str, broker_url: str, start_daemon: Any, tools: Any
) -> None:
    root = f"t{uuid.uuid4().hex[:8]}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        adopt_devices(connection, ["bus-1"])
    environment = {
        "DATABASE_URL": database_url,
        "MQTT_URL": broker_url,
        "MQTT_CLIENT_ID": root,
        "MQTT_TOPICS": f"{root}/+/position=native",
        "BATCH_SIZE": str(FULL),
    }
    start_daemon(**environment).stop()
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    fixes = [
        {"time": (long_ago + timedelta(milliseconds=number)).isoformat(), "lat": 48, "lon": 11}
        for number in range(50 * FULL)
    ]
    asyncio.run(tools.publish(broker_url, [(f"{root}/bus-1/position", orjson.dumps(fix)) for fix in fixes]))
    start_daemon(**environment)
    behind = "SELECT max(behind_s) FROM ingest_status"
    tools.until(lambda: tools.scalar(database_url, behind) >= 300, "a report of the backlog")
    tools.until(lambda: tools.scalar(database_url, behind) == 0, "a report of having caught up")
    assert tools.scalar(database_url, "SELECT count(*) FROM positions") == len(fixes)


def test_a_daemon_reports_the_broker_and_takes_its_leave(
    own_services: Services, start_daemon: Any, tools: Any
) -> None:
    url = own_services.database_url
    daemon = start_daemon(DATABASE_URL=url, MQTT_URL=own_services.mqtt_url, INGEST_STATEMENT_TIMEOUT="30")
    connected = "SELECT broker_connected FROM process_status WHERE process = 'ingest'"
    tools.until(lambda: tools.scalar(url, connected) is True, "a report that the broker is reached")
    broker = tools.scalar(url, "SELECT broker FROM process_status")
    assert broker == f"127.0.0.1:{own_services.mqtt_url.rpartition(':')[2].strip('/')}"
    assert tools.scalar(url, "SELECT count(*) FROM process_status JOIN ingest_status USING (worker)") == 1
    own_services.mosquitto.stop()
    tools.until(lambda: tools.scalar(url, connected) is False, "a report that it is not")
    own_services.mosquitto.start()
    tools.until(lambda: tools.scalar(url, connected) is True, "a report that it is again")
    assert daemon.stop() == 0
    assert tools.scalar(url, "SELECT count(*) FROM process_status") == 0
