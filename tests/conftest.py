"""The real services that all tests share: one TimescaleDB and one broker for a run, however many workers.

Each test that asks for `database_url` gets a database of its own, cloned from a migrated template.
"""

import fcntl
import itertools
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from bench.chromium import FLAGS, find_chromium
from config.settings import default_data_dir
from local.services import Services
from sql.migration import migrate

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "data"
BINARIES = default_data_dir() / "services"
VENDOR = Path(__file__).resolve().parents[1] / "web" / "static" / "vendor"
MEMORY, ROOM_IN_MEMORY = Path("/dev/shm"), 6 * 2**30
_numbers = itertools.count()
expect.set_options(
    timeout=20_000
)  # for a page in a busy machine's browser; what never comes fails all the same


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The recordings from the field; they are no part of the project."""
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings from the field (../shared/data) are not on this machine")
    return RECORDINGS


@pytest.fixture(scope="session")
def shared_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """One TimescaleDB and one broker for all workers of this run; the last worker stops them."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    services = Services(find_fast_place(root), binaries=BINARIES, test=True)
    users = root / "services.users"
    with _locked(root / "services.lock"):
        services.start()
        if not _has_template(services.database_url):
            _make_template(services.database_url)
        users.write_text(str(_count(users) + 1))
    yield services
    with _locked(root / "services.lock"):
        users.write_text(str(_count(users) - 1))
        if _count(users) == 0:
            services.stop()
            shutil.rmtree(services.home)


def find_fast_place(root: Path) -> Path:
    """A folder for the files of the shared services: in memory, where there is room for it.

    Each test makes and drops a database of 300 files, and ext4 looks long for inodes while others have just
    been deleted: 0.4 s a database on disk, 0.03 s in memory.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_IN_MEMORY:
        return MEMORY / f"motorpool-{root.parent.name}-{root.name}"
    return root / "services"


@pytest.fixture
def database_url(shared_services: Services) -> Iterator[str]:
    """A fresh migrated database."""
    with _database(shared_services, "template_motorpool") as url:
        yield url


@pytest.fixture
def empty_database_url(shared_services: Services) -> Iterator[str]:
    """A fresh database without any table of ours."""
    with _database(shared_services, "template1") as url:
        yield url


@pytest.fixture
def own_services(tmp_path: Path) -> Iterator[Services]:
    """A database, migrated, and a broker that this test alone uses, and may kill."""
    with Services(tmp_path / "services", binaries=BINARIES, test=True) as services:
        migrate(services.database_url)
        yield services
    shutil.rmtree(services.home)


@pytest.fixture
def broker_url(shared_services: Services) -> str:
    """The shared broker; tests keep apart by their own client ids and topics."""
    return shared_services.mqtt_url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for a module: while it is there, no other event loop can run in this process."""
    program = find_chromium()
    if program is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    if not (VENDOR / "maplibre-gl.mjs").exists():
        pytest.skip("the front end is not built (npm ci && npm run build)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@contextmanager
def _database(services: Services, template: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin_url = with_database(services.database_url, "postgres")
    with psycopg.connect(admin_url, autocommit=True) as connection:
        # The other strategy writes the whole copy to the log: 0.4 s instead of 0.05 s.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield with_database(admin_url, name)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _has_template(url: str) -> bool:
    with psycopg.connect(url) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = 'template_motorpool'"
        return connection.execute(query).fetchone() is not None


def _make_template(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_motorpool")
    migrate(with_database(url, "template_motorpool"))


def _count(file: Path) -> int:
    return int(file.read_text()) if file.exists() else 0


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Lets workers start and stop the services one after the other."""
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
