"""The command that runs the daemon, alone or as several processes."""

import asyncio
import gc
import sys

import click

from config import logging
from config.settings import Settings, load
from ingest.crew import Crew
from ingest.daemon import Daemon
from ingest.share import MOST_WORKERS, settle_for_worker
from sql.slow_queries import SLOW_QUERIES


@click.command()
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    default=1,
    show_default=True,
    help="How many processes share the messages of the broker.",
)
@click.option("--worker", type=click.IntRange(1, MOST_WORKERS), hidden=True, help="Be this one of them.")
def ingest(workers: int, worker: int | None) -> None:
    """Receive positions from MQTT and serial ports and store them; runs until SIGTERM or Ctrl-C."""
    settings = load()
    SLOW_QUERIES.threshold_s = settings.slow_query_ms / 1000
    if worker:
        logging.set_up(settings, f"ingest-{worker}")
        asyncio.run(_run(settle_for_worker(settings, worker)))
    elif workers > 1:
        logging.set_up(settings, "ingest")
        settings.need("database_url")
        settle_for_worker(settings, workers)  # refuse at once what no worker could do
        sys.exit(asyncio.run(Crew(workers).run()))
    else:
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
