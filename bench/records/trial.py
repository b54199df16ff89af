"""What people ask of a list of vehicles, as the pages ask the database, by the clock of the one who asks."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import psycopg

from bench.figures import tell
from bench.records.fleet import fill
from bench.stage import open_stage
from sql.audit import Author
from sql.queries import queries
from sql.records import Records
from web.records.listing import PAGE
from web.records.vehicles import VEHICLES

RUNS = 9
DEEP_PAGE = 300
RARE, COMMON, ABSENT, SHORT = "v12345", "setra", "no such bus", "v1"
EVERYTHING = {"search": "", "archived": False, **{field.name: "" for field in VEHICLES.filters}}
SORTS = [field.name for field in (*VEHICLES.fields, *VEHICLES.found) if field.sorts]


def run(vehicles: int) -> list[dict[str, Any]]:
    """One row for each question: how many it finds, and the median of some runs in milliseconds."""
    with open_stage(()) as stage, stage.connect() as connection:
        tell(f"making {vehicles} vehicles")
        fill(connection, vehicles)
        return ask_all(connection)


def ask_all(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Ask everything of the fleet that is there."""
    records = Records(connection, VEHICLES.table, VEHICLES.noun, Author(), None)
    rows = [
        ask(records, "first page"),
        ask(records, f"page {DEEP_PAGE} by key", after=find_place(connection)),
        *(ask(records, f"in order of {name}", sort=name) for name in SORTS[1:]),
        ask(records, "first page, backwards", is_descending=True),
        ask(records, "search for something rare", search=RARE),
        ask(records, "search for something common", search=COMMON),
        ask(records, "search for something absent", search=ABSENT),
        ask(records, "search for two signs", search=SHORT),
        ask(records, "search for a driver", search="driver 777"),
        ask(records, "something common in order of odometer", search=COMMON, sort="odometer_m"),
        ask(records, "of one depot", depot_id="Depot 7"),
        ask(records, "of one status", status="in the workshop"),
        ask(records, "of one kind", kind="van"),
        ask(records, "depot, status and search together", depot_id="Depot 7", status="spare", search=COMMON),
        ask(records, "archived", archived=True),
    ]
    suggest = {"search": "V12", "ids": None, "depot_ids": None, "most": 20}
    names = measure(lambda: list(queries.list_vehicle_names(connection, **suggest)))
    return [*rows, {"asked": "names while one types", "total": 20, "part_ms": names, "count_ms": 0.0}]


def ask(
    records: Records,
    asked: str,
    sort: str = "fleet_number",
    is_descending: bool = False,
    after: tuple[Any, int] | None = None,
    **matching: Any,
) -> dict[str, Any]:
    """The next part of the list, and the count beside it."""
    order, wanted = VEHICLES.order_of(sort), {**EVERYTHING, **matching}
    part = measure(lambda: records.list_page(order, is_descending, after, PAGE + 1, **wanted))
    count = measure(lambda: records.count(**wanted))
    return {"asked": asked, "total": records.count(**wanted), "part_ms": part, "count_ms": count}


def find_place(connection: psycopg.Connection) -> tuple[Any, int]:
    """Where the page before the deep one ends."""
    found = connection.execute(
        "SELECT number_order, id FROM vehicles WHERE archived_at IS NULL ORDER BY 1, 2"
        " OFFSET least(%s, (SELECT count(*) FROM vehicles WHERE archived_at IS NULL) - 1) LIMIT 1",
        ((DEEP_PAGE - 1) * PAGE,),
    ).fetchone()
    assert found
    return found[0], found[1]


def measure(question: Callable[[], object]) -> float:
    """The median of some runs, in milliseconds."""
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        question()
        times.append((time.perf_counter() - begun) * 1000)
    return round(statistics.median(times), 1)
