"""The named queries of `queries/*.sql`, each a method: `queries.list_vehicles(conn, limit=50)`.

A query is named `verb_noun` and has one sentence over it. A literal % is written %% there.
"""

from pathlib import Path
from typing import Any

import aiosql

queries: Any = aiosql.from_path(Path(__file__).parent / "queries", "psycopg", mandatory_parameters=False)
