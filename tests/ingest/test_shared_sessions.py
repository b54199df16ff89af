"""What mosquitto does with a shared subscription while a member is absent; docs/decisions.md builds on it."""

import asyncio
import uuid
from typing import Any

import mqtt5
import pytest

from ingest.mqtt_connection import MqttConnection, connect


class Member:
    """A session of a shared subscription, and the payloads that came over its latest connection."""

    def __init__(self, broker_url: str, name: str, root: str) -> None:
        self.broker_url, self.name = broker_url, name
        self.filter = f"$share/{root}/{root}/#"
        self.got: list[bytes] = []
        self.connection: MqttConnection

    async def end(self) -> None:
        await self.connection.close(end_session=True)
        await asyncio.sleep(0.05)

    async def open(self, subscribe: bool = True) -> bool:
        self.got = []

        def keep(connection: MqttConnection, packets: list[mqtt5.PublishPacket]) -> None:
            self.got += [packet.payload for packet in packets]
            connection.acknowledge([packet.packet_id or 0 for packet in packets])

        self.connection = await connect(self.broker_url, keep)
        kept = await self.connection.open_session(self.broker_url, self.name, 100)
        if subscribe:
            await self.connection.subscribe([self.filter])
        return kept


async def settle() -> None:
    await asyncio.sleep(0.5)


@pytest.fixture
def root() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


def numbered(root: str, first: int, last: int) -> list[tuple[str, bytes]]:
    return [(f"{root}/x", str(number).encode()) for number in range(first, last)]


def test_an_absent_member_goes_on_getting_its_share_and_nobody_else_gets_that(
    broker_url: str, root: str, tools: Any
) -> None:
    async def scenario() -> None:
        one, two = (Member(broker_url, f"{root}-{number}", root) for number in (1, 2))
        await one.open()
        await two.open()
        await two.connection.close()
        await tools.publish(broker_url, numbered(root, 0, 100), in_flight=1)
        await settle()
        assert len(one.got) == 50
        assert await two.open(subscribe=False)
        await settle()
        assert sorted(map(int, one.got + two.got)) == list(range(100))
        assert len(two.got) == 50
        await one.end()
        await two.end()

    asyncio.run(scenario())


def test_what_a_member_had_not_received_is_lost_with_its_session(
    broker_url: str, root: str, tools: Any
) -> None:
    """Why members' sessions never expire, although MQTT 5 would let the broker hand on what they hold."""

    async def scenario() -> None:
        one, two = (Member(broker_url, f"{root}-{number}", root) for number in (1, 2))
        await one.open()
        await two.open()
        two.connection.pause()
        await tools.publish(broker_url, numbered(root, 0, 100), in_flight=1)
        await two.connection.close(end_session=True)
        await settle()
        assert len(one.got) == 50
        assert not await two.open(subscribe=False)
        await settle()
        assert two.got == []
        await one.end()
        await two.end()

    asyncio.run(scenario())


def test_a_session_that_unsubscribes_still_gets_what_it_had_in_store_and_nothing_new(
    broker_url: str, root: str, tools: Any
) -> None:
    async def scenario() -> None:
        one, two = (Member(broker_url, f"{root}-{number}", root) for number in (1, 2))
        await one.open()
        await two.open()
        await two.connection.close()
        await tools.publish(broker_url, numbered(root, 0, 1000), in_flight=100)
        assert await two.open(subscribe=False)
        await two.connection.unsubscribe([two.filter])
        await tools.publish(broker_url, numbered(root, 1000, 1100), in_flight=1)
        await settle()
        assert sorted(map(int, one.got + two.got)) == list(range(1100))
        assert len(one.got) == 600
        await one.end()
        await two.end()

    asyncio.run(scenario())
