"""A fast MQTT client of the trials: publishes at QoS 1, and counts what the broker has acknowledged."""

import asyncio
from collections.abc import Iterable
from urllib.parse import urlsplit

import mqtt5

IN_FLIGHT = 10_000
LAST_PACKET_ID = 60_000

Message = tuple[str, bytes]


class Client(asyncio.Protocol):
    """Keeps no more in flight than the broker likes. Its methods raise ConnectionError when it hangs up."""

    def __init__(self) -> None:
        self._unread = bytearray()
        self._answer = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._is_lost = False
        self.acknowledged = self.sent = 0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._answer.set()
        self._writable.set()

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

    def send(self, messages: Iterable[Message]) -> None:
        """Publish these, whatever is still in flight."""
        packets = []
        for topic, payload in messages:
            packet_id = self.sent % LAST_PACKET_ID + 1
            packet = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id)
            packets.append(packet.write())
            self.sent += 1
        self.transport.write(b"".join(packets))

    async def wait_for_room(self) -> None:
        """Wait until the broker has answered enough that more may be sent."""
        await self._writable.wait()
        await self._wait_for(self.sent - IN_FLIGHT)

    async def wait_for_all(self) -> None:
        """Wait until all is acknowledged."""
        await self._wait_for(self.sent)

    async def _wait_for(self, acknowledged: int) -> None:
        while self.acknowledged < acknowledged:
            if self._is_lost:
                raise ConnectionError(
                    f"the broker hung up; {self.acknowledged} of {self.sent} were acknowledged"
                )
            self._answer.clear()
            await self._answer.wait()


async def connect(url: str, packet: mqtt5.ConnectPacket) -> Client:
    """Open a connection and wait for the broker's answer to this packet."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(Client, str(parts.hostname), parts.port or 1883)
    await client.ask(packet)
    return client
