"""`motorpool bench exports`."""

import click

from bench.exports.trial import run
from bench.figures import show_rows


@click.command()
@click.option("--positions", default=1_000_000, show_default=True, type=click.IntRange(1_000, 100_000_000))
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def exports(positions: int, as_json: bool) -> None:
    """Store the track of one vehicle, and export it in each format, for importing again and in words."""
    show_rows(run(positions), as_json)
