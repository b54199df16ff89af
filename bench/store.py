"""How much of the database's own speed is left when positions go through the store, as ratios of one run.

Run it with `make bench`, or `python bench/store.py --rows 500000`. All figures are rows a second into the
same hypertable, in batches of one size: (a) bare binary COPY of rows encoded beforehand, the limit; (b) the
store with everything on: device look-up, encoding, latest fix, ledger, NOTIFY; (c) the same with 30 % of the
rows sent again; (d) executemany, what people write first.
"""

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from config.settings import default_data_dir
from devices.position import Position
from local.services import Services
from sql.batches import Batch, Message, Received
from sql.binary_copy import copy_rows, encode_row, timestamp_field
from sql.fleet import adopt_devices
from sql.migration import migrate
from sql.pool import connect
from sql.positions import PositionStore

START = datetime(2026, 3, 2, tzinfo=UTC)
BATCH = 5_000
DEVICES = 5_000


def make_rows(count: int) -> list[Received]:
    """Fixes of 5,000 devices in turn, one each 10 s."""
    rows = []
    for number in range(count):
        device, turn = number % DEVICES, number // DEVICES
        position = Position(
            None,
            START + timedelta(seconds=10 * turn),
            48 + device / 1e4,
            11 + turn / 1e4,
            12.5,
            87.0,
            None,
            3.0,
            9,
        )
        message = Message("mqtt", f"fleet/bus-{device}/position", b"", START)
        rows.append(Received(f"bus-{device}", position, message))
    return rows


def batches(rows: list[Received]) -> Iterator[list[Received]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def copy_alone(connection: psycopg.Connection, rows: list[Received]) -> float:
    ids: dict[str, int] = dict(connection.execute("SELECT uid, id FROM devices").fetchall())
    moment = timestamp_field(START)
    encoded = [[encode_row(ids[row.uid], moment, row.position) for row in batch] for batch in batches(rows)]
    started = time.perf_counter()
    for batch in encoded:
        with connection.transaction(), connection.cursor() as cursor:
            copy_rows(cursor, "positions", batch)
    return time.perf_counter() - started


def through_store(connection: psycopg.Connection, rows: list[Received]) -> float:
    store = PositionStore(connection)
    started = time.perf_counter()
    for batch in batches(rows):
        store.store(Batch(batch))
    return time.perf_counter() - started


def through_store_again(connection: psycopg.Connection, rows: list[Received]) -> float:
    """Each batch carries 30 % of the one before it once more."""
    store = PositionStore(connection)
    started = time.perf_counter()
    fresh = int(BATCH * 0.7)
    for start in range(0, len(rows), fresh):
        store.store(Batch(rows[max(0, start - (BATCH - fresh)) : start + fresh]))
    return time.perf_counter() - started


def executemany(connection: psycopg.Connection, rows: list[Received]) -> float:
    ids: dict[str, int] = dict(connection.execute("SELECT uid, id FROM devices").fetchall())
    started = time.perf_counter()
    query = "INSERT INTO positions VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
    for batch in batches(rows):
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(
                query,
                [(ids[row.uid], row.position[1], START, *row.position[2:9], None) for row in batch],
            )
    return time.perf_counter() - started


WAYS: dict[str, tuple[Callable[[psycopg.Connection, list[Received]], float], float]] = {
    "copy_alone": (copy_alone, 1.0),
    "store": (through_store, 1.0),
    "store_with_30_percent_duplicates": (through_store_again, 1 / 0.7),
    "executemany": (executemany, 1.0),
}


def _open_to_all(folder: Path) -> Path:
    """The services' account must be able to pass."""
    folder.chmod(0o755)
    return folder


def main() -> None:
    """Measure each way on an empty table and print rows a second and the ratio to the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    rows = make_rows(parser.parse_args().rows)
    answer: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as folder,
        Services(_open_to_all(Path(folder)), binaries=default_data_dir() / "services") as services,
    ):
        migrate(services.database_url)
        with connect(services.database_url, "bench", autocommit=True) as connection:
            adopt_devices(connection, [f"bus-{number}" for number in range(DEVICES)])
            for name, (way, sent_per_row) in WAYS.items():
                connection.execute("TRUNCATE positions, latest_positions, ingest_ledger")
                answer[f"{name}_rows_per_s"] = round(len(rows) * sent_per_row / way(connection, rows))
    for name in itertools.islice(WAYS, 1, None):
        ratio = answer[f"{name}_rows_per_s"] / answer["copy_alone_rows_per_s"]
        answer[f"{name}_ratio_to_limit"] = round(ratio, 3)
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
