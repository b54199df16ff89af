"""A page that watches the live map, as far as the server can tell: signed in, on a live connection."""

import http.cookiejar
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import socketio  # type: ignore[import-untyped]

READY_S = 60
NAMESPACE = "/live"


class Watcher:
    """`frames` holds the moments (monotonic) at which moving vehicles were told of."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self.frames: list[float] = []
        self.greatest_behind_s = 0.0
        self._client = socketio.Client(reconnection=False)
        for event in ("snapshot", "delta"):
            self._client.on(event, self._hear, namespace=NAMESPACE)
        cookies = {"Cookie": _sign_in(url, email, password)}
        self._client.connect(url, headers=cookies, transports=["websocket"], namespaces=[NAMESPACE])
        self._client.call("view", {"bounds": None, "zoom": 12, "filters": {}}, NAMESPACE, timeout=READY_S)

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()

    def _hear(self, data: dict[str, Any]) -> None:
        if data["vehicles"]:
            self.frames.append(time.monotonic())
        if ingest := data.get("ingest"):
            self.greatest_behind_s = max(self.greatest_behind_s, ingest["behind_s"])


def find_longest_pause(begin: float, frames: Iterable[float], end: float) -> float:
    """The longest time without a frame between these moments."""
    moments = [begin, *(frame for frame in frames if begin < frame < end), end]
    return max(after - before for before, after in pairwise(moments))


def wait_until_ready(url: str) -> None:
    """Return when the site has read its fleet."""
    deadline = time.monotonic() + READY_S
    while True:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=10):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _sign_in(url: str, email: str, password: str) -> str:
    """The Cookie header of this person."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with opener.open(f"{url}/sign-in", timeout=READY_S) as form:
        found = re.search(r'name="csrf_token" value="([^"]+)"', form.read().decode())
    assert found
    fields = urllib.parse.urlencode({"csrf_token": found[1], "email": email, "password": password})
    with opener.open(f"{url}/sign-in", fields.encode(), timeout=READY_S):
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
