"""`motorpool bench ingest`."""

import click

from bench.drain.messages import Load
from bench.drain.trial import run
from bench.figures import show_figures


@click.command()
@click.option("--messages", default=500_000, show_default=True, type=click.IntRange(10_000), help="How many.")
@click.option(
    "--devices", default=5_000, show_default=True, type=click.IntRange(1), help="Of how many devices."
)
@click.option(
    "--duplicates",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 0.9),
    help="The share that repeats an earlier message.",
)
@click.option("--batch", default=5_000, show_default=True, type=click.IntRange(100), help="Rows in a batch.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def ingest(messages: int, devices: int, duplicates: float, batch: int, as_json: bool) -> None:
    """Fill a broker, let the daemon empty it into the database, and hold that against limit and rivals.

    All runs on this machine, on services of its own; the figures are good as ratios of one run.
    """
    show_figures(run(Load(messages, devices, duplicates), batch), as_json)
