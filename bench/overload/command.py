"""`motorpool bench overload`: prints what happened; exit code 1 where anything acknowledged is not stored."""

import sys
from importlib.util import find_spec

import click

from bench.figures import show_figures
from bench.moments import Moments
from bench.overload.trial import run


@click.command()
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(1), help="For how long.")
@click.option("--devices", default=5_000, show_default=True, type=click.IntRange(2), help="Of how many.")
@click.option(
    "--positions",
    default=20,
    show_default=True,
    type=click.IntRange(1, 1_000),
    help="In a message, as trackers send that come back into coverage.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def overload(seconds: float, devices: int, positions: int, as_json: bool) -> None:
    """Publish three times what the daemon can store, while a page watches the live map.

    With one position a message the broker is the narrowest part of one machine, and holds its publishers back
    before the daemon is overrun.
    """
    if find_spec("websocket") is None:
        raise click.ClickException("This needs the package websocket-client, as the tests do: make setup.")
    answer = run(seconds, Moments(devices, positions))
    show_figures(answer, as_json)
    sys.exit(1 if answer["lost"] else 0)
