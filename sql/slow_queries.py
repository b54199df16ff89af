"""Statements that take long: counted, timed and logged by the names of their queries.

Never with their values, which are people, children and places. Each connection that `sql.pool` makes watches
its own; what a process has seen, it tells Prometheus and, in its pulse, the System pages.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypedDict, TypeVar

import psycopg
import structlog
from prometheus_client import Counter, Histogram
from psycopg import sql

from sql.queries import NAMES

log = structlog.get_logger()
Shape = TypeVar("Shape")

SECONDS = Histogram(
    "motorpool_slow_query_seconds",
    "Time of statements that took longer than SLOW_QUERY_MS, by query.",
    ["query"],
    buckets=(0.1, 0.5, 1, 5, 10, 60, 600),
)
CANCELLED = Counter("motorpool_cancelled_queries", "Statements cancelled, mostly by timeout.", ["query"])
OTHER = "other"
MOST_TOLD = 20
NAME_IN_COMMENT = re.compile(r'/\* "?(\w{1,80})"? \*/')


class Slow(TypedDict):
    """What has been slow in one query since the process started; `last_at` is in ISO 8601."""

    query: str
    count: int
    total_s: float
    longest_s: float
    cancelled: int
    last_at: str


class SlowQueries:
    """What has been slow in this process, by query; asked and told from any thread."""

    def __init__(self) -> None:
        self.threshold_s = 0.5
        self._by_name: dict[str, Slow] = {}
        self._lock = threading.Lock()

    def note(self, query: str, seconds: float, cancelled: bool) -> None:
        """One statement was slow, or was cancelled."""
        log.warning("slow query", query=query, ms=round(seconds * 1000), cancelled=cancelled)
        SECONDS.labels(query).observe(seconds)
        CANCELLED.labels(query).inc(cancelled)
        nothing = Slow(query=query, count=0, total_s=0.0, longest_s=0.0, cancelled=0, last_at="")
        with self._lock:
            known = self._by_name.setdefault(query, nothing)
            known["count"] += 1
            known["total_s"] = round(known["total_s"] + seconds, 3)
            known["longest_s"] = round(max(known["longest_s"], seconds), 3)
            known["cancelled"] += cancelled
            known["last_at"] = datetime.now(UTC).isoformat(timespec="seconds")

    def list_costliest(self, most: int = MOST_TOLD) -> list[Slow]:
        """The queries whose slow statements took longest together."""
        with self._lock:
            copies = [slow.copy() for slow in self._by_name.values()]
        return sorted(copies, key=lambda slow: -slow["total_s"])[:most]


SLOW_QUERIES = SlowQueries()


class TimedCursor(psycopg.Cursor[Shape]):
    """A cursor that notes what is slow."""

    def execute(self, query: Any, *args: Any, **options: Any) -> Any:
        """As psycopg does."""
        with self._timed(query):
            return super().execute(query, *args, **options)

    def executemany(self, query: Any, *args: Any, **options: Any) -> None:
        """As psycopg does; all its statements count as one."""
        with self._timed(query):
            super().executemany(query, *args, **options)

    @contextmanager
    def copy(self, statement: Any, *args: Any, **options: Any) -> Iterator[psycopg.Copy]:
        """As psycopg does; the time includes ours to make the rows."""
        with self._timed(statement), super().copy(statement, *args, **options) as copy:
            yield copy

    @contextmanager
    def _timed(self, query: Any) -> Iterator[None]:
        began = time.perf_counter()
        cancelled = False
        try:
            yield
        except psycopg.errors.QueryCanceled:
            cancelled = True
            raise
        finally:
            seconds = time.perf_counter() - began
            if cancelled or seconds > SLOW_QUERIES.threshold_s:
                SLOW_QUERIES.note(name_statement(query, self), seconds, cancelled)


def name_statement(query: Any, cursor: psycopg.Cursor[Any]) -> str:
    """The name of a query of ours, or of a statement that was put together and says it in a comment."""
    if isinstance(query, sql.Composable):
        query = query.as_string(cursor)
    text = query.decode("utf-8", "replace") if isinstance(query, bytes) else str(query)
    if name := NAMES.get(text):
        return name
    found = NAME_IN_COMMENT.search(text)
    return found[1] if found else OTHER
