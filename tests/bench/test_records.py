"""The lists of a large fleet: every question is asked and answered, by the index that serves it."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from bench.records.fleet import fill
from bench.records.trial import EVERYTHING
from sql.audit import Author
from sql.pool import connect
from sql.records import Records


def test_every_question_is_asked(bench: Callable[..., Any]) -> None:
    rows = {row["asked"]: row for row in bench("records", "--vehicles", "2000")}
    assert rows["first page"]["total"] == 1960
    assert rows["archived"]["total"] == 40
    assert rows["search for something absent"]["total"] == 0
    assert rows["search for something rare"]["part_ms"] > 0


@pytest.fixture
def records(database_url: str) -> Any:
    with connect(database_url, "test", autocommit=True) as connection:
        fill(connection, 20_000)
        yield Records(connection, "vehicles", "vehicle", Author(), None)


def explain(records: Records, order: str = "number_order", after: Any = None, **matching: str) -> str:
    """The plan of a part of the list."""
    seen: list[str] = []

    class Explained(psycopg.Cursor[Any]):
        def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
            super().execute(psycopg.sql.SQL("EXPLAIN ") + query, *args, **kwargs)
            seen.extend(row["QUERY PLAN"] for row in self.fetchall())
            return super().execute(query, *args, **kwargs)

    records.connection.cursor_factory = Explained
    try:
        records.list_page(order, False, after, 101, **{**EVERYTHING, **matching})
    finally:
        records.connection.cursor_factory = psycopg.Cursor
    return "\n".join(seen)


def test_the_first_page_and_a_deep_one_come_off_the_index_in_order(records: Records) -> None:
    deep = ("v00000000000000012000", 12_000)
    for after in (None, deep):
        plan = explain(records, after=after)
        assert "vehicles_in_order" in plan, plan
        assert "Seq Scan on vehicles" not in plan, plan


def test_a_word_of_three_signs_is_looked_up_and_not_looked_for(records: Records) -> None:
    for search in ("v12345", "no such bus"):
        plan = explain(records, search=search)
        assert "vehicles_search" in plan, plan
        assert "Seq Scan on vehicles" not in plan, plan
