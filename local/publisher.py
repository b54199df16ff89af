"""Publishes to the broker at least once, in order, whatever happens to the connection in between.

A message counts as done when the broker has acknowledged it. What was not acknowledged when a connection
broke goes to the front again and is sent on the next one.
"""

import asyncio
import math
import random
import ssl
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import structlog
from aiomqtt import Client, MqttCodeError, MqttError, ProtocolVersion

log = structlog.get_logger()

BACKOFF_S = (0.2, 10.0)
PATIENCE_S = 20.0  # without any acknowledgement while some are awaited, a connection is given up
BAD_CREDENTIALS = (134, 135)  # MQTT 5 reason codes that no retry will change


class RefusedError(Exception):
    """The broker does not let this client in."""


class Message(NamedTuple):
    """A message in its turn: a lower number goes first."""

    number: int
    topic: str
    payload: bytes


class Publisher:
    """Run `run` in a task; then `put` or `offer` messages, and await `drained`.

    At most `capacity` messages are held at a time, of which `in_flight` await the broker's answer.
    """

    def __init__(self, url: str, capacity: int = 2_000, in_flight: int = 64) -> None:
        self._url = urlsplit(url)
        self._capacity, self._in_flight = capacity, in_flight
        self._waiting: asyncio.PriorityQueue[Message] = asyncio.PriorityQueue()
        self._flying: dict[int, Message] = {}
        self._changed = asyncio.Event()
        self._backoff_s, self._away = BACKOFF_S[0], False
        self.taken = self.acknowledged = self.dropped = 0

    @property
    def held(self) -> int:
        """How many messages are not acknowledged yet."""
        return self._waiting.qsize() + len(self._flying)

    async def put(self, topic: str, payload: bytes) -> None:
        """Take a message; waits while there is no room."""
        while self.held >= self._capacity:
            await self._change()
        self._take(topic, payload)

    def offer(self, topic: str, payload: bytes) -> None:
        """Take a message without waiting; where there is no room, the oldest that waits is dropped."""
        if self.held >= self._capacity and not self._waiting.empty():
            self._waiting.get_nowait()
            self.dropped += 1
        self._take(topic, payload)

    async def drained(self) -> None:
        """Wait until all is acknowledged."""
        while self.held:
            await self._change()

    def _take(self, topic: str, payload: bytes) -> None:
        self.taken += 1
        self._waiting.put_nowait(Message(self.taken, topic, payload))

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def run(self) -> None:
        """Stay connected and publish, until cancelled. Raises RefusedError."""
        while True:
            try:
                await self._serve()
            except* MqttError as group:
                if not self._away:
                    log.warning("broker is away", reason=str(group.exceptions[0]), waiting=self.held)
                self._away = True
            for message in self._flying.values():
                self._waiting.put_nowait(message)
            self._flying.clear()
            await asyncio.sleep(self._backoff_s * random.uniform(0.8, 1.2))  # noqa: S311
            self._backoff_s = min(BACKOFF_S[1], self._backoff_s * 2)

    async def _serve(self) -> None:
        """Publish on one connection until it breaks: then one of the tasks raises MqttError."""
        try:
            async with self._open() as client:
                if self._away:
                    log.info("broker is back", waiting=self.held)
                self._backoff_s, self._away = BACKOFF_S[0], False
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(_watch(client), name="watch the connection")
                    tasks.create_task(self._lose_patience(), name="lose patience")
                    for slot in range(self._in_flight):
                        tasks.create_task(self._publish(client), name=f"publish {slot}")
        except MqttCodeError as error:
            if getattr(error.rc, "value", error.rc) in BAD_CREDENTIALS:
                raise RefusedError(f"the broker refuses the user or password in MQTT_URL: {error}") from error
            raise

    def _open(self) -> Client:
        secure = self._url.scheme == "mqtts"
        client = Client(
            self._url.hostname or "",
            self._url.port or (8883 if secure else 1883),
            username=unquote(self._url.username) if self._url.username else None,
            password=unquote(self._url.password) if self._url.password else None,
            protocol=ProtocolVersion.V5,
            tls_context=ssl.create_default_context() if secure else None,
            max_inflight_messages=self._in_flight,
        )
        client.pending_calls_threshold = self._in_flight  # as many calls as that are no reason for a warning
        return client

    async def _publish(self, client: Client) -> None:
        while True:
            message = await self._waiting.get()
            self._flying[message.number] = message
            await client.publish(message.topic, message.payload, qos=1, timeout=math.inf)
            del self._flying[message.number]
            self.acknowledged += 1
            self._changed.set()

    async def _lose_patience(self) -> None:
        acknowledged = -1
        while acknowledged != self.acknowledged or not self._flying:
            acknowledged = self.acknowledged
            await asyncio.sleep(PATIENCE_S)
        raise MqttError(f"no acknowledgement for {PATIENCE_S:.0f} s")


async def _watch(client: Client) -> None:
    """Notice a lost connection: aiomqtt tells it only to those who await messages."""
    async for _ in client.messages:
        pass
