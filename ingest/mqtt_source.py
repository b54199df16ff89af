"""The broker as a source: topics become devices and decoders, and a lost connection is made again.

The session outlives the connection and the daemon (same client id, never expires), so that the broker keeps
what is published meanwhile and sends again what we had not acknowledged.
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
from ingest.mqtt_connection import MqttConnection, connect
from ingest.pipeline import Decode, Pipeline
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
        self, url: str, client_id: str, topics: Mapping[str, str], receive_maximum: int, pipeline: Pipeline
    ) -> None:
        self._url = url
        self._client_id = client_id
        self._decoders = {pattern: PROTOCOLS[name] for pattern, name in topics.items()}
        self._receive_maximum = receive_maximum
        self._pipeline = pipeline
        self._routes: dict[str, Route | None] = {}
        self._connection: MqttConnection | None = None
        self._paused = False
        self.subscribed = asyncio.Event()

    async def run(self) -> None:
        """Stay connected."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                connection = await connect(self._url, self._receive)
                try:
                    await self._receive_until_closed(connection)
                finally:
                    metrics.MQTT_CONNECTED.set(0)
                    self._connection = None
                    await connection.close()
                log.warning("the connection to the broker ended", reason=connection.reason)
                pause = FIRST_PAUSE_S
            except OSError as error:
                log.warning("the broker cannot be reached", reason=str(error) or type(error).__name__)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, no secret)

    def pause(self) -> None:
        """Leave what comes with the broker."""
        self._paused = True
        if self._connection:
            self._connection.pause()

    def resume(self) -> None:
        """Receive again."""
        self._paused = False
        if self._connection:
            self._connection.resume()

    async def _receive_until_closed(self, connection: MqttConnection) -> None:
        kept = await connection.open_session(self._url, self._client_id, self._receive_maximum)
        await connection.subscribe(self._decoders)
        self._connection = connection
        if self._paused:
            connection.pause()
        metrics.MQTT_CONNECTED.set(1)
        metrics.MQTT_CONNECTS.inc()
        log.info("subscribed at the broker", session_kept=kept, topics=sorted(self._decoders))
        self.subscribed.set()
        await connection.keep_alive()

    def _receive(self, connection: MqttConnection, packets: list[mqtt5.PublishPacket]) -> None:
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
