"""A fleet's history: a million rows a day, and so a million in each chunk of the table.

1,000 devices send a fix each 10 s on a trip of nearly three hours, all in turn as they would arrive. The days
reach back from the last one, in whose chunk the fixes of the trial follow later.
"""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from bench.drain.messages import Load

LAST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY_ROWS = 1_000_000
DEVICES = 1_000
INTERVAL_S = 10
LATER = timedelta(hours=6)
ROW_BYTES = 160  # with its index, and some room
LOG_BYTES = 6_000_000_000  # the log of changes, at most
FILL = """
INSERT INTO positions
SELECT device, fix_time, fix_time + interval '1 s', 48 + device * 1e-5, 11 + turn * 1e-4, 12.5, 87
FROM generate_series(0, %(turns)s - 1) AS turn
CROSS JOIN LATERAL (SELECT %(begin)s + turn * make_interval(secs => %(interval_s)s) AS fix_time) AS moment
CROSS JOIN generate_series(1, %(devices)s) AS device
"""


class TooLittleSpace(Exception):
    """The disk does not hold so many rows; the message says how much is needed and how much there is."""


def make_load(messages: int) -> Load:
    """What the daemon drains: fixes of the last day, hours later than its history."""
    return Load(messages, DEVICES, begin=LAST_DAY + LATER)


def check_space(folder: Path, days: int) -> None:
    """Raise TooLittleSpace where so many days do not fit on the disk of this folder."""
    needed, free = days * DAY_ROWS * ROW_BYTES + LOG_BYTES, shutil.disk_usage(folder).free
    if needed > free:
        wanted = f"{days} million rows need {needed / 1e9:.0f} GB of disk with the database's log of changes"
        raise TooLittleSpace(f"{wanted}, and {folder} has {free / 1e9:.0f} GB free.")


def fill_days(connection: psycopg.Connection, first: int, end: int) -> None:
    """Write the days from `first` to before `end`, counted back from the last, which is made anew each time.

    Then all is settled, as it would be in a table that has grown for weeks: nothing is left to vacuum or to
    write out while the daemon is measured.
    """
    connection.execute("SELECT drop_chunks('positions', newer_than => %s::timestamptz)", [LAST_DAY])
    turns = DAY_ROWS // DEVICES
    for day in sorted({0, *range(first, end)}, reverse=True):
        begin = LAST_DAY - timedelta(days=day)
        values = {"begin": begin, "turns": turns, "devices": DEVICES, "interval_s": INTERVAL_S}
        connection.execute(FILL, values)
    connection.execute("VACUUM (ANALYZE) positions")
    connection.execute(
        "TRUNCATE latest_positions, stored_batches, ingest_ledger, quarantine, device_duplicates"
    )
    connection.execute("CHECKPOINT")
