"""The rules of acknowledgement, against the real broker with aiomqtt as an independent publisher."""

import asyncio
import uuid
from urllib.parse import urlsplit

import aiomqtt
import mqtt5
import pytest

from ingest.mqtt_connection import ConnectionRefused, MqttConnection, connect


class Subscriber:
    """A session of its own at the broker, and what came over its latest connection."""

    def __init__(self, broker_url: str, receive_maximum: int = 100) -> None:
        self.name = f"test-{uuid.uuid4().hex}"
        self.topic = f"{self.name}/position"
        self.broker_url = broker_url
        self.receive_maximum = receive_maximum
        self.got: asyncio.Queue[mqtt5.PublishPacket] = asyncio.Queue()

    async def connect(self) -> tuple[MqttConnection, bool]:
        self.got = got = asyncio.Queue()

        def keep(_: MqttConnection, packets: list[mqtt5.PublishPacket]) -> None:
            for packet in packets:
                got.put_nowait(packet)

        connection = await connect(self.broker_url, keep)
        kept = await connection.open_session(self.broker_url, self.name, self.receive_maximum)
        await connection.subscribe([f"{self.name}/#"])
        return connection, kept

    async def publish(self, *payloads: bytes, topic: str | None = None, retain: bool = False) -> None:
        parts = urlsplit(self.broker_url)
        async with aiomqtt.Client(
            str(parts.hostname), parts.port or 1883, protocol=aiomqtt.ProtocolVersion.V5
        ) as client:
            for payload in payloads:
                await client.publish(topic or self.topic, payload, qos=1, retain=retain)

    async def receive(self, count: int) -> list[mqtt5.PublishPacket]:
        return [await asyncio.wait_for(self.got.get(), 10) for _ in range(count)]

    async def receives_nothing(self) -> bool:
        await asyncio.sleep(0.3)
        return self.got.empty()


def test_what_is_not_acknowledged_comes_again_on_the_next_connection(broker_url: str) -> None:
    async def scenario() -> None:
        subscriber = Subscriber(broker_url)
        connection, kept = await subscriber.connect()
        assert not kept
        await subscriber.publish(b"1", b"2", b"3")
        first = await subscriber.receive(3)
        connection.acknowledge([first[0].packet_id or 0])
        await connection.close()
        connection, kept = await subscriber.connect()
        assert kept
        assert [delivery.payload for delivery in await subscriber.receive(2)] == [b"2", b"3"]
        await connection.close()

    asyncio.run(scenario())


def test_a_receipt_of_an_old_connection_acknowledges_nothing_on_a_new_one(broker_url: str) -> None:
    async def scenario() -> None:
        subscriber = Subscriber(broker_url)
        old, _ = await subscriber.connect()
        await subscriber.publish(b"1")
        (delivery,) = await subscriber.receive(1)
        await old.close()
        new, _ = await subscriber.connect()
        await subscriber.receive(1)
        old.acknowledge([delivery.packet_id or 0])
        await new.close()
        newest, _ = await subscriber.connect()
        assert [again.payload for again in await subscriber.receive(1)] == [b"1"]
        await newest.close()

    asyncio.run(scenario())


def test_a_full_receive_window_waits_and_goes_on_after_acknowledgement(broker_url: str) -> None:
    async def scenario() -> None:
        subscriber = Subscriber(broker_url, receive_maximum=3)
        connection, _ = await subscriber.connect()
        await subscriber.publish(*(str(number).encode() for number in range(5)))
        first = await subscriber.receive(3)
        assert await subscriber.receives_nothing()
        connection.acknowledge([delivery.packet_id or 0 for delivery in first])
        assert [delivery.payload for delivery in await subscriber.receive(2)] == [b"3", b"4"]
        await connection.close()

    asyncio.run(scenario())


def test_while_paused_the_broker_keeps_what_comes(broker_url: str) -> None:
    async def scenario() -> None:
        subscriber = Subscriber(broker_url)
        connection, _ = await subscriber.connect()
        connection.pause()
        await subscriber.publish(b"1")
        assert await subscriber.receives_nothing()
        connection.resume()
        assert [delivery.payload for delivery in await subscriber.receive(1)] == [b"1"]
        await connection.close()

    asyncio.run(scenario())


def test_a_payload_of_a_mebibyte_arrives_in_one_piece(broker_url: str) -> None:
    async def scenario() -> None:
        subscriber = Subscriber(broker_url)
        connection, _ = await subscriber.connect()
        payload = bytes(range(256)) * 4096
        await subscriber.publish(payload)
        assert (await subscriber.receive(1))[0].payload == payload
        await connection.close()

    asyncio.run(scenario())


def test_retained_messages_are_marked_when_they_are_repeated_and_not_when_they_are_new(
    broker_url: str,
) -> None:
    async def scenario() -> None:
        subscriber = Subscriber(broker_url)
        await subscriber.publish(b"old", retain=True)
        connection, _ = await subscriber.connect()
        (old,) = await subscriber.receive(1)
        await subscriber.publish(b"new", retain=True)
        (new,) = await subscriber.receive(1)
        assert (old.retain, new.retain) == (True, False)
        await connection.close()
        await subscriber.publish(b"", retain=True)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\xff" * 10,
        pytest.param(
            b"\x30\x05\x00\x01\xff\x00a",  # a topic that is not UTF-8 makes the codec panic, and say so twice
            marks=pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
        ),
        b"\x00\x00",
        b"\x20\x03\x00\x87\x00",
        b"",
    ],
)
def test_a_server_that_is_no_broker_or_refuses_us_ends_the_connection_with_a_reason(answer: bytes) -> None:
    async def answer_and_hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(answer)
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()

    async def scenario() -> None:
        async with await asyncio.start_server(answer_and_hang_up, "127.0.0.1", 0) as server:
            url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            connection = await connect(url, lambda connection, packets: None)
            with pytest.raises(ConnectionRefused):
                await connection.open_session(url, "test", 10)
            await connection.close()
            await asyncio.sleep(0.05)

    asyncio.run(scenario())
