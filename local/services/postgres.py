"""PostgreSQL with TimescaleDB, for the database of one machine."""

import contextlib
import os
import secrets
import shutil
import signal
from pathlib import Path
from typing import ClassVar

import psycopg
from psycopg import pq, sql

from local.services.daemon import Daemon
from local.services.errors import ServiceError
from local.services.roots import Root

NAME = "motorpool"  # of the database and of its owner
BINARIES = "usr/lib/postgresql/17/bin"
TIME_ZONES = Path("/usr/share/zoneinfo")
# The C.UTF-8 that PostgreSQL itself brings: sorting does not change with the machine's C library.
INITDB = (
    f"--username={NAME} --auth=scram-sha-256 --encoding=UTF8 --locale=C --locale-provider=builtin "
    "--builtin-locale=C.UTF-8 --data-checksums --no-instructions"
).split()
SETTINGS = """\
# Written by motorpool at each start. Settings of your own go into the database: ALTER SYSTEM SET ...
# First what initdb found to work on this machine, such as the kind of shared memory.
include 'postgres/postgresql.conf'

listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
password_encryption = 'scram-sha-256'

shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
timescaledb.max_background_workers = {workers}

shared_buffers = {shared_buffers_mb}MB
max_wal_size = 4GB
wal_compression = on
checkpoint_timeout = 15min
jit = off

# A position is acknowledged to its sender when it is committed, so a commit must mean the disk.
synchronous_commit = on
fsync = {fsync}

timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
log_line_prefix = '%m [%p] '
"""


class Postgres(Daemon):
    """The embedded database. With `test` a power cut may destroy it, but databases clone from a template.

    A background worker of TimescaleDB keeps a session open on each database, which forbids to clone it.
    """

    name: ClassVar[str] = "postgres"
    pid_file: ClassVar[str] = "postmaster.pid"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": ends sessions, then writes everything out

    def __init__(self, home: Path, root: Root, test: bool = False) -> None:
        super().__init__(home, root)
        self._test = test
        self._password_file = home / "postgres.password"

    @property
    def url(self) -> str:
        """How clients reach the database, the password included."""
        return f"postgresql://{NAME}:{self._read_password()}@127.0.0.1:{self.port}/{NAME}"

    @property
    def public_url(self) -> str:
        """The same without the password."""
        return f"postgresql://{NAME}@127.0.0.1:{self.port}/{NAME}"

    def program(self, name: str) -> Path:
        """A client program of the same version, such as pg_dump."""
        return self.root.folder / BINARIES / name

    def create(self) -> None:
        """Initialise the cluster in a folder aside, then put it in place."""
        if not (TIME_ZONES / "UTC").exists():
            raise ServiceError(f"PostgreSQL needs the time zones in {TIME_ZONES}; install tzdata.")
        fresh = self.folder.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600, exist_ok=False)
        self._password_file.write_text(secrets.token_urlsafe(32))
        for path in (fresh, self._password_file):
            os.chown(path, self.account.uid, self.account.gid)
        command = [str(self.program("initdb")), f"--pwfile={self._password_file}", *INITDB]
        if self._test:
            command.append("--no-sync")
        done = self.account.run([*command, str(fresh)], fresh)
        if done.returncode != 0:
            raise ServiceError(f"The database cannot be initialised: {done.stderr.strip()}")
        fresh.rename(self.folder)

    def command(self) -> list[str]:
        """Write postgres.conf, which the server reads instead of the file in its folder."""
        self.write_config(
            SETTINGS.format(
                port=self.port,
                workers=0 if self._test else 4,
                shared_buffers_mb=_choose_shared_buffers(),
                fsync="off" if self._test else "on",
            )
        )
        return [str(self.program("postgres")), "-D", str(self.folder), "-c", f"config_file={self.config}"]

    def launch(self) -> int:
        """Start the server once nothing of a killed one is left.

        A session busy with a query does not notice that its server died, and the next one refuses to start
        beside it.
        """
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it ended, or is another user's
                in_folder = (process / "cwd").readlink() == self.folder.resolve()
                if in_folder and (process / "cmdline").read_bytes().startswith(b"postgres: "):
                    os.kill(int(process.name), signal.SIGQUIT)
        return super().launch()

    def answers(self) -> bool:
        """Whether connections are accepted: not while the log of a killed server is replayed."""
        return pq.PGconn.ping(f"host=127.0.0.1 port={self.port} connect_timeout=5".encode()) == pq.Ping.OK

    def complete(self) -> None:
        """Create the database where it is missing."""
        with psycopg.connect(self.url, dbname="postgres", autocommit=True) as conn:
            found = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
            if not found:
                conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))

    def _read_password(self) -> str:
        try:
            return self._password_file.read_text()
        except PermissionError:
            raise ServiceError(f"{self._password_file} is readable for its owner and root only.") from None
        except OSError:
            raise ServiceError("The database is not set up here; run: motorpool services start") from None


def _choose_shared_buffers() -> int:
    """An eighth of the machine's memory, 64 to 512 MB."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return max(64, min(512, memory_mb // 8))
