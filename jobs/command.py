"""The command that runs the scheduler."""

import logging
import signal
import threading

import click
from prometheus_client import start_http_server
from psycopg.conninfo import make_conninfo

from config.logging import set_up
from config.settings import load
from jobs.lock import TCP_TIMEOUTS, RunnerLock
from jobs.schedule import list_jobs
from jobs.scheduler import run_scheduler
from jobs.work import Work
from sql.pool import open_pool
from sql.processes import Process
from sql.pulse import Pulse
from sql.slow_queries import SLOW_QUERIES


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
    SLOW_QUERIES.threshold_s = settings.slow_query_ms / 1000
    lock = RunnerLock(url)
    address = make_conninfo(url, **TCP_TIMEOUTS)
    size, timeout_s = settings.jobs_pool_size, settings.jobs_statement_timeout
    with open_pool(address, "jobs", size, timeout_s, least=0) as pool:
        work = Work(pool, list_jobs(settings), lock.hold)
        process = Process("jobs", pool, lambda: "runs the jobs" if work.started else "stands by")
        pulse = Pulse(url, "jobs", process.report, work.attend, farewell=process.leave)
        pulse.start()
        run_scheduler(lock, work, stop)
        pulse.stop()


def _serve_metrics(port: int) -> None:
    try:
        start_http_server(port, "127.0.0.1")
    except OSError as error:
        raise click.ClickException(f"Port {port}, the one after METRICS_PORT: {error.strerror}.") from error
