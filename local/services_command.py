"""`motorpool services`: the embedded TimescaleDB and mosquitto by hand."""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import click

from config.settings import Settings, load
from local.services import ServiceError, Services
from local.services.pair import NAMES


@contextmanager
def told() -> Iterator[None]:
    """Turn what a service cannot do into one sentence and exit code 1."""
    try:
        yield
    except (ServiceError, OSError) as error:
        raise click.ClickException(str(error)) from error


def find_own(settings: Settings, services: Services) -> list[str]:
    """The services that are ours to run: no URL is set for them, or their own, as `services env` gives it."""
    given = {"postgres": settings.database_url, "mosquitto": settings.mqtt_url}
    return [
        name
        for name in NAMES
        if (url := given[name]) is None or url.get_secret_value() == services.find_url(name)
    ]


@click.group()
def services() -> None:
    """The embedded TimescaleDB and mosquitto of this machine."""


@services.command()
def fetch() -> None:
    """Download and unpack the services' programs; quick when they are there."""
    with told():
        Services(load().data_dir).fetch(progress=True)


@services.command()
def start() -> None:
    """Start the services and leave them running."""
    settings = load()
    with told():
        embedded = Services(settings.data_dir)
        own = find_own(settings, embedded)
        for name, setting in (("postgres", "DATABASE_URL"), ("mosquitto", "MQTT_URL")):
            if name not in own:
                click.echo(f"{setting} is set and is used; the embedded {name} is left alone.")
        embedded.start(progress=True, names=own)
        for name in own:
            click.echo(f"{name} runs at {embedded.status()[name]['url']}")


@services.command()
def stop() -> None:
    """Stop the services; their data stays."""
    with told():
        Services(load().data_dir).stop()


@services.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(as_json: bool) -> None:
    """Show what runs; exit code 1 unless all of it does."""
    with told():
        found = Services(load().data_dir).status()
    if as_json:
        click.echo(json.dumps(found))
    else:
        for name, row in found.items():
            process = f"runs as process {row['pid']}" if row["running"] else "does not run"
            click.echo(f"{name} {row['version'] or '(not fetched)'} {process} {row['url'] or ''}".rstrip())
    if not all(row["running"] for row in found.values()):
        raise SystemExit(1)


@services.command()
def env() -> None:
    """Print the exports of DATABASE_URL and MQTT_URL: eval "$(motorpool services env)"."""
    settings = load()
    with told():
        embedded = Services(settings.data_dir)
        if not embedded.alive():
            raise ServiceError("The embedded services do not run; run: motorpool services start")
        click.echo(f"export DATABASE_URL={shlex.quote(embedded.database_url)}")
        click.echo(f"export MQTT_URL={shlex.quote(embedded.mqtt_url)}")
