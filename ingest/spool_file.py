"""The file of the spool: an SQLite database of rows that wait, in the order in which they came.

Each write is on the disk itself when it returns (WAL with synchronous=FULL), so it outlives a power cut.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import structlog

# Exclusive: two daemons that share a spool would store each row twice and count it wrongly.
PRAGMAS = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"
SCHEMA = """CREATE TABLE IF NOT EXISTS waiting (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    topic TEXT NOT NULL,
    uid TEXT NOT NULL,
    received_at TEXT NOT NULL,
    position BLOB NOT NULL,
    raw BLOB NOT NULL
)"""
INSERT = "INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?, ?)"
DROP_OLDEST = "DELETE FROM waiting WHERE id IN (SELECT id FROM waiting ORDER BY id LIMIT ?)"
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

log = structlog.get_logger()


class Row(NamedTuple):
    """A position (JSON of its fields), its device, the bytes it was read from; `received_at` in ISO 8601."""

    source: str
    topic: str
    uid: str
    received_at: str
    position: bytes
    raw: bytes


class SpoolFile:
    """Opened by the first call, and anew by each call after one that could not.

    Every call may raise sqlite3.Error or OSError; nothing is changed then. A file that SQLite cannot read is
    put aside under the name `….damaged`, and the next call begins a new one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.held = 0
        self._newest = 0
        self._database: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file, if it is not open, and count what it holds."""
        with self._transaction():
            pass

    def add(self, rows: Iterable[Row], limit: int) -> int:
        """Append rows; how many of the oldest had to go, so that it holds no more than `limit`."""
        with self._transaction() as database:
            numbered = [(number, *row) for number, row in enumerate(rows, self._newest + 1)]
            held = self.held + len(numbered)
            surplus = max(0, held - limit)
            database.executemany(INSERT, numbered)
            if surplus:
                database.execute(DROP_OLDEST, (surplus,))
        self._newest += len(numbered)
        self.held = held - surplus
        return surplus

    def read_after(self, number: int, count: int) -> list[tuple[int, Row]]:
        """The first `count` rows that came after row `number`, each with its own number."""
        query = "SELECT * FROM waiting WHERE id > ? ORDER BY id LIMIT ?"
        with self._transaction() as database:
            found = database.execute(query, (number, count)).fetchall()
        return [(own, Row(*columns)) for own, *columns in found]

    def remove(self, numbers: Iterable[int]) -> None:
        """Take rows away; numbers that are gone already do no harm."""
        with self._transaction() as database:
            removal = database.executemany("DELETE FROM waiting WHERE id = ?", [(each,) for each in numbers])
        self.held -= removal.rowcount

    def close(self) -> None:
        """Close the file."""
        if self._database:
            self._database.close()
        self._database = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._connect() as database:
                yield database
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED:
                self._put_aside()
            raise

    def _connect(self) -> sqlite3.Connection:
        """The open file. No number is given twice in one process, not even after a file was put aside."""
        if self._database is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            database = sqlite3.connect(self.path, timeout=1)
            try:
                database.executescript(PRAGMAS)
                database.execute(SCHEMA)
                query = "SELECT coalesce(max(id), 0), count(*) FROM waiting"
                ((newest, held),) = database.execute(query)
                if not held:
                    database.execute("VACUUM")  # a file never shrinks by itself
            except sqlite3.Error:
                database.close()
                raise
            self._newest, self.held, self._database = max(newest, self._newest), held, database
        return self._database

    def _put_aside(self) -> None:
        self.close()
        self.held = 0
        aside = f"{self.path.name}.damaged"
        for ending in ("", "-wal"):
            file = self.path.with_name(self.path.name + ending)
            if file.exists():
                file.replace(self.path.with_name(aside + ending))
        log.error("the spool is damaged and was put aside", path=str(self.path.with_name(aside)))
