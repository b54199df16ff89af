"""Workers on several hosts: three network namespaces that share one subscription, and one of them dies."""

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from bench.chaos.proxy import Proxy


def ip(arguments: str) -> None:
    subprocess.run(["ip", *arguments.split()], check=True, capture_output=True, text=True)


@dataclass
class Network:
    """Namespaces that reach each other and us over a bridge; `address` is ours."""

    address: str
    namespaces: list[str]
    cables: list[str]

    def unplug(self, number: int) -> None:
        """Let nothing through to a namespace any more, without a word to either end."""
        ip(f"link set {self.cables[number]} down")


@pytest.fixture
def network() -> Iterator[Network]:
    """Three namespaces of this test's own, gone after it whatever happens."""
    if os.geteuid() != 0:
        pytest.skip("only root may make network namespaces")
    if shutil.which("ip") is None:
        pytest.skip("the program ip is missing (apt-get install iproute2)")
    name = f"mp{secrets.token_hex(3)}"
    subnet = f"198.18.{secrets.randbelow(256)}"
    with ExitStack() as undoing:

        def make(arguments: str, undo: str) -> None:
            ip(arguments)
            undoing.callback(ip, undo)

        try:
            make(f"netns add {name}-1", f"netns delete {name}-1")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"network namespaces cannot be made here: {error.stderr.strip()}")
        make(f"link add {name} type bridge", f"link delete {name}")
        ip(f"address add {subnet}.1/24 dev {name}")
        ip(f"link set {name} up")
        for number in (1, 2, 3):
            space, cable = f"{name}-{number}", f"{name}v{number}"
            if number > 1:
                make(f"netns add {space}", f"netns delete {space}")
            # Not left to the end of the namespace, which waits for connections that nobody answers any more.
            make(f"link add {cable} type veth peer name eth0 netns {space}", f"link delete {cable}")
            ip(f"link set {cable} master {name} up")
            ip(f"-n {space} address add {subnet}.{number + 1}/24 dev eth0")
            ip(f"-n {space} link set eth0 up")
            ip(f"-n {space} link set lo up")
        spaces, cables = ([f"{name}{kind}{number}" for number in (1, 2, 3)] for kind in ("-", "v"))
        yield Network(f"{subnet}.1", spaces, cables)


@pytest.fixture
def bridged(network: Network, place: Any) -> Iterator[dict[str, str]]:
    """DATABASE_URL and MQTT_URL as the namespaces reach the services, which listen on 127.0.0.1 alone."""
    with ExitStack() as relays:
        urls = {}
        for name, url in (("DATABASE_URL", place.database_url), ("MQTT_URL", place.broker_url)):
            parts = urlsplit(url)
            port = parts.port or 0
            relay = relays.enter_context(Proxy(lambda port=port: port, network.address))
            account = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
            urls[name] = parts._replace(netloc=f"{account}{network.address}:{relay.port}").geturl()
        yield urls


def stored_by(within: str) -> float:
    """How many records the worker in a namespace has stored, by its own metrics."""
    fetch = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:9100/metrics').read().decode())"
    command = ["ip", "netns", "exec", within, "python3", "-c", fetch]
    page = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    name = 'motorpool_ingest_records_total{outcome="stored",source="mqtt"} '
    return sum(float(line.removeprefix(name)) for line in page.splitlines() if line.startswith(name))


@pytest.mark.parametrize("fate", ["killed", "unplugged"])
def test_when_a_worker_is_gone_the_others_take_over_and_nothing_acknowledged_is_lost(
    fate: str, network: Network, bridged: dict[str, str], place: Any, start_daemon: Any, tools: Any
) -> None:
    first, *others = workers = [
        start_daemon(
            within=["ip", "netns", "exec", space],
            **place.environment
            | bridged
            | {"MQTT_CLIENT_ID": f"{place.root}-{space}", "MQTT_SHARE": place.root, "METRICS_PORT": "9100"},
        )
        for space in network.namespaces
    ]
    with tools.Publisher(place) as publisher:
        tools.until(
            lambda: all(stored_by(space) > 100 for space in network.namespaces), "a start of all three"
        )
        if fate == "killed":
            first.kill()
        else:
            network.unplug(0)
        before = [stored_by(space) for space in network.namespaces[1:]]
        published, gone_at = publisher.acknowledged, time.monotonic()
        tools.until(
            lambda: any(other.events("a session has ended") for other in others),
            "its session to be drained",
            limit=30,
        )
        print(f"{fate}: its share was stored {time.monotonic() - gone_at:.1f} s later")
        tools.until(lambda: publisher.acknowledged > published + 1_000, "more fixes")
    tools.until(lambda: len(place.stored()) >= publisher.acknowledged, "all that was acknowledged")
    assert place.stored() == list(range(publisher.acknowledged))
    after = [stored_by(space) for space in network.namespaces[1:]]
    assert all(late > early + 300 for early, late in zip(before, after, strict=True))
    assert len(workers[0].events("ready")) == 1
    left = {f"-{space}" for space in network.namespaces[1:]}
    tools.until(lambda: place.sessions() == left, "the session to be forgotten")
    assert [other.stop() for other in others] == [0, 0]
