"""While the database is away the site says so clearly, and when it is back the site is, by itself."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.settings import load
from local.services import Services
from sql.pool import connect
from sql.users import add_user
from web import database
from web.app import create_app

BROWSER = {"Accept": "text/html"}


@pytest.fixture
def site(own_services: Services, environment: dict[str, str], tools: Any) -> Iterator[Flask]:
    """A site over a database that the test may stop."""
    with connect(own_services.database_url, "test", autocommit=True) as connection:
        add_user(connection, "admin@example.org", "admin", tools.PASSWORD)
    app = create_app(load({**environment, "DATABASE_URL": own_services.database_url}))
    yield app
    app.extensions["pool"].close()


@pytest.fixture
def visitor(site: Flask, tools: Any) -> FlaskClient:
    """An admin who has signed in while all was well."""
    client = site.test_client()
    token = tools.read_token(client.get("/sign-in").text)
    fields = {"csrf_token": token, "email": "admin@example.org", "password": tools.PASSWORD}
    assert client.post("/sign-in", data=fields).status_code == 303
    return client


@pytest.mark.parametrize("seconds_away", [1, 12])
def test_an_outage_is_one_clear_message_and_ends_by_itself(
    seconds_away: float, own_services: Services, visitor: FlaskClient, tools: Any
) -> None:
    assert visitor.get("/system").status_code == 200
    own_services.stop()
    deadline = time.monotonic() + seconds_away
    while True:
        page = visitor.get("/system", headers=BROWSER)
        assert page.status_code == 503
        if time.monotonic() > deadline:
            break
    assert page.headers["Retry-After"] == "5"
    assert "The database does not answer. Nothing is lost" in page.text
    assert 'href="/system?"' in page.text
    assert page.headers["X-Request-Id"] in page.text
    problem = visitor.get("/api/v1/depots")
    assert (problem.status_code, problem.content_type) == (503, "application/problem+json")
    assert problem.json["type"].endswith("#database-away")
    assert problem.headers["Retry-After"] == "5"
    for path in ("/healthz", "/metrics", "/static/theme.js"):
        with visitor.get(path) as answer:
            assert answer.status_code == 200, path
    own_services.start()
    tools.until(lambda: visitor.get("/system").status_code == 200, "the site to be back", limit=10)
    assert "motorpool_pool_connect_errors_total" in visitor.get("/metrics").text


def test_a_statement_that_takes_too_long_is_cancelled_and_said_to_be(
    environment: dict[str, str], people: None
) -> None:
    app = create_app(load({**environment, "WEB_STATEMENT_TIMEOUT": "0.2"}))

    def dawdle() -> str:
        with database.connection() as connection:
            connection.execute("SELECT pg_sleep(30)")
        return "never"

    app.view_functions["health.alive"] = dawdle
    began = time.monotonic()
    answer = app.test_client().get("/healthz")
    assert time.monotonic() - began < 10
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.json["type"].endswith("#database-slow")
    app.extensions["pool"].close()


def test_a_pool_with_nothing_left_to_lend_is_an_outage_until_something_comes_back(
    environment: dict[str, str], people: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE_S", 0.3)
    app = create_app(load({**environment, "WEB_POOL_SIZE": "1"}))
    client = app.test_client()
    with app.extensions["pool"].connection():
        assert client.get("/readyz").status_code == 503
        metrics = client.get("/metrics").text
        for line in ('in_use{pool="web"} 1.0', 'most{pool="web"} 1.0', 'timeouts_total{pool="web"} 1.0'):
            assert f"motorpool_pool_{line}" in metrics
    assert "The fleet has not been read" in client.get("/readyz").json["detail"]
    app.extensions["pool"].close()


def test_a_running_site_reports_itself_and_takes_its_leave(
    server: Any, connection: psycopg.Connection, tools: Any
) -> None:
    def count() -> int:
        row = connection.execute("SELECT count(*) FROM process_status WHERE process = 'web'").fetchone()
        assert row
        return int(row[0])

    tools.until(lambda: count() == 1, "the report")
    row = connection.execute("SELECT doing, pool ->> 'most' FROM process_status").fetchone()
    assert row == ("serves pages", "8")
    server.stop()
    tools.until(lambda: count() == 0, "the leave")


def test_slow_queries_are_in_the_log_by_name_and_without_values(
    make_server: Callable[..., Any], people: None, tools: Any
) -> None:
    server = make_server(SLOW_QUERY_MS="1")
    tools.until(server.is_ready, "the site to be ready")
    server.sign_in("admin@example.org")
    tools.until(lambda: '"event": "slow query"' in server.log_text(), "a slow query")
    slow = [line for line in server.log_text().splitlines() if '"slow query"' in line]
    assert not [line for line in slow if "example.org" in line]
