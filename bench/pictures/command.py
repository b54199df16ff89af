"""`motorpool bench pictures`."""

from pathlib import Path

import click

from bench.chromium import find_chromium

DOCS = Path(__file__).resolve().parents[2] / "docs" / "pictures"


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--to",
    "folder",
    default=DOCS,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to put them.",
)
def pictures(names: tuple[str, ...], folder: Path) -> None:
    """Take the pictures of pages that docs/ shows, or those of these NAMES, of a demo fleet of 54 buses."""
    try:
        from bench.pictures.trial import take  # needs Playwright, which only developers have
    except ImportError as error:
        raise click.ClickException(f"{error}; `make setup` installs what developers need.") from error
    program = find_chromium()
    if program is None:
        raise click.ClickException("Chromium is not installed; on Debian: apt-get install chromium")
    for file in take(program, folder, names):
        click.echo(f"{file.name}  {file.stat().st_size / 1000:.0f} kB")
