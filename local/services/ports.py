"""Free ports on the loopback interface."""

import random
import socket
import time
from pathlib import Path

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def choose_port() -> int:
    """A free port below those that the system hands to outgoing connections.

    From within that range a client that retries against a stopped server can be given the server's own
    port as its source, connect to itself and keep the server from coming back.
    """
    top = int(EPHEMERAL.read_text().split()[0]) if EPHEMERAL.exists() else 32768
    while True:
        port = random.randrange(10_000, max(top, 11_000))  # noqa: S311 (not a secret)
        if is_free(port):
            return port


def becomes_free(port: int, within_s: float = 3.0) -> bool:
    """Whether a server could listen on this port soon.

    A killed server's command line is gone a moment before its sockets are. Who then takes another port is
    out of reach for all clients that know the old one.
    """
    deadline = time.monotonic() + within_s
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
