"""How far a trial is, as the ledger tells: it is written in the same transaction as the positions."""

import time
from typing import NamedTuple

import psycopg

PATIENCE_S = 60.0
POLL_S = 0.02


class Books(NamedTuple):
    """What the ledger says of all positions so far."""

    stored: int
    duplicate: int

    @property
    def positions(self) -> int:
        """All that the daemon is done with."""
        return self.stored + self.duplicate


def read_books(connection: psycopg.Connection) -> Books:
    """The sums of the ledger."""
    query = "SELECT coalesce(sum(stored), 0)::bigint, coalesce(sum(duplicate), 0)::bigint FROM ingest_ledger"
    row = connection.execute(query).fetchone()
    assert row
    return Books(*row)


def wait_for(connection: psycopg.Connection, positions: int) -> tuple[Books, float]:
    """Wait until the ledger has so many; what it has, and the moment (perf_counter) when it was seen."""
    seen, deadline = -1, time.monotonic() + PATIENCE_S
    while (books := read_books(connection)).positions < positions:
        if books.positions > seen:
            seen, deadline = books.positions, time.monotonic() + PATIENCE_S
        elif time.monotonic() > deadline:
            raise TimeoutError(f"{seen} of {positions} positions are stored, and no more for {PATIENCE_S} s")
        time.sleep(POLL_S)
    return books, time.perf_counter()


def empty(connection: psycopg.Connection) -> None:
    """Forget every position."""
    connection.execute(
        "TRUNCATE positions, latest_positions, stored_batches, ingest_ledger, quarantine, device_duplicates"
    )
    connection.execute("CHECKPOINT")
