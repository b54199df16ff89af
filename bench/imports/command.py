"""`motorpool bench import`."""

import click

from bench.figures import show_rows
from bench.imports import files
from bench.imports.positions import Log, run
from bench.imports.trial import run_file


@click.group("import")
def imports() -> None:
    """How fast files of rows come in."""


@imports.command("positions")
@click.option("--rows", default=1_000_000, show_default=True, type=click.IntRange(1_000))
@click.option("--devices", default=54, show_default=True, type=click.IntRange(1))
@click.option("--every-s", default=10.0, show_default=True, help="From each fix of a device to its next.")
@click.option("--by-device", is_flag=True, help="One device after the other, not all in order of time.")
@click.option("--batch", default=25_000, show_default=True, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def positions(rows: int, devices: int, every_s: float, by_device: bool, batch: int, as_json: bool) -> None:
    """Find faults in positions, try them dry, store them in one transaction, again, and take them back.

    What reads a file is left out. Meanwhile a daemon's store goes on; the last column is how long it waited.
    """
    show_rows(run(Log(rows, devices, every_s, by_device), batch), as_json)


@imports.command("file")
@click.argument("kind", type=click.Choice(sorted(files.WRITE)))
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(1, 10_000_000))
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def file(kind: str, rows: int, as_json: bool) -> None:
    """Import a large file with `motorpool import`, the same again, and take it back."""
    show_rows(run_file(kind, rows), as_json)
