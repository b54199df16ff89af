"""Where a trial plays: a folder, a database and a broker of its own, and processes of ours that use them."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from config.program import PROGRAM
from config.settings import default_data_dir
from local.services import Services
from sql.fleet import adopt_devices
from sql.migration import migrate
from sql.pool import connect

PLACE = "/var/tmp"  # on a disk, where /tmp may be memory
READY_S = 60
END_S = 60


class Stage:
    """Database and broker each have a folder of their own, so that one of them may lie on another disk."""

    def __init__(self, folder: Path) -> None:
        binaries = default_data_dir() / "services"
        self.folder = folder
        self._database = Services(folder / "database", binaries)
        self._broker = Services(folder / "broker", binaries)
        self.postgres, self.mosquitto = self._database.postgres, self._broker.mosquitto

    @property
    def database_url(self) -> str:
        """How to reach the database."""
        return self.postgres.url

    @property
    def mqtt_url(self) -> str:
        """How to reach the broker."""
        return self.mosquitto.url

    def start_services(self) -> None:
        """Start what does not run of database and broker."""
        self._database.start(names=("postgres",))
        self._broker.start(names=("mosquitto",))

    def stop_services(self) -> None:
        """End both."""
        self.mosquitto.stop()
        self.postgres.stop()

    def connect(self) -> psycopg.Connection:
        """A connection for the trial itself."""
        return connect(self.database_url, "bench", autocommit=True)

    def log(self, command: str) -> Path:
        """What the processes of this command wrote."""
        return self.folder / f"{command}.log"

    def start(self, command: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start `motorpool COMMAND` on these services, with settings as in the environment."""
        urls = {"DATABASE_URL": self.database_url, "MQTT_URL": self.mqtt_url}
        with self.log(command).open("ab") as log:
            return subprocess.Popen(
                [*PROGRAM, command],
                env={**os.environ, **urls, **settings},
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )

    @contextmanager
    def play(self, command: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """The same for as long as the context lasts, with an orderly end."""
        process = self.start(command, **settings)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def wait_until_ready(self, daemon: subprocess.Popen[bytes]) -> None:
        """Return when `motorpool ingest` says that it is; it must log at info."""
        log = self.log("ingest")
        deadline = time.monotonic() + READY_S
        while '"event": "ready"' not in log.read_text():
            if time.monotonic() > deadline or daemon.poll() is not None:
                raise RuntimeError(f"the daemon does not become ready:\n{log.read_text()[-2_000:]}")
            time.sleep(0.1)


@contextmanager
def make_folder() -> Iterator[Path]:
    """A folder that every account may pass, gone in the end."""
    folder = Path(tempfile.mkdtemp(prefix="motorpool-bench-", dir=PLACE))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def set_up(
    folder: Path, uids: Iterable[str], database_settings: Mapping[str, str] | None = None
) -> Iterator[Stage]:
    """Services in this folder, with our tables and these devices; the settings are the database server's."""
    stage = Stage(folder)
    try:
        stage.start_services()
        migrate(stage.database_url)
        with stage.connect() as connection:
            adopt_devices(connection, uids)
            for name, value in (database_settings or {}).items():
                query = sql.SQL("ALTER SYSTEM SET {} = {}")
                connection.execute(query.format(sql.Identifier(name), sql.Literal(value)))
        if database_settings:
            stage.postgres.stop()
            stage.start_services()
        yield stage
    finally:
        stage.stop_services()


@contextmanager
def open_stage(uids: Iterable[str], database_settings: Mapping[str, str] | None = None) -> Iterator[Stage]:
    """The same in a folder that is made for it."""
    with make_folder() as folder, set_up(folder, uids, database_settings) as stage:
        yield stage
