"""`motorpool bench imports`."""

import json

import click
from rich.console import Console
from rich.table import Table

from bench.imports.files import WRITE
from bench.imports.trial import run


@click.command()
@click.argument("kind", type=click.Choice(sorted(WRITE)))
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(1, 10_000_000))
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def imports(kind: str, rows: int, as_json: bool) -> None:
    """Import a large file, the same again, and take it back."""
    found = run(kind, rows)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = Table("step", "s", "rows/s", "CPU s", "peak MB", "new", "same", "rejected")
    for row in found:
        figures = (
            f"{row['seconds']:.1f}",
            f"{row['rows_s']:,.0f}",
            f"{row['cpu_s']:.1f}",
            f"{row['peak_mb']:.0f}",
        )
        table.add_row(row["step"], *figures, *(f"{row[name]:,}" for name in ("new", "same", "rejected")))
    Console().print(table)
