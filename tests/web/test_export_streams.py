"""Exports over a real connection: a slow reader holds up nobody, and what breaks off does not look whole."""

import http.client
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

ADDRESS = "/api/v1/exports/positions?period=all&device=a"
TERMINATE = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name = 'motorpool-exports' AND datname = current_database()"
)
COUNT = TERMINATE.replace("pg_terminate_backend(pid)", "pid")


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """A site whose pool has a single connection."""
    return {**environment, "WEB_POOL_SIZE": "1"}


@pytest.fixture
def track(connection: psycopg.Connection) -> None:
    """More than fits between the site and a reader who stalls."""
    connection.execute(
        "INSERT INTO devices (uid) VALUES ('a');"
        "INSERT INTO positions (device_id, fix_time, received_at, latitude, longitude)"
        " SELECT 1, '2026-01-01Z'::timestamptz + n * interval '1 s', now(), 48 + random(), 11 + random()"
        " FROM generate_series(1, 400000) n"
    )


@pytest.fixture
def ask(server: Any) -> Iterator[Callable[..., Any]]:
    """A request whose answer is not read yet."""
    opened: list[http.client.HTTPConnection] = []
    cookie = server.sign_in("dispatcher@example.org")
    other = server.sign_in("admin@example.org")

    def get(address: str, is_other: bool = False) -> http.client.HTTPResponse:
        client = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        opened.append(client)
        client.request("GET", address, headers={"Cookie": other if is_other else cookie})
        return client.getresponse()

    yield get
    for client in opened:
        client.close()


@pytest.mark.usefixtures("track")
def test_slow_readers_take_their_places_and_no_connection_of_the_pages(
    ask: Callable[..., Any], connection: psycopg.Connection, tools: Any
) -> None:
    slow = [ask(ADDRESS, is_other=number > 1) for number in range(4)]
    assert [answer.status for answer in slow] == [200] * 4
    assert connection.execute(COUNT).fetchone() == (4,)
    assert ask("/vehicles").status == 200
    refused = ask(ADDRESS)
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    whole = slow[0].read()
    assert whole.count(b"\r\n") == 400_001
    tools.until(lambda: connection.execute(COUNT).fetchone() == (3,), "the place to be free")
    assert ask(ADDRESS).status == 200


@pytest.mark.usefixtures("track")
def test_what_breaks_off_does_not_look_whole(
    ask: Callable[..., Any], connection: psycopg.Connection, tools: Any
) -> None:
    answer = ask(ADDRESS)
    assert answer.read(1000).startswith(b"\xef\xbb\xbfDevice,")
    assert connection.execute(TERMINATE).fetchone() == (1,)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        answer.read()
    ended = "SELECT state, problem <> '', rows > 0 FROM export_runs"
    tools.until(
        lambda: connection.execute(ended).fetchone() == ("failed", True, True), "the end to be written down"
    )
