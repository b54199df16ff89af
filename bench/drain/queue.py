"""Fills a session at the broker beforehand, in seconds where a general client would take minutes."""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice

import mqtt5

from bench.client import Message, connect

NEVER_EXPIRES = 0xFFFFFFFF
AT_ONCE = 500


async def _fill(url: str, client_id: str, patterns: Iterable[str], messages: Iterator[Message]) -> int:
    session = mqtt5.ConnectPacket(client_id, clean_start=True, session_expiry_interval=NEVER_EXPIRES)
    subscriber = await connect(url, session)
    filters = [mqtt5.TopicFilter(pattern, max_qos=mqtt5.QoS.AT_LEAST_ONCE) for pattern in patterns]
    await subscriber.ask(mqtt5.SubscribePacket(1, filters))
    subscriber.transport.write(mqtt5.DisconnectPacket().write())
    subscriber.transport.close()
    publisher = await connect(url, mqtt5.ConnectPacket("bench-queue", clean_start=True))
    while some := list(islice(messages, AT_ONCE)):
        publisher.send(some)
        await publisher.wait_for_room()
    await publisher.wait_for_all()
    publisher.transport.close()
    return publisher.sent


def fill_session(url: str, client_id: str, patterns: Iterable[str], messages: Iterable[Message]) -> int:
    """Make a new session of this name, subscribed to these patterns, and queue the messages in it."""
    return asyncio.run(_fill(url, client_id, patterns, iter(messages)))
