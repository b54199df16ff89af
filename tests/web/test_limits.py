"""Limits on signing in: they hold across processes, for tries side by side, and for whole networks."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask

from config.settings import Settings
from sql import attempts
from sql.attempts import TooManyAttempts
from sql.pool import connect
from web.app import create_app


@pytest.fixture
def other_app(settings: Settings, people: None) -> Iterator[Flask]:
    """Another process of the same site."""
    app = create_app(settings)
    yield app
    app.extensions["pool"].close()


def login(app: Flask, address: str, email: str, password: str = "not the right one") -> int:
    given = {"email": email, "password": password, "device_id": "x"}
    where = {"REMOTE_ADDR": address}
    return app.test_client().post("/api/v1/auth/login", json=given, environ_base=where).status_code


def test_a_locked_account_is_locked_in_every_process_and_for_every_address(
    app: Flask, other_app: Flask
) -> None:
    for number in range(10):
        assert login((app, other_app)[number % 2], f"192.0.2.{number}", "admin@example.org") == 401
    right = "a long enough password"
    assert login(app, "192.0.2.77", "admin@example.org", right) == 429
    assert login(other_app, "192.0.2.78", " Admin@Example.org ", right) == 429
    assert login(other_app, "192.0.2.79", "viewer@example.org", right) == 200


def test_an_account_that_does_not_exist_is_locked_alike(app: Flask) -> None:
    statuses = [login(app, f"192.0.2.{number}", "nobody@example.org") for number in range(11)]
    assert statuses == [401] * 10 + [429]


def test_tries_side_by_side_do_not_slip_past(database_url: str, people: None) -> None:
    let_through: list[int] = []
    start = threading.Barrier(24)

    def strike(number: int) -> None:
        with connect(database_url, "test") as connection:
            start.wait()
            try:
                attempts.begin(connection, f"192.0.2.{number}", "admin@example.org")
            except TooManyAttempts:
                return
            let_through.append(number)

    threads = [threading.Thread(target=strike, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(let_through) <= 10


def test_one_network_is_one_client_whichever_address_it_takes(connection: psycopg.Connection) -> None:
    for number in range(10):
        attempts.begin(connection, f"2001:db8:0:1::{number:x}", f"person-{number}@example.org")
    with pytest.raises(TooManyAttempts):
        attempts.begin(connection, "2001:db8:0:1:ffff::1", "somebody@example.org")
    attempts.begin(connection, "2001:db8:0:2::1", "somebody@example.org")


def test_no_address_and_no_password_is_kept_with_a_try(app: Flask, connection: psycopg.Connection) -> None:
    login(app, "192.0.2.1", "typed my password here")
    kept = [row[0] for row in connection.execute("SELECT subject FROM sign_in_attempts ORDER BY 1")]
    assert kept[1] == "address 192.0.2.1"
    assert "typed" not in kept[0]


def test_whoever_waits_may_try_again(app: Flask, connection: psycopg.Connection) -> None:
    for number in range(10):
        login(app, f"192.0.2.{number}", "viewer@example.org")
    connection.execute("UPDATE sign_in_attempts SET at = at - interval '15 minutes'")
    assert login(app, "192.0.2.1", "viewer@example.org", "a long enough password") == 200


def test_the_address_behind_a_proxy_counts_only_where_a_proxy_was_announced(
    app: Flask, connection: psycopg.Connection, sign_in: Callable[..., Any]
) -> None:
    given = {"email": "nobody@example.org", "password": "x", "device_id": "x"}
    app.test_client().post("/api/v1/auth/login", json=given, headers={"X-Forwarded-For": "203.0.113.9"})
    subjects = [row[0] for row in connection.execute("SELECT subject FROM sign_in_attempts ORDER BY 1")]
    assert "address 127.0.0.1" in subjects
