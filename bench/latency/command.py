"""`motorpool bench latency`."""

import click

from bench.figures import show_figures
from bench.latency.trial import run


@click.command()
@click.option(
    "--rate", default=6_000, show_default=True, type=click.IntRange(1, 50_000), help="Messages a second."
)
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(1), help="For how long.")
@click.option("--devices", default=60_000, show_default=True, type=click.IntRange(1), help="Of how many.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def latency(rate: int, seconds: float, devices: int, as_json: bool) -> None:
    """Publish at a steady rate and measure each fix from its publication to its commit."""
    show_figures(run(rate, seconds, devices), as_json)
