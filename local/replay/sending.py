"""Sends a recording's messages: through the broker until all is acknowledged, or into a pseudo-terminal."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from local.pseudo_terminal import PseudoTerminal
from local.publisher import Publisher
from local.replay.pace import Pace
from local.replay.recording import Message

POLL_S = 0.02
DRAINED_S = 0.3


async def publish(
    messages: Iterable[Message], topic: str, publisher: Publisher, pace: Pace, give_up_s: float
) -> None:
    """Publish to `topic` (with {uid}) and return when all is acknowledged.

    Raises TimeoutError when the broker has acknowledged nothing for `give_up_s` seconds while it should,
    and RefusedError.
    """

    async def feed() -> None:
        for message in messages:
            await pace.wait(message.seconds)
            await publisher.put(topic.format(uid=message.uid), message.payload)
        await publisher.drained()

    await _race(feed(), publisher.run(), _lose_hope(publisher, give_up_s))


async def _race(*runners: Coroutine[Any, Any, None]) -> None:
    """Run all until the first ends or fails, then end the others."""
    tasks = [asyncio.create_task(runner) for runner in runners]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _lose_hope(publisher: Publisher, give_up_s: float) -> None:
    loop = asyncio.get_running_loop()
    acknowledged, since = -1, loop.time()
    while loop.time() < since + give_up_s:
        if publisher.acknowledged != acknowledged or not publisher.held:
            acknowledged, since = publisher.acknowledged, loop.time()
        await asyncio.sleep(min(0.5, give_up_s / 4))
    raise TimeoutError(f"the broker has acknowledged nothing for {give_up_s:g} s")


async def speak(messages: Iterable[Message], terminal: PseudoTerminal, pace: Pace) -> int:
    """Speak into the terminal, from when somebody opens it, and return when all has been read: how many."""
    spoken = 0
    while not terminal.has_reader():
        await asyncio.sleep(POLL_S)
    for message in messages:
        await pace.wait(message.seconds)
        while not terminal.speak(message.payload):
            await asyncio.sleep(POLL_S)
        spoken += 1
    silent = 0.0
    while silent < DRAINED_S and terminal.has_reader():
        terminal.speak(b"")
        silent = silent + POLL_S if terminal.is_drained() else 0.0
        await asyncio.sleep(POLL_S)
    return spoken
