"""The command that runs the daemon."""

import asyncio

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
    await Daemon(settings).run()
