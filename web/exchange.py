"""`motorpool exchange`: works through the imports that wait, and ends. A job starts it when there are any."""

import click
import structlog

from config.logging import set_up
from config.program import end_with_parent, expect_many_objects
from config.settings import load
from sql.pool import connect
from sql.queries import queries
from web.app import create_app
from web.imports.work import work_on


@click.command()
def exchange() -> None:
    """Work through the imports that wait, and end when none does.

    `motorpool jobs` starts it by itself. It may be killed at any moment: what was not finished has not
    happened, and is begun again.
    """
    end_with_parent()
    settings = load()
    set_up(settings, "exchange")
    url = settings.need("database_url")
    app = create_app(settings)
    expect_many_objects()
    tried: set[int] = set()
    with connect(url, "exchange", autocommit=True) as connection:
        while waiting := [id for (id,) in queries.list_waiting_imports(connection) if id not in tried]:
            tried.add(waiting[0])
            is_mine = work_on(app, url, waiting[0])
            structlog.get_logger().info("import worked on", import_id=waiting[0], is_mine=is_mine)
