"""Reading what is too much to hold: rows come as they are asked for, on a connection of their own.

All of them are as they were in one moment, however long reading takes. The time that a statement may take,
and the time that the reader may pause, are those of this transaction and of no other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import orjson
import psycopg
from psycopg import IsolationLevel
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed
from psycopg.types.json import set_json_loads

from sql.pool import connect

Statement = str | SQL | Composed
ROWS_AT_ONCE = 2_000
STATEMENT_TIMEOUT_S = 1_800
LONGEST_PAUSE_S = 300
_numbers = count()


@contextmanager
def open_reading(url: str, process: str) -> Iterator[psycopg.Connection]:
    """A connection for one long reading, which ends with the block."""
    connection = connect(url, process)
    try:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        set_json_loads(orjson.loads, connection)
        timeouts = {
            "statement_timeout": STATEMENT_TIMEOUT_S * 1000,
            "idle_in_transaction_session_timeout": LONGEST_PAUSE_S * 1000,
            # All rows are read: a plan that is quick only for the first of them is the wrong one.
            "cursor_tuple_fraction": 1.0,
        }
        for name, value in timeouts.items():
            connection.execute("SELECT set_config(%s, %s, true)", (name, str(value)))
        yield connection
    finally:
        connection.close()


def stream_rows(
    connection: psycopg.Connection, statement: Statement, parameters: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The rows of a query, by the names of its columns."""
    with connection.cursor(f"stream_{next(_numbers)}", row_factory=dict_row) as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(statement, parameters)
        yield from cursor
