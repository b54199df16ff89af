"""`motorpool bench records`."""

import json

import click
from rich.console import Console
from rich.table import Table

from bench.records.trial import run


@click.command()
@click.option("--vehicles", default=50_000, show_default=True, type=click.IntRange(1_000, 1_000_000))
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def records(vehicles: int, as_json: bool) -> None:
    """Fill the vehicles' list, and ask of it what people ask: pages, searches, filters, orders, counts."""
    rows = run(vehicles)
    if as_json:
        click.echo(json.dumps(rows))
        return
    table = Table("asked", "found", "part, ms", "count, ms")
    for row in rows:
        table.add_row(row["asked"], f"{row['total']:,}", f"{row['part_ms']:.1f}", f"{row['count_ms']:.1f}")
    Console().print(table)
