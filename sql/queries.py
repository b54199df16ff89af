"""The named queries of `queries/*.sql`, each a method: `queries.list_vehicles(conn, limit=50)`.

A query is named `verb_noun` and has one sentence over it. A literal % is written %% there.
"""

from pathlib import Path
from typing import Any

import aiosql
import psycopg
from psycopg.rows import dict_row

queries: Any = aiosql.from_path(Path(__file__).parent / "queries", "psycopg", mandatory_parameters=False)


def fetch_rows(connection: psycopg.Connection, name: str, /, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of the query of this name, each by the names of its columns."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(getattr(queries, name).sql, parameters).fetchall()
