"""`motorpool exchange`: works off what waits to be made in the background, and ends."""

import signal
import sys

import click
from flask import Flask

from config.logging import set_up
from config.settings import load
from sql.pool import connect
from web.exports.background import work_off_exports
from web.exports.reader import open_app


@click.command()
def exchange() -> None:
    """Make the exports that wait, one after the other, until none does.

    `motorpool jobs` starts it by itself. It may be killed at any moment: the next one begins anew.
    """
    # Or whoever stops it would leave its temporary files behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    settings = load()
    set_up(settings, "exchange")
    with open_app(settings) as app:
        work_off(app, settings.need("database_url"))


def work_off(app: Flask, url: str) -> None:
    """All that waits."""
    with connect(url, "exchange", autocommit=True) as connection:
        while work_off_exports(app, connection):
            pass
