"""TimescaleDB's Community edition, which Debian does not carry, and scheduler processes."""

import contextlib
import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from sql.migration import FOLDER

PATIENCE_S = 60.0
COMMUNITY = Path(__file__).resolve().parents[1] / "community"


@pytest.fixture(scope="module")
def community_server() -> Iterator[str]:
    """The address of a migrated database of the Community edition that takes one connection at a time."""
    own = Path(sys.executable).parent  # setup puts node there where the machine has none
    node = shutil.which("node", path=f"{own}:{os.environ['PATH']}")
    if node is None or not (COMMUNITY / "node_modules").is_dir():
        pytest.skip("the Community edition is not installed (npm ci --prefix tests/community)")
    command = [node, str(COMMUNITY / "server.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        port = int(server.stdout.readline())
        url = f"postgresql://postgres:any@127.0.0.1:{port}/postgres?sslmode=disable"
        try:
            take_migrations(url)
            yield url
        finally:
            server.stdin.close()


def take_migrations(url: str) -> None:
    """Every step in order on one connection, for yoyo wants a second one."""
    with psycopg.connect(url, autocommit=True) as connection:
        for step in sorted(FOLDER.glob("*.sql")):
            if not step.name.endswith(".rollback.sql"):
                connection.execute(step.read_bytes())


@pytest.fixture
def community(community_server: str) -> Iterator[psycopg.Connection]:
    """A connection to the Community edition with empty tables and without policies.

    Statements are not prepared: the one backend would remember them beyond the connection.
    """
    with psycopg.connect(community_server, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("SET timezone = 'UTC'")
        yield connection
        connection.execute("SELECT remove_retention_policy('positions', if_exists => true)")
        connection.execute("SELECT remove_compression_policy('positions', if_exists => true)")
        connection.execute("TRUNCATE positions, devices CASCADE")


class Scheduler:
    """A real `motorpool jobs` process, with its log and what it tells its service manager."""

    def __init__(self, url: str, directory: Path, **environ: str) -> None:
        self.notify_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify_socket.bind(str(directory / "notify"))
        self.notify_socket.settimeout(PATIENCE_S)
        notify = str(directory / "notify")
        environ = {"DATABASE_URL": url, "NOTIFY_SOCKET": notify, "PATH": os.environ["PATH"], **environ}
        command = [str(Path(sys.executable).parent / "motorpool"), "jobs"]
        self.process = subprocess.Popen(
            command, cwd=directory, env=environ, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self._lines.put(line)

    def wait_for(self, event: str) -> None:
        """Read on in the log until this happens."""
        seen = []
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                seen.append(self._lines.get(timeout=0.1))
                if f'"event": "{event}"' in seen[-1]:
                    return
        raise AssertionError(f"no {event!r} within {PATIENCE_S} s, but: {''.join(seen)}")

    def end(self) -> None:
        """Whatever the test left of it."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stderr
        self.process.stderr.close()
        self.notify_socket.close()


@pytest.fixture
def start_scheduler(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Scheduler]]:
    """Starts `motorpool jobs` processes on the test's own database, and ends them after it."""
    with contextlib.ExitStack() as stack:

        def start(**environ: str) -> Scheduler:
            directory = Path(tempfile.mkdtemp(dir=tmp_path))
            scheduler = Scheduler(database_url, directory, **environ)
            stack.callback(scheduler.end)
            return scheduler

        yield start
