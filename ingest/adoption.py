"""Draining a session whose worker is gone: what it holds is received and stored as our own, then it ends."""

import asyncio
import time
from collections.abc import Callable, Iterable

import mqtt5

from ingest.mqtt_connection import MqttConnection, connect
from ingest.pipeline import Acknowledger
from ingest.sessions import Orphan

QUIET_S = 2.0
LOOK_S = 0.1

Receive = Callable[[Acknowledger, list[mqtt5.PublishPacket]], None]


class Adoption:
    """One connection to an adopted session, which acknowledges only what is stored, as any other."""

    def __init__(self, orphan: Orphan, receive: Receive) -> None:
        self._orphan = orphan
        self._receive = receive
        self._unacknowledged = 0
        self._stirred_at = time.monotonic()
        self._connection: MqttConnection | None = None
        self._paused = False
        self.messages = 0

    async def drain(self, url: str, receive_maximum: int) -> bool:
        """Receive all that the session holds and end it; False where the broker does not have it.

        Raises OSError where the connection ends first: the broker is gone, or the session's worker is back.
        """
        connection = await connect(url, self._count)
        try:
            if not await connection.open_session(url, self._orphan.client_id, receive_maximum):
                await connection.close(end_session=True)
                return False
            # First of all, so that what is published from here on goes to others; what is queued still comes.
            await connection.unsubscribe(self._orphan.filters)
            self._connection = connection
            if self._paused:
                connection.pause()
            alive = asyncio.create_task(connection.keep_alive(), name="keep alive")
            try:
                await self._wait_until_empty(connection)
            finally:
                alive.cancel()
            await connection.close(end_session=True)
            return True
        finally:
            await connection.close()

    @property
    def taken_over(self) -> bool:
        """Whether the session's own worker came back to it."""
        return self._connection is not None and self._connection.taken_over

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Pass the receipts on, and count what is still open."""
        packet_ids = list(packet_ids)
        self._unacknowledged -= len(packet_ids)
        self._stirred_at = time.monotonic()
        if self._connection:
            self._connection.acknowledge(packet_ids)

    def pause(self) -> None:
        """Leave what comes with the broker."""
        self._paused = True
        if self._connection:
            self._connection.pause()

    def resume(self) -> None:
        """Receive again."""
        self._paused = False
        self._stirred_at = time.monotonic()
        if self._connection:
            self._connection.resume()

    def _count(self, connection: MqttConnection, packets: list[mqtt5.PublishPacket]) -> None:
        self._connection = connection
        self._unacknowledged += sum(packet.packet_id is not None for packet in packets)
        self.messages += len(packets)
        self._stirred_at = time.monotonic()
        self._receive(self, packets)

    async def _wait_until_empty(self, connection: MqttConnection) -> None:
        """Until all is acknowledged and nothing comes for a while, nor before the answer to a question."""
        while True:
            await asyncio.wait([connection.closed], timeout=LOOK_S)
            if connection.closed.done():
                raise ConnectionError(connection.reason)
            if self._is_quiet():
                await connection.unsubscribe(self._orphan.filters)
                if self._is_quiet():
                    return

    def _is_quiet(self) -> bool:
        if self._paused or self._unacknowledged:
            return False
        return time.monotonic() - self._stirred_at > QUIET_S
