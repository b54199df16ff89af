"""`motorpool up`: everything on one machine, in the foreground, until Ctrl-C."""

import fcntl
import secrets
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import click
import structlog

from config import logging
from config.settings import Settings, SettingsError, load
from local.demo import DEMO_SERIAL_PORTS
from local.services import Services
from local.services_command import find_own, told
from local.supervisor import Child
from sql.migration import migrate
from sql.pool import connect
from sql.users import add_user, list_users

ADMIN = "admin@demo.example"
DEMO_INTERVAL_S = 2
READY_TIMEOUT_S = 60
LOOPBACK = ("127.0.0.1", "::1", "localhost")

log = structlog.get_logger()


class OwnServices(NamedTuple):
    """The embedded services that are ours to run."""

    services: Services
    names: list[str]

    def start(self) -> None:
        """Start what does not run."""
        with told():
            self.services.start(progress=True, names=self.names)

    def alive(self) -> bool:
        return self.services.alive(self.names)


@click.command()
@click.option("--demo", is_flag=True, help="Drive a fleet of 54 simulated buses and make a first admin.")
def up(demo: bool) -> None:
    """Run services, daemon, pages and jobs together; Ctrl-C stops them all."""
    settings = load()
    logging.set_up(settings.model_copy(update={"log_format": "console"}), "up")
    if not demo and settings.jwt_secret is None:
        raise SettingsError(["JWT_SECRET is not set; make one with: openssl rand -hex 32."])
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        stack.enter_context(_alone(settings.data_dir))
        _check_port(settings)
        services, environment = _start_services(settings, stack)
        for name in migrate(environment["DATABASE_URL"]):
            click.echo(f"Database: applied {name}")
        if settings.web_host in LOOPBACK and "cookie_secure" not in settings.model_fields_set:
            environment["COOKIE_SECURE"] = "false"  # plain http stays on this machine
        if demo:
            environment |= _prepare_demo(settings, environment["DATABASE_URL"])
        children = _start_children(settings, environment, demo, stack)
        _wait_for_page(settings, stop, children)
        _watch(stop, children, services)
        click.echo("\nStopping …")


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """One `up` for each data directory: two would fight over its services."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise click.ClickException(f"motorpool up runs already on {data_dir}.") from error
        yield


def _check_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.web_host, settings.web_port))
        except OSError as error:
            sentence = f"WEB_PORT {settings.web_port} on {settings.web_host} is taken; set another WEB_PORT."
            raise click.ClickException(sentence) from error


def _start_services(settings: Settings, stack: ExitStack) -> tuple[OwnServices, dict[str, str]]:
    """Start the services that the operator does not bring; how to reach all, for the children."""
    services = Services(settings.data_dir)
    own = OwnServices(services, find_own(settings, services))
    if own.names:
        stack.callback(services.stop)
        own.start()
    urls = {}
    for name, given in (("DATABASE_URL", settings.database_url), ("MQTT_URL", settings.mqtt_url)):
        urls[name] = given.get_secret_value() if given else getattr(services, name.lower())
    return own, urls


def _prepare_demo(settings: Settings, database_url: str) -> dict[str, str]:
    """The first admin and the secrets of the demo, the same at each start. The simulator makes the fleet."""
    folder = settings.data_dir / "demo"
    password = _keep_secret(folder / "admin_password", secrets.token_urlsafe(12))
    with connect(database_url, "up", autocommit=True) as connection:
        if ADMIN not in [user.email for user in list_users(connection)]:
            add_user(connection, ADMIN, "admin", password)
    click.echo(f"Sign in as {click.style(ADMIN, bold=True)} with password {click.style(password, bold=True)}")
    environment = {
        "GPS_UPDATE_INTERVAL": str(DEMO_INTERVAL_S),
        "SERIAL_PORTS": ",".join(f"{settings.data_dir}/serial/{uid}:4800={uid}" for uid in DEMO_SERIAL_PORTS),
    }
    if settings.jwt_secret is None:
        _keep_secret(folder / "jwt_secret", secrets.token_hex(32))
        environment["JWT_SECRET_FILE"] = str(folder / "jwt_secret")
    return environment


def _keep_secret(file: Path, fresh: str) -> str:
    """The secret in `file`, written there the first time, readable by us alone."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(fresh)
    return file.read_text()


def _start_children(
    settings: Settings, environment: dict[str, str], demo: bool, stack: ExitStack
) -> list[Child]:
    commands = [["ingest"], ["web"], ["jobs"]]
    if demo:
        commands.append(
            ["simulate", "--interval", str(DEMO_INTERVAL_S), "--serial", str(len(DEMO_SERIAL_PORTS))]
        )
    children = [
        Child(command, settings.data_dir / "log" / f"{command[0]}.log", environment) for command in commands
    ]
    for child in children:
        stack.callback(child.stop)
        child.start()
    return children


def _wait_for_page(settings: Settings, stop: threading.Event, children: list[Child]) -> None:
    url = f"http://{settings.web_host}:{settings.web_port}"
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and not stop.is_set():
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):  # noqa: S310  (our own page)
                click.echo(f"The map is at {click.style(url, bold=True)}   (Ctrl-C stops everything)")
                return
        except OSError:
            stop.wait(0.1)
    if not stop.is_set():
        click.echo(f"The pages do not answer yet; see {children[1].log}", err=True)


def _watch(stop: threading.Event, children: list[Child], services: OwnServices) -> None:
    while not stop.wait(0.5):
        for child in children:
            code = child.restart_if_dead()
            if code is not None:
                log.error(
                    "a process ended and is started again", name=child.name, code=code, log=str(child.log)
                )
        if not services.alive():
            log.error("a service ended and is started again")
            services.start()
