"""`motorpool bench batches`."""

import click

from bench.batches.lists import Lists
from bench.batches.trial import run
from bench.figures import show_rows


@click.command()
@click.option(
    "--messages", default=3_000, show_default=True, type=click.IntRange(200), help="Of 100 positions each."
)
@click.option(
    "--devices", default=500, show_default=True, type=click.IntRange(1), help="Of how many devices."
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def batches(messages: int, devices: int, as_json: bool) -> None:
    """Drain the same positions from messages of 1, 20 and 100, and hold their cost against one another.

    The last two lines say as how many messages of one position a message of that size costs.
    """
    rows = run(Lists(messages, devices))
    show_rows(rows, as_json)
    if not as_json:
        last = rows[-1]
        single = last["costs_cpu_of_single_messages"]
        click.echo(f"A message of {last['positions_a_message']} costs as much as {single} single ones.")
