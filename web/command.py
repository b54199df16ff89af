"""`motorpool web`: the site, until it is told to stop."""

import click
import structlog

from config.logging import set_up
from config.settings import load
from web.server import Server, bind


@click.command()
def web() -> None:
    """Serve the pages and the live map."""
    settings = load()
    set_up(settings, "web")
    settings.need("database_url")
    settings.need("jwt_secret")
    sockets = bind(settings)
    structlog.get_logger().info("serving", address=f"http://{settings.web_host}:{settings.web_port}/")
    Server(settings, sockets).run()
