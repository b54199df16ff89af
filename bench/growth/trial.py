"""The same messages drained at each size of the table, the chunk that they go to being the same each time."""

from collections.abc import Sequence
from typing import Any

import psycopg

from bench.drain.cost import drain, queue_up
from bench.figures import tell
from bench.growth.history import DAY_ROWS, check_space, fill_days, make_load
from bench.stage import make_folder, set_up


def run(sizes: Sequence[int], messages: int) -> list[dict[str, Any]]:
    """One record for each size, in millions of rows; the sizes must rise."""
    load = make_load(messages)
    rows: list[dict[str, Any]] = []
    with make_folder() as folder:
        check_space(folder, sizes[-1])
        with set_up(folder, load.uids) as stage, stage.connect() as connection:
            days = 0
            for size in sizes:
                tell(f"filling up to {size} million rows")
                fill_days(connection, days, size)
                days = size
                table = _measure_table(connection)
                tell(f"queueing {messages} messages")
                queue_up(stage, load.messages())
                tell("the daemon drains")
                cost = drain(stage, connection, messages)
                first = rows[0]["positions_per_s"] if rows else cost.positions_per_s
                rows.append(
                    {
                        "rows_before": size * DAY_ROWS,
                        **table,
                        **cost.describe(),
                        "ratio_to_first": round(cost.positions_per_s / first, 3),
                    }
                )
    return rows


def _measure_table(connection: psycopg.Connection) -> dict[str, Any]:
    query = "SELECT hypertable_size('positions'), (SELECT count(*) FROM show_chunks('positions'))"
    row = connection.execute(query).fetchone()
    assert row
    return {"table_gb": round(row[0] / 1e9, 2), "chunks": row[1]}
