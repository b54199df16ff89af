"""TimescaleDB's Community edition, which Debian does not carry: a WebAssembly build behind a socket."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sql.migration import FOLDER

COMMUNITY = Path(__file__).resolve().parents[1] / "community"


@pytest.fixture(scope="module")
def community_server() -> Iterator[str]:
    """The address of a migrated database of the Community edition that takes one connection at a time."""
    node = shutil.which("node")
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
