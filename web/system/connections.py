"""How each process uses its connections to the database, and which of its queries were slow."""

from typing import Any

from flask import Blueprint, Response, current_app

from sql.processes import list_processes
from sql.queries import fetch_rows
from web import database
from web.shell import render_part

pages = Blueprint("connections", __name__, url_prefix="/connections")
MOST_SLOW = 20
Row = dict[str, Any]


@pages.get("")
def show() -> Response:
    """Pools, single connections and slow queries; the page asks again each few seconds."""
    with database.connection() as connection:
        processes = [row for row in list_processes(connection) if not row["is_silent"]]
        connections = fetch_rows(connection, "list_connections")
    return render_part(
        "system/connections.html",
        "system/pools.html",
        processes=processes,
        connections=connections,
        slow=gather_slow(processes),
        threshold_ms=current_app.config["SLOW_QUERY_MS"],
        timeouts=current_app.config["STATEMENT_TIMEOUTS"],
    )


def gather_slow(processes: list[Row]) -> list[Row]:
    """The costliest slow queries of all processes, each with the process that ran it."""
    slow = [
        {**told, "process": row["process"], "worker": row["worker"]}
        for row in processes
        for told in row["slow"]
    ]
    return sorted(slow, key=lambda told: -float(told["total_s"]))[:MOST_SLOW]
