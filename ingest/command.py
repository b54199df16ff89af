"""The command that runs the daemon."""

import asyncio
import gc

import click

from config import logging
from config.settings import Settings, load
from ingest.daemon import Daemon


@click.command()
def ingest() -> None:
    """Receive positions from MQTT and serial ports and store them; runs until SIGTERM or Ctrl-C."""
    settings = load()
    logging.set_up(settings, "ingest")
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    daemon = Daemon(settings)
    _collect_seldom()
    await daemon.run()


def _collect_seldom() -> None:
    """Let a batch live and die without the collector of cycles looking at each of its objects.

    At its default threshold of 700 objects it took half of the daemon's time (docs/benchmarks.md). What it is
    for, the cycles of exceptions, is rare here and is still collected, every 200,000 objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
