"""Fills a session at the broker beforehand, in seconds where a general client would take minutes."""

import asyncio
from collections.abc import Iterable
from urllib.parse import urlsplit

import mqtt5

IN_FLIGHT = 10_000
LAST_PACKET_ID = 60_000
NEVER_EXPIRES = 0xFFFFFFFF


class _Client(asyncio.Protocol):
    """Counts acknowledgements, and keeps no more in flight than the broker likes."""

    def __init__(self) -> None:
        self._unread = bytearray()
        self._answer = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self.acknowledged = 0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        offset = 0
        with memoryview(self._unread) as view:
            while True:
                try:
                    packet, size = mqtt5.read(view[offset:])
                except IndexError:
                    break
                offset += size
                self.acknowledged += isinstance(packet, mqtt5.PubAckPacket)
                self._answer.set()
        del self._unread[:offset]

    async def ask(self, packet: mqtt5.ConnectPacket | mqtt5.SubscribePacket) -> None:
        """Send a packet and wait for the broker's answer."""
        self._answer.clear()
        self.transport.write(packet.write())
        await self._answer.wait()

    async def publish(self, messages: Iterable[tuple[str, bytes]]) -> int:
        """Publish all at QoS 1 and wait until all is acknowledged; returns how many that were."""
        sent = 0
        for topic, payload in messages:
            packet_id = sent % LAST_PACKET_ID + 1
            packet = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id)
            self.transport.write(packet.write())
            sent += 1
            if sent % 500 == 0:
                await self._writable.wait()
                await self._wait_for(sent - IN_FLIGHT)
        await self._wait_for(sent)
        return sent

    async def _wait_for(self, acknowledged: int) -> None:
        while self.acknowledged < acknowledged:
            self._answer.clear()
            await self._answer.wait()


async def _connect(url: str, packet: mqtt5.ConnectPacket) -> _Client:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(_Client, str(parts.hostname), parts.port or 1883)
    await client.ask(packet)
    return client


async def _fill(
    url: str, client_id: str, patterns: Iterable[str], messages: Iterable[tuple[str, bytes]]
) -> int:
    session = mqtt5.ConnectPacket(client_id, clean_start=True, session_expiry_interval=NEVER_EXPIRES)
    subscriber = await _connect(url, session)
    filters = [mqtt5.TopicFilter(pattern, max_qos=mqtt5.QoS.AT_LEAST_ONCE) for pattern in patterns]
    await subscriber.ask(mqtt5.SubscribePacket(1, filters))
    subscriber.transport.write(mqtt5.DisconnectPacket().write())
    subscriber.transport.close()
    publisher = await _connect(url, mqtt5.ConnectPacket("bench-publisher", clean_start=True))
    sent = await publisher.publish(messages)
    publisher.transport.close()
    return sent


def fill_session(
    url: str, client_id: str, patterns: Iterable[str], messages: Iterable[tuple[str, bytes]]
) -> int:
    """Make a new session of this name, subscribed to these patterns, and queue the messages in it."""
    return asyncio.run(_fill(url, client_id, patterns, messages))
