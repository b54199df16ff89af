"""What is put on trial: a database, a broker and a daemon of its own, publishers, and relays between them."""

import signal
import subprocess
import sys
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
from bench.stage import make_folder, set_up

PUBLISHERS = 2
SMALL_LOG = {"max_wal_size": "160MB"}  # so that the log of changes stays small beside the disk


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
        self.folder = self._stack.enter_context(make_folder())
        self.disk = Disk(self.folder / "database", self.fixes.total)
        self._stack.callback(self.disk.close)
        self._stage = self._stack.enter_context(set_up(self.folder, self.fixes.uids, SMALL_LOG))
        self.postgres, self.mosquitto = self._stage.postgres, self._stage.mosquitto
        self.database_proxy = self._stack.enter_context(Proxy(lambda: self.postgres.port))
        self.broker_proxy = self._stack.enter_context(Proxy(lambda: self.mosquitto.port))
        self._stack.callback(self._end_processes)
        self.start_daemon()
        self._stage.wait_until_ready(self.daemon)

    @property
    def database_url(self) -> str:
        """The database itself, past the relay."""
        return self._stage.database_url

    def kill_broker(self) -> None:
        """End the broker with SIGKILL and note when."""
        self.broker_kills.append(time.time())
        self.mosquitto.kill()

    def start_daemon(self) -> None:
        """Start the daemon, which reaches both services through the relays."""
        parts = urlsplit(self.database_url)
        host = f"{parts.username}:{parts.password}@127.0.0.1:{self.database_proxy.port}"
        self.daemon = self._stage.start(
            "ingest",
            DATABASE_URL=parts._replace(netloc=host).geturl(),
            MQTT_URL=f"mqtt://127.0.0.1:{self.broker_proxy.port}",
        )

    def heal(self) -> None:
        """Start again whatever does not run; a daemon found dead had ended by itself."""
        self.disk.free()
        self._stage.start_services()
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

    def _end_processes(self) -> None:
        for process in (self.daemon, *self.publishers):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            process.wait()
