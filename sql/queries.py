"""The named queries of `queries/*.sql`, each a method: `queries.list_vehicles(conn, limit=50)`.

A query is named `verb_noun` and has one sentence over it. A literal % is written %% there. A name is given
once: of two queries of one name, one would quietly take the place of the other.
"""

from pathlib import Path
from typing import Any

import aiosql
import psycopg
from psycopg.rows import dict_row

FOLDER = Path(__file__).parent / "queries"

queries: Any = aiosql.from_path(FOLDER, "psycopg", mandatory_parameters=False)

# By their text; aiosql gives each SELECT a second method, NAME_cursor.
NAMES: dict[str, str] = {
    getattr(queries, name).sql: name for name in queries.available_queries if not name.endswith("_cursor")
}


def fetch_rows(connection: psycopg.Connection, name: str, /, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of the query of this name, each by the names of its columns."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(getattr(queries, name).sql, parameters).fetchall()
