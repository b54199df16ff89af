"""Serial ports as pseudo-terminals: plugged in, unplugged, plugged in again."""

import os
import pty
import tty
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pynmeagps
import pytest

from local.services import Services
from sql.fleet import add_device

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


class Receiver:
    """A GPS unit on a pseudo-terminal, reachable by a stable name as udev would give it."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.master = -1

    def plug_in(self) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(slave))
        os.close(slave)

    def unplug(self) -> None:
        self.link.unlink(missing_ok=True)
        if self.master >= 0:
            os.close(self.master)
        self.master = -1

    def say(self, *seconds: int) -> None:
        for second in seconds:
            os.write(self.master, sentence(second))


def sentence(second: int) -> bytes:
    """The RMC of a fix so many seconds after START."""
    moment = START + timedelta(seconds=second)
    fields = pynmeagps.NMEAMessage(
        "GP", "RMC", pynmeagps.GET, time=moment.time(), status="A", lat=48.0 + second / 1e4, NS="N",
        lon=11.5, EW="E", spd=10.0, cog=90.0, date=moment.date(), posMode="A",
    )  # fmt: skip
    return bytes(fields.serialize())


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    receiver = Receiver(tmp_path / "ttyGPS")
    yield receiver
    receiver.unplug()


@pytest.fixture
def environment(database_url: str, receiver: Receiver) -> dict[str, str]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        add_device(connection, "bus-9", "9")
    return {"DATABASE_URL": database_url, "SERIAL_PORTS": f"{receiver.link}:4800=bus-9"}


def stored_seconds(tools: Any, database_url: str) -> list[int]:
    seconds = "array_agg(extract(epoch FROM fix_time)::bigint ORDER BY fix_time)"
    found = tools.scalar(database_url, f"SELECT coalesce({seconds}, '{{}}') FROM positions")
    return [second - int(START.timestamp()) for second in found]


def test_a_receiver_on_a_serial_port_is_stored(
    receiver: Receiver, environment: dict[str, str], start_daemon: Any, tools: Any
) -> None:
    receiver.plug_in()
    start_daemon(**environment)
    receiver.say(0, 1, 2)
    url = environment["DATABASE_URL"]
    tools.until(lambda: stored_seconds(tools, url) == [0, 1, 2], "three fixes")
    query = "SELECT source || ' ' || sum(received) FROM ingest_ledger GROUP BY source"
    assert tools.scalar(url, query) == f"serial:{receiver.link} 3"


def test_an_unplugged_port_loses_nothing_that_comes_after_its_return(
    receiver: Receiver, environment: dict[str, str], start_daemon: Any, tools: Any
) -> None:
    receiver.plug_in()
    daemon = start_daemon(**environment)
    url = environment["DATABASE_URL"]
    receiver.say(0, 1)
    tools.until(lambda: stored_seconds(tools, url) == [0, 1], "two fixes")
    receiver.unplug()
    daemon.wait_for("serial port closed")
    receiver.plug_in()
    receiver.say(10, 11, 12)
    daemon.wait_for("serial port opened", 2)
    receiver.say(13)
    tools.until(lambda: stored_seconds(tools, url) == [0, 1, 10, 11, 12, 13], "all fixes after the return")
    assert len(daemon.events("serial port closed")) == 1
    assert len(daemon.events("serial port opened")) == 2


def test_a_port_that_is_missing_at_the_start_is_used_when_it_appears(
    receiver: Receiver, environment: dict[str, str], start_daemon: Any, tools: Any
) -> None:
    daemon = start_daemon(**environment)
    daemon.wait_for("serial port cannot be opened yet")
    receiver.plug_in()
    receiver.say(5)
    tools.until(lambda: stored_seconds(tools, environment["DATABASE_URL"]) == [5], "the fix")
    assert len(daemon.events("serial port cannot be opened yet")) == 1


def test_garbage_and_bad_checksums_are_put_aside_and_the_stream_goes_on(
    receiver: Receiver, environment: dict[str, str], start_daemon: Any, tools: Any
) -> None:
    receiver.plug_in()
    start_daemon(**environment)
    receiver.say(0)
    os.write(
        receiver.master,
        b"$GPRMC,070001,A,4800.0000,N,01130.0000,E,010.0,090.0,020326,,,A*00\r\n\xfe\xff\x00garbage\r\n",
    )
    receiver.say(2)
    url = environment["DATABASE_URL"]
    tools.until(lambda: stored_seconds(tools, url) == [0, 2], "the fixes around the garbage")
    tools.until(
        lambda: tools.scalar(url, "SELECT count(*) FROM quarantine WHERE uid = 'bus-9'") == 2, "two put aside"
    )


def held(tools: Any, port: int) -> int:
    """How many positions the daemon says that it keeps on disk; -1 while it does not speak yet."""
    try:
        page = tools.fetch(f"http://127.0.0.1:{port}/metrics")
    except OSError:
        return -1
    (line,) = (line for line in page.splitlines() if line.startswith("motorpool_ingest_spool_held "))
    return int(float(line.split()[1]))


def test_fixes_outlive_a_database_that_is_away_and_a_daemon_that_is_killed(
    receiver: Receiver, own_services: Services, start_daemon: Any, tools: Any, free_port: int
) -> None:
    url = own_services.database_url
    with psycopg.connect(url, autocommit=True) as connection:
        add_device(connection, "bus-9", "9")
    environment = {
        "DATABASE_URL": url,
        "SERIAL_PORTS": f"{receiver.link}:4800=bus-9",
        "METRICS_PORT": str(free_port),
        "BATCH_SIZE": "5",
    }
    receiver.plug_in()
    daemon = start_daemon(**environment)
    receiver.say(0, 1, 2)
    tools.until(lambda: stored_seconds(tools, url) == [0, 1, 2], "the fixes before")
    tools.until(lambda: held(tools, free_port) == 0, "the disk to be free of what is stored")
    own_services.postgres.kill()
    receiver.say(*range(3, 200))
    tools.until(lambda: held(tools, free_port) == 197, "197 fixes on disk")
    assert daemon.events("reading pauses")
    for round_ in (1, 2):
        daemon.kill()
        receiver.unplug()
        receiver.plug_in()
        daemon = start_daemon(wait=False, **environment)
        daemon.wait_for("serial port opened")
        receiver.say(*range(100 + 100 * round_, 200 + 100 * round_))
        tools.until(lambda count=97 + 100 * (round_ + 1): held(tools, free_port) == count, "all on disk")
    own_services.postgres.start()
    receiver.say(*range(400, 420))
    tools.until(lambda: stored_seconds(tools, url) == list(range(420)), "every fix, once")
    assert tools.scalar(url, "SELECT sum(stored) FROM ingest_ledger") == 420
    assert daemon.stop() == 0
    again = start_daemon(**environment)
    assert not again.events("positions kept on disk are stored now")


def test_an_epoch_under_way_at_a_stop_is_stored_after_the_next_start(
    receiver: Receiver, environment: dict[str, str], start_daemon: Any, tools: Any
) -> None:
    receiver.plug_in()
    daemon = start_daemon(**environment, BATCH_AGE_MS="1")
    os.write(receiver.master, sentence(0) + sentence(1))  # the second ends the epoch of the first
    tools.until(lambda: stored_seconds(tools, environment["DATABASE_URL"]), "the first fix")
    assert daemon.stop() == 0
    start_daemon(**environment)
    tools.until(lambda: stored_seconds(tools, environment["DATABASE_URL"]) == [0, 1], "the second fix")
