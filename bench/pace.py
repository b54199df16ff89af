"""Publishes at a steady rate, each message written at the moment when it is due."""

import asyncio
import time
from collections.abc import Callable

import mqtt5

from bench.client import Message, connect

AT_ONCE = 500
TICK_S = 0.001


async def _keep_pace(
    url: str,
    client_id: str,
    rate: float,
    seconds: float,
    write: Callable[[int], Message],
    note: Callable[[int], object],
) -> int:
    client = await connect(url, mqtt5.ConnectPacket(client_id, clean_start=True))
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < seconds:
        due = int(passed * rate)
        client.send(map(write, range(client.sent, min(due, client.sent + AT_ONCE))))
        await client.wait_for_room()
        await asyncio.sleep(TICK_S if client.sent >= due else 0)  # late or not, answers must be read
        note(client.acknowledged)
    await client.wait_for_all()
    note(client.acknowledged)
    client.transport.close()
    return client.sent


def keep_pace(
    url: str,
    client_id: str,
    rate: float,
    seconds: float,
    write: Callable[[int], Message],
    note: Callable[[int], object],
) -> int:
    """Publish so many messages a second, or as many as broker and process can; returns how many those were.

    `note` is told now and then how many are acknowledged; in the end all are.
    """
    return asyncio.run(_keep_pace(url, client_id, rate, seconds, write, note))
