"""The broker as a source: topics become devices and decoders, and a lost connection is made again.

The session outlives the connection and the daemon (same client id, never expires), so that the broker keeps
what is published meanwhile and sends again what we had not acknowledged. Where several share one
subscription and one of them is gone, another drains its session.
"""

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import mqtt5
import structlog

from devices.protocols import PROTOCOLS
from ingest import metrics
from ingest.adoption import Adoption
from ingest.mqtt_connection import MqttConnection, connect
from ingest.pipeline import Acknowledger, Decode, Pipeline
from ingest.sessions import Orphan, Sessions, share_pattern
from sql.batches import Message

SOURCE = "mqtt"
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
REMEMBERED_TOPICS = 200_000
RETAINED = "retained"
NO_DECODER = "no decoder for this topic"

log = structlog.get_logger()


class Route(NamedTuple):
    """Who speaks on a topic, and how to read it."""

    uid: str
    decode: Decode


def match_topic(pattern: str, topic: str) -> str | None:
    """The uid in a topic: what stands in place of each +, joined by /; None where it does not match."""
    found: list[str] = []
    levels = topic.split("/")
    for index, part in enumerate(pattern.split("/")):
        if part == "#":
            return "/".join(found)
        if index >= len(levels) or part not in ("+", levels[index]):
            return None
        if part == "+":
            found.append(levels[index])
    return "/".join(found) if index == len(levels) - 1 else None


class MqttSource:
    """Receives from one broker until cancelled; `subscribed` is set after the first success."""

    def __init__(
        self,
        url: str,
        client_id: str,
        share: str | None,
        topics: Mapping[str, str],
        receive_maximum: int,
        pipeline: Pipeline,
    ) -> None:
        self._url = url
        self._client_id = client_id
        self._decoders = {pattern: PROTOCOLS[name] for pattern, name in topics.items()}
        self._filters = [share_pattern(pattern, share) for pattern in topics]
        self._receive_maximum = receive_maximum
        self._pipeline = pipeline
        self.sessions = Sessions(url, client_id, self._filters)
        self._routes: dict[str, Route | None] = {}
        self._connection: MqttConnection | None = None
        self._adoption: Adoption | None = None
        self._paused = False
        self.subscribed = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether it is subscribed at the broker now."""
        return self._connection is not None

    async def run(self) -> None:
        """Stay connected, and drain the sessions of those who did not."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stay_connected(), name="own session")
            group.create_task(self._adopt_orphans(), name="adopted sessions")

    async def _stay_connected(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            try:
                outdated = await self.sessions.claim()
                connection = await connect(self._url, self._receive)
                try:
                    await self._receive_until_closed(connection, outdated)
                finally:
                    metrics.MQTT_CONNECTED.set(0)
                    self._connection = None
                    await connection.close()
                log.warning("the connection to the broker ended", reason=connection.reason)
                pause = FIRST_PAUSE_S
                if connection.taken_over:
                    self.sessions.lose()
            except OSError as error:
                log.warning("the broker cannot be reached", reason=str(error) or type(error).__name__)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, no secret)

    def pause(self) -> None:
        """Leave what comes with the broker."""
        self._paused = True
        for connection in (self._connection, self._adoption):
            if connection:
                connection.pause()

    def resume(self) -> None:
        """Receive again."""
        self._paused = False
        for connection in (self._connection, self._adoption):
            if connection:
                connection.resume()

    async def _receive_until_closed(self, connection: MqttConnection, outdated: list[str]) -> None:
        kept = await connection.open_session(self._url, self._client_id, self._receive_maximum)
        await connection.subscribe(self._filters)
        if kept and outdated:
            await connection.unsubscribe(outdated)
        self.sessions.subscribe()
        self._connection = connection
        if self._paused:
            connection.pause()
        metrics.MQTT_CONNECTED.set(1)
        metrics.MQTT_CONNECTS.inc()
        log.info("subscribed at the broker", session_kept=kept, topics=sorted(self._filters))
        self.subscribed.set()
        await connection.keep_alive()

    async def _adopt_orphans(self) -> None:
        while True:
            orphan = await self.sessions.find_orphan()
            log.warning("a session that nobody serves is drained", client_id=orphan.client_id)
            while not await self._adopt(orphan):
                await asyncio.sleep(FIRST_PAUSE_S)

    async def _adopt(self, orphan: Orphan) -> bool:
        """Drain a session; False where that must be tried again."""
        self._adoption = adoption = Adoption(orphan, self._receive)
        if self._paused:
            adoption.pause()
        try:
            was_there = await adoption.drain(self._url, self._receive_maximum)
        except OSError as error:
            log.warning("a session could not be drained", client_id=orphan.client_id, reason=str(error))
            return adoption.taken_over
        finally:
            self._adoption = None
        log.info(
            "a session has ended", client_id=orphan.client_id, held=was_there, messages=adoption.messages
        )
        self.sessions.finish(orphan, was_there)
        return True

    def _receive(self, connection: Acknowledger, packets: list[mqtt5.PublishPacket]) -> None:
        received_at = datetime.now(UTC)
        for packet in packets:
            topic = packet.topic
            message = Message(SOURCE, topic, packet.payload, received_at)
            packet_id = packet.packet_id
            receipt = None if packet_id is None else (connection, packet_id)
            route = self._routes.get(topic) or self._find_route(topic)
            if route is None:
                self._pipeline.refuse(message, None, NO_DECODER, f"topic {topic!r}", receipt)
            elif packet.retain:
                detail = "an old message that the broker repeats to new subscribers"
                self._pipeline.refuse(message, route.uid, RETAINED, detail, receipt)
            else:
                self._pipeline.accept(message, route.uid, route.decode, receipt)

    def _find_route(self, topic: str) -> Route | None:
        for pattern, decode in self._decoders.items():
            uid = match_topic(pattern, topic)
            if uid:
                if len(self._routes) >= REMEMBERED_TOPICS:
                    self._routes.clear()
                self._routes[topic] = route = Route(uid, decode)
                return route
        return None
