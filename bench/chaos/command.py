"""`motorpool bench chaos`: prints the verdict of a trial; exit code 1 where the promise was broken."""

import json
import secrets
import sys

import click

from bench.chaos.trial import Outcome, run_trial


@click.command()
@click.option("--fixes", type=click.IntRange(1, 50_000_000), default=2_000_000, show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=600.0, show_default=True)
@click.option("--devices", type=click.IntRange(1, 100_000), default=5_000, show_default=True)
@click.option("--seed", type=int, help="Of the order and the length of the faults; printed when not given.")
@click.option("--json", "as_json", is_flag=True)
def chaos(fixes: int, seconds: float, devices: int, seed: int | None, as_json: bool) -> None:
    """Publish numbered fixes while daemon, database and broker are killed, paused, cut off and filled up.

    At the end every fix that the broker acknowledged must be in the table once, and the ledger must add up.
    Everything runs on services of the trial's own; as root the database's disk is filled too.
    """
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    click.echo(f"seed {seed}", err=True)
    outcome = run_trial(fixes, seconds, devices, seed, lambda line: click.echo(line, err=True))
    report = describe(outcome) | {"fixes": fixes, "devices": devices, "seed": seed}
    if as_json:
        click.echo(json.dumps(report))
    else:
        for name, value in report.items():
            click.echo(f"{name:16} {value}")
    sys.exit(0 if outcome.passed else 1)


def describe(outcome: Outcome) -> dict[str, object]:
    """The outcome as one flat record, with the faults by name."""
    return {
        "passed": outcome.passed,
        **outcome.verdict._asdict(),
        "daemon_deaths": outcome.daemon_deaths,
        "seconds": round(outcome.seconds, 1),
        "faults": dict(sorted(outcome.faults.items())),
    }
