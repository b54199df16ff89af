"""The command that runs the scheduler."""

import json
import logging
import signal
import threading
from datetime import UTC, datetime

import click
from prometheus_client import start_http_server
from psycopg.conninfo import make_conninfo

from config.logging import set_up
from config.settings import load
from jobs.detection.runner import Detection
from jobs.detection.turn import detect_all, redo
from jobs.lock import TCP_TIMEOUTS, RunnerLock
from jobs.schedule import list_jobs
from jobs.scheduler import run_scheduler
from jobs.work import Work
from sql.pool import connect, open_pool
from sql.processes import Process
from sql.pulse import Pulse
from sql.slow_queries import SLOW_QUERIES

DETECTION_GRACE_S = 10.0


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
        detection = Detection(url, timeout_s)
        pulse.start()
        detection.start()
        run_scheduler(lock, work, stop)
        detection.stop(DETECTION_GRACE_S)
        pulse.stop()


@click.command()
@click.option(
    "--since", type=click.DateTime(), help="Look again at all from this moment on (UTC), by today's rules."
)
@click.option("--device", "uids", multiple=True, metavar="UID", help="Only these devices.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def detect(since: datetime | None, uids: tuple[str, ...], as_json: bool) -> None:
    """Find trips, stops and events in all that is due, and return when it is done.

    `motorpool jobs` does so by itself; this is for what has changed since: rules or geofences.
    """
    if uids and since is None:
        raise click.UsageError("--device goes with --since.")
    settings = load()
    with connect(settings.need("database_url"), "detect", autocommit=True) as connection:
        if since is not None:
            redo(connection, since.replace(tzinfo=UTC), uids or None)
        looked = detect_all(connection)
    click.echo(json.dumps({"devices": looked}) if as_json else f"{looked} devices looked at.")


def _serve_metrics(port: int) -> None:
    try:
        start_http_server(port, "127.0.0.1")
    except OSError as error:
        raise click.ClickException(f"Port {port}, the one after METRICS_PORT: {error.strerror}.") from error
