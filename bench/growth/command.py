"""`motorpool bench growth`."""

import click

from bench.figures import show_rows
from bench.growth.history import TooLittleSpace
from bench.growth.trial import run

LARGEST = 1_000


def read_sizes(_context: click.Context, _option: click.Parameter, text: str) -> list[int]:
    """Rising numbers of millions, such as 1,10,50."""
    sizes = [int(part) if part.strip().isdecimal() else 0 for part in text.split(",")]
    if sizes != sorted(set(sizes)) or not 0 < sizes[0] <= sizes[-1] <= LARGEST:
        raise click.BadParameter(f"wants rising numbers of millions up to {LARGEST}, not {text!r}")
    return sizes


@click.command()
@click.option(
    "--rows",
    "sizes",
    default="1,10,50",
    show_default=True,
    callback=read_sizes,
    metavar="M,M,…",
    help="Sizes of the table in millions of rows.",
)
@click.option(
    "--messages",
    default=300_000,
    show_default=True,
    type=click.IntRange(10_000),
    help="To drain each time.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def growth(sizes: list[int], messages: int, as_json: bool) -> None:
    """Let the table grow to each of these sizes, and drain the same messages at each.

    50 million rows take about 8 GB of disk, and the database's log of changes some more.
    """
    try:
        show_rows(run(sizes, messages), as_json)
    except TooLittleSpace as error:
        raise click.ClickException(str(error)) from error
