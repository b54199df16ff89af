"""The command that runs the scheduler."""

import logging
import signal
import threading

import click
from prometheus_client import start_http_server

from config.logging import set_up
from config.settings import load
from jobs.lock import RunnerLock
from jobs.schedule import list_jobs
from jobs.scheduler import run_scheduler
from jobs.work import Work


@click.command()
def jobs() -> None:
    """Run the scheduled jobs until SIGTERM or Ctrl-C; a second process stands by and takes over."""
    settings = load()
    url = settings.need("database_url")
    set_up(settings, "jobs")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if settings.metrics_port:
        _serve_metrics(settings.metrics_port + 1)
    lock = RunnerLock(url)
    run_scheduler(lock, Work(url, list_jobs(settings), lock.hold), stop)


def _serve_metrics(port: int) -> None:
    try:
        start_http_server(port, "127.0.0.1")
    except OSError as error:
        raise click.ClickException(f"Port {port}, the one after METRICS_PORT: {error.strerror}.") from error
