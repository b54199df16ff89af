"""The same rows in the same order, three times: in messages of 1, 20 and 100 positions."""

from typing import Any

from bench.batches.lists import Lists
from bench.books import empty
from bench.drain.cost import drain, queue_up
from bench.figures import tell
from bench.stage import open_stage

SIZES = (1, 20, 100)


def run(lists: Lists) -> list[dict[str, Any]]:
    """One record for each size; what a message costs is told in messages of one position."""
    rows: list[dict[str, Any]] = []
    single_cpu_s = single_s = 0.0
    with open_stage(lists.uids) as stage, stage.connect() as connection:
        for size in SIZES:
            tell(f"{lists.positions} positions in messages of {size}")
            empty(connection)
            queue_up(stage, lists.messages(size))
            cost = drain(stage, connection, lists.positions)
            message_cpu_s, message_s = size * cost.cpu_s_per_million, size / cost.positions_per_s
            if size == 1:
                single_cpu_s, single_s = message_cpu_s, message_s
            rows.append(
                {
                    "positions_a_message": size,
                    **cost.describe(),
                    "cpu_us_a_position": round(cost.cpu_s_per_million, 2),
                    "wall_us_a_position": round(1e6 / cost.positions_per_s, 2),
                    "costs_cpu_of_single_messages": round(message_cpu_s / single_cpu_s, 1),
                    "costs_time_of_single_messages": round(message_s / single_s, 1),
                }
            )
    return rows
