"""One run: a full broker, the daemon that empties it, and the rivals on the same rows and schema."""

from typing import Any

import psycopg

from bench.books import empty
from bench.drain import rivals
from bench.drain.cost import drain, queue_up
from bench.drain.messages import Load
from bench.drain.queue import fill_session
from bench.figures import tell
from bench.stage import Stage, open_stage

NAIVE_SHARE = 0.1


def run(load: Load, batch: int) -> dict[str, Any]:
    """Measure everything on services of the trial's own; the keys are those that `--json` prints."""
    with open_stage(load.uids) as stage, stage.connect() as connection:
        return _measure(stage, connection, load, batch)


def _measure(stage: Stage, connection: psycopg.Connection, load: Load, batch: int) -> dict[str, Any]:
    tell(f"queueing {load.total} messages of {load.devices} devices")
    queue_up(stage, load.messages())
    empty(connection)
    tell("the daemon drains")
    cost = drain(stage, connection, load.total, BATCH_SIZE=str(batch))
    answer = cost.describe() | {
        "duplicates_share": round(cost.duplicates / load.total, 3),
        "messages": load.total,
        "devices": load.devices,
        "batch_size": batch,
    }
    rows = load.received()
    tell("binary COPY alone")
    empty(connection)
    answer["limit_rows_per_s"] = round(rivals.copy_alone(connection, rows, batch))
    tell("the store alone")
    empty(connection)
    answer["store_rows_per_s"] = round(rivals.store_alone(connection, rows, batch))
    tell("aiomqtt's iterator with executemany")
    empty(connection)
    few = load._replace(total=max(batch, int(load.total * NAIVE_SHARE)))
    fill_session(stage.mqtt_url, "naive", ["fleet/+/position"], few.messages())
    answer["naive_positions_per_s"] = round(
        rivals.drain_naively(stage.mqtt_url, "naive", stage.database_url, few.total, batch)
    )
    answer["decode_per_s"] = rivals.decode_alone(load)
    answer["ratio_to_limit"] = round(answer["positions_per_s"] / answer["limit_rows_per_s"], 3)
    answer["ratio_to_naive"] = round(answer["positions_per_s"] / answer["naive_positions_per_s"], 2)
    return answer
