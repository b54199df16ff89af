"""The sessions at the broker that this process answers for, and those that nobody answers for any more.

A session outlives its process and goes on collecting: of a shared subscription, even its share of what is
published, which the broker then gives to nobody else (docs/decisions.md). So each process says in the
database, every 2 s, that it is there for its session. Where that stops, another process that is subscribed
to the same topics adopts the session: it drains it and ends it (`ingest/adoption.py`).

A mistake costs nothing: who finds its session adopted claims it again and takes it back, and what both
stored is stored once.
"""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg

from sql.pulse import BEAT_S
from sql.queries import queries

SILENT_S = 10.0
CLAIM_TIMEOUT_S = 3 * BEAT_S

Key = tuple[str, str]


class Orphan(NamedTuple):
    """A session that we adopted; `broker` is how its own worker names the broker."""

    broker: str
    client_id: str
    filters: list[str]
    former_worker: str


def share_pattern(pattern: str, share: str | None) -> str:
    """The filter that subscribes to a pattern, alone or as one of several."""
    return f"$share/{share}/{pattern}" if share else pattern


def find_pattern(topic_filter: str) -> str:
    """The pattern in a filter, shared or not."""
    return topic_filter.split("/", 2)[2] if topic_filter.startswith("$share/") else topic_filter


class Sessions:
    """`beat` runs in the pulse's thread, all else in the event loop; `broker` is how we name the broker."""

    def __init__(self, broker_url: str, client_id: str, filters: Iterable[str]) -> None:
        parts = urlsplit(broker_url)
        self.broker = f"{parts.hostname}:{parts.port or (8883 if parts.scheme == 'mqtts' else 1883)}"
        self._client_id = client_id
        self._filters = list(filters)
        self._patterns = {find_pattern(topic_filter) for topic_filter in self._filters}
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._loop = asyncio.get_running_loop()
        self._claimed = asyncio.Event()
        self._known_filters: list[str] = self._filters
        self._orphans: asyncio.Queue[Orphan] = asyncio.Queue()
        self._seen: dict[Key, tuple[datetime, float]] = {}
        self._foreign: set[Key] = set()
        self._beaten_at = 0.0
        self._must_claim = True
        self._taken_over = False
        self._is_known = self._is_subscribed = False
        self._is_narrow = True
        self._is_free = False
        self._finished: list[tuple[Orphan, bool]] = []

    async def claim(self) -> list[str]:
        """Wait until the database knows the session as ours; what it may be subscribed to beside our filters.

        A database that is away is no reason not to subscribe, unless another took our session: it would do so
        again, for it cannot know that we are there.
        """
        timeout = None if self._taken_over else CLAIM_TIMEOUT_S
        try:
            async with asyncio.timeout(timeout):
                await self._claimed.wait()
        except TimeoutError:
            pass
        self._taken_over = False
        self._is_known = self._claimed.is_set()
        return [*(set(self._known_filters) | self._patterns) - set(self._filters)]

    def subscribe(self) -> None:
        """We are subscribed to our filters and to nothing else: from now on others' sessions may be ended."""
        self._is_subscribed = True
        self._is_narrow = not self._is_known

    def lose(self) -> None:
        """Another took our session; it must be claimed before it is opened again."""
        self._taken_over = self._must_claim = True
        self._claimed.clear()

    async def find_orphan(self) -> Orphan:
        """Wait for a session that nobody answers for; from then on we do."""
        self._is_free = True
        return await self._orphans.get()

    def finish(self, orphan: Orphan, was_there: bool) -> None:
        """The session has ended, or is not at our broker, which may be another than its own."""
        self._finished.append((orphan, was_there))

    def beat(self, connection: psycopg.Connection) -> None:
        """Say that we are there, and look for who is not."""
        if time.monotonic() - self._beaten_at > SILENT_S / 2:
            self._seen.clear()  # the database was away, perhaps for all: silence until now means nothing
        self._claim(connection)
        held = {tuple(row) for row in queries.renew_sessions(connection, worker=self._worker)}
        if (self.broker, self._client_id) not in held:
            self._must_claim = True  # adopted while we could not say that we are there
            self._claim(connection)
        if not self._is_narrow:
            queries.narrow_session(
                connection,
                broker=self.broker,
                client_id=self._client_id,
                worker=self._worker,
                filters=self._filters,
            )
            self._is_narrow = True
        while self._finished:
            self._let_go(connection, *self._finished[0])
            del self._finished[0]
        self._adopt_silent(connection)
        self._beaten_at = time.monotonic()

    def _claim(self, connection: psycopg.Connection) -> None:
        if not self._must_claim:
            return
        self._known_filters = queries.claim_session(
            connection,
            broker=self.broker,
            client_id=self._client_id,
            filters=self._filters,
            worker=self._worker,
        )
        self._must_claim = False
        self._loop.call_soon_threadsafe(self._claimed.set)

    def _let_go(self, connection: psycopg.Connection, orphan: Orphan, was_there: bool) -> None:
        key = {"broker": orphan.broker, "client_id": orphan.client_id, "worker": self._worker}
        if was_there or orphan.broker == self.broker:
            queries.forget_session(connection, **key)
        else:
            self._foreign.add((orphan.broker, orphan.client_id))
            queries.return_session(connection, **key, former_worker=orphan.former_worker)

    def _adopt_silent(self, connection: psycopg.Connection) -> None:
        """Adopt one session at most, so that others get theirs."""
        now = time.monotonic()
        silent: list[tuple[Orphan, datetime]] = []
        answered_for: set[str] = {self._client_id}
        for broker, client_id, filters, worker, seen_at in list(queries.list_broker_sessions(connection)):
            seen = self._seen.get((broker, client_id))
            if seen is None or seen[0] != seen_at:
                seen = self._seen[broker, client_id] = (seen_at, now)
            if worker == self._worker or now - seen[1] < SILENT_S:
                answered_for.add(client_id)
            elif (broker, client_id) not in self._foreign:
                silent.append((Orphan(broker, client_id, filters, worker), seen_at))
        if not (self._is_subscribed and self._is_free):
            return
        for orphan, seen_at in silent:
            covered = {find_pattern(topic_filter) for topic_filter in orphan.filters} <= self._patterns
            if covered and orphan.client_id not in answered_for:
                key = {"broker": orphan.broker, "client_id": orphan.client_id}
                if queries.adopt_session(connection, **key, worker=self._worker, seen_at=seen_at):
                    self._is_free = False
                    self._loop.call_soon_threadsafe(self._orphans.put_nowait, orphan)
                    return
