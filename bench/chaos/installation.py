"""What is put on trial: a database, a broker and a daemon of its own, publishers, and relays between them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from bench.chaos.disk import Disk
from bench.chaos.fixes import Fixes
from bench.chaos.proxy import Proxy
from bench.chaos.publisher import Job
from config.program import PROGRAM
from config.settings import default_data_dir
from local.services import Services
from sql.fleet import adopt_devices
from sql.migration import migrate
from sql.pool import connect

PUBLISHERS = 2
READY_S = 60
DAEMON = [*PROGRAM, "ingest"]
# So that the log of changes stays small beside the disk.
SMALL_LOG = ("ALTER SYSTEM SET max_wal_size = '160MB'", "SELECT pg_reload_conf()")


class Installation:
    """Everything runs inside the context.

    `daemon_deaths` counts how often the daemon ended by itself, `broker_kills` holds the moments of those.
    """

    def __init__(self, fixes: Fixes, rate: float) -> None:
        self.fixes = fixes
        self._rate = rate
        self.daemon_deaths = 0
        self.broker_kills: list[float] = []
        self.publishers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="motorpool-chaos-", dir="/var/tmp"))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        self.disk = Disk(self.folder / "database", self.fixes.total)
        self._stack.callback(self.disk.close)
        binaries = default_data_dir() / "services"
        self._database = Services(self.folder / "database", binaries)
        self._broker = Services(self.folder / "broker", binaries)
        self.postgres, self.mosquitto = self._database.postgres, self._broker.mosquitto
        self._stack.callback(self.postgres.stop)
        self._stack.callback(self.mosquitto.stop)
        self.start_services()
        migrate(self.database_url)
        with connect(self.database_url, "bench", autocommit=True) as connection:
            for statement in SMALL_LOG:
                connection.execute(statement)
            adopt_devices(connection, self.fixes.uids)
        self.database_proxy = self._stack.enter_context(Proxy(lambda: self.postgres.port))
        self.broker_proxy = self._stack.enter_context(Proxy(lambda: self.mosquitto.port))
        self._stack.callback(self._end_processes)
        self.start_daemon()
        self._wait_until_ready()

    @property
    def database_url(self) -> str:
        """The database itself, past the relay."""
        return self.postgres.url

    @property
    def log(self) -> Path:
        """What the daemons wrote."""
        return self.folder / "ingest.log"

    def start_services(self) -> None:
        """Start what does not run of database and broker."""
        self._database.start(names=("postgres",))
        self._broker.start(names=("mosquitto",))

    def kill_broker(self) -> None:
        """End the broker with SIGKILL and note when."""
        self.broker_kills.append(time.time())
        self.mosquitto.kill()

    def start_daemon(self) -> None:
        """Start the daemon, and the services where they are gone, as a supervisor would."""
        parts = urlsplit(self.database_url)
        host = f"{parts.username}:{parts.password}@127.0.0.1:{self.database_proxy.port}"
        environment = {
            **os.environ,
            "DATABASE_URL": parts._replace(netloc=host).geturl(),
            "MQTT_URL": f"mqtt://127.0.0.1:{self.broker_proxy.port}",
        }
        with self.log.open("ab") as log:
            self.daemon = subprocess.Popen(DAEMON, env=environment, cwd=self.folder, stderr=log)

    def heal(self) -> None:
        """Start again whatever does not run; a daemon found dead had ended by itself."""
        self.disk.free()
        self.start_services()
        if self.daemon.poll() is not None:
            self.daemon_deaths += 1
            self.start_daemon()

    def start_publishers(self) -> None:
        """Begin to publish."""
        for share in range(PUBLISHERS):
            file = str(self.folder / f"acknowledged-{share}")
            job = Job(self.fixes, share, PUBLISHERS, self._rate / PUBLISHERS, self.broker_proxy.port, file)
            command = [sys.executable, "-m", "bench.chaos.publisher", job.dump()]
            self.publishers.append(subprocess.Popen(command))

    @property
    def acknowledged_files(self) -> list[Path]:
        """Where the publishers note what was acknowledged."""
        return sorted(self.folder.glob("acknowledged-*"))

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while '"event": "ready"' not in self.log.read_text():
            if time.monotonic() > deadline or self.daemon.poll() is not None:
                raise RuntimeError(f"the daemon does not become ready:\n{self.log.read_text()[-2_000:]}")
            time.sleep(0.1)

    def _end_processes(self) -> None:
        for process in (self.daemon, *self.publishers):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            process.wait()
