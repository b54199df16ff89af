"""`motorpool bench detection`."""

import click

from bench.chromium import find_chromium
from bench.detection import accuracy, speed
from bench.figures import show_figures, show_rows, tell
from bench.stage import open_stage
from local.drives.drives import make_drives


@click.group()
def detection() -> None:
    """How right detection is, and how fast."""


@detection.command("accuracy")
@click.option(
    "--drives", "count", default=4_250, show_default=True, type=click.IntRange(85), help="How many."
)
@click.option("--seed", default=1, show_default=True, help="Another seed makes other drives.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def judge(count: int, seed: int, as_json: bool) -> None:
    """Look at labelled drives, and hold what is found against the truth: precision and recall by kind."""
    with open_stage(()) as stage, stage.connect() as connection:
        tell(f"making {count:,} drives")
        scores = accuracy.judge(connection, list(make_drives(seed, count)))
    show_rows(accuracy.describe(scores), as_json)


@detection.command("speed")
@click.option("--vehicles", default=1_000, show_default=True, type=click.IntRange(1))
@click.option("--positions", default=1_000_000, show_default=True, type=click.IntRange(1_000))
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def hurry(vehicles: int, positions: int, as_json: bool) -> None:
    """Look at a day's positions of many vehicles at once, in one process."""
    with open_stage(()) as stage, stage.connect() as connection:
        show_figures(speed.run(connection, vehicles, positions), as_json)


@detection.command("alarm")
@click.option("--calls", default=12, show_default=True, type=click.IntRange(1, 54), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def alarm(calls: int, as_json: bool) -> None:
    """Measure how long an emergency call takes to a dispatcher's screen in Chromium, while 54 buses drive."""
    try:
        from bench.detection.alarm import run  # needs Playwright, which only developers have
    except ImportError as error:
        raise click.ClickException(f"{error}; `make setup` installs what developers need.") from error
    program = find_chromium()
    if program is None:
        raise click.ClickException("Chromium is not installed; on Debian: apt-get install chromium")
    show_figures(run(program, calls), as_json)
