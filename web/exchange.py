"""`motorpool exchange`: works off the imports and exports that wait, and ends. A job starts it."""

import click
import structlog
from flask import Flask

from config.logging import set_up
from config.program import end_with_parent, expect_many_objects
from config.settings import load
from sql.pool import connect
from sql.queries import queries
from web.background import open_app
from web.exports.background import work_off_exports
from web.imports.work import work_on


@click.command()
def exchange() -> None:
    """Work through the imports and exports that wait, one after the other, until none does.

    `motorpool jobs` starts it by itself. It may be killed at any moment: what was not finished has not
    happened, and the next one begins it anew.
    """
    end_with_parent()
    settings = load()
    set_up(settings, "exchange")
    with open_app(settings) as app:
        expect_many_objects()
        url = settings.need("database_url")
        work_off_imports(app, url)
        with connect(url, "exchange", autocommit=True) as connection:
            while work_off_exports(app, connection):
                work_off_imports(app, url)


def work_off_imports(app: Flask, url: str) -> None:
    """All that wait, each tried once: what nobody could finish now is left to the next process."""
    tried: set[int] = set()
    with connect(url, "exchange", autocommit=True) as connection:
        while waiting := [id for (id,) in queries.list_waiting_imports(connection) if id not in tried]:
            tried.add(waiting[0])
            is_mine = work_on(app, url, waiting[0])
            structlog.get_logger().info("import worked on", import_id=waiting[0], is_mine=is_mine)
