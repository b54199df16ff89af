"""Depots, the first kind of record: listing, editing, archiving, and two people at the same one."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from web.records.conflict import compare
from web.records.depots import DEPOTS

Send = Callable[..., Any]


@pytest.fixture
def north(send: Send) -> str:
    """The address of a depot's page."""
    place = {"latitude": "48.1", "longitude": "11.5"}
    return str(send("/depots", name="North", address="1 Elm Street", **place).location)


def add_many(connection: psycopg.Connection, count: int) -> None:
    connection.execute(
        "INSERT INTO depots (name, address) SELECT 'Depot ' || lpad(n::text, 5, '0'), 'Road ' || n %% 7"
        " FROM generate_series(1, %s) AS n",
        (count,),
    )


def rows(page: str) -> list[str]:
    return re.findall(r'class="row-link"[^>]*>([^<]*)<', page)


def test_a_depot_is_added_shown_and_listed(signed_in: FlaskClient, north: str) -> None:
    record = signed_in.get(north).text
    for word in ("North", "1 Elm Street", "48.10000", "11.50000", "has been added", "dispatcher@example.org"):
        assert word in record
    listed = signed_in.get("/depots").text
    assert rows(listed) == ["North"]
    assert "1 of 1" in listed


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "This is needed."),
        ("name", "   ", "This is needed."),
        ("name", "x" * 101, "at most 100 characters"),
        ("name", "a\x00b", "a character that cannot be kept"),
        ("latitude", "north", "must be a number, such as 48.137"),
        ("latitude", "90.1", "from -90 to 90"),
        ("longitude", "nan", "must be a number"),
        ("longitude", "", "go together"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    field: str, value: str, sentence: str, send: Send, connection: psycopg.Connection
) -> None:
    fields = {"name": "South", "address": "2 Oak Street", "latitude": "48.1", "longitude": "11.5"}
    answer = send("/depots", **{**fields, field: value})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">[^<]*{re.escape(sentence)}', answer.text)
    assert "2 Oak Street" in answer.text
    assert connection.execute("SELECT count(*) FROM depots").fetchone() == (0,)


def test_a_name_is_given_once(send: Send, north: str) -> None:
    answer = send("/depots", name="North")
    assert answer.status_code == 422
    assert "taken by another record" in answer.text


def test_a_change_lands_in_the_history_with_before_and_after(
    signed_in: FlaskClient, send: Send, north: str, connection: psycopg.Connection
) -> None:
    done = send(north, version="1", name="North", address="9 Ash Street", latitude="48.1", longitude="11.5")
    assert done.location == north
    page = signed_in.get(north).text
    assert "<del>1 Elm Street</del>" in page
    assert "<ins>9 Ash Street</ins>" in page
    log = connection.execute(
        "SELECT action, user_id IS NOT NULL, before ->> 'address', after ->> 'address', request_id"
        " FROM audit_log ORDER BY id"
    ).fetchall()
    assert [row[:4] for row in log] == [
        ("add", True, None, "1 Elm Street"),
        ("change", True, "1 Elm Street", "9 Ash Street"),
    ]
    assert log[1][4] == done.headers["X-Request-Id"]


def test_saving_without_a_change_leaves_no_trace(
    send: Send, north: str, connection: psycopg.Connection
) -> None:
    send(north, version="1", name="North", address="1 Elm Street", latitude="48.1", longitude="11.5")
    assert connection.execute("SELECT version FROM depots").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM audit_log").fetchone() == (1,)


def test_a_concurrent_change_is_shown_field_by_field_and_not_overwritten(
    send: Send, north: str, connection: psycopg.Connection
) -> None:
    place = {"latitude": "48.1", "longitude": "11.5"}
    send(north, version="1", name="North", address="theirs", **place)
    answer = send(north, version="1", name="North yard", address="mine", **place)
    assert answer.status_code == 409
    assert "dispatcher@example.org saved this record" in answer.text
    choices = re.findall(r'type="radio" name="(\w+)" value="([^"]*)"( checked)?', answer.text)
    assert choices == [
        ("name", "North yard", " checked"),
        ("name", "North", ""),
        ("address", "mine", " checked"),
        ("address", "theirs", ""),
    ]
    assert answer.text.count("both changed it") == 1
    kept = connection.execute("SELECT name, address, version FROM depots").fetchone()
    assert kept == ("North", "theirs", 2)
    send(north, version="2", name="North yard", address="theirs", **place)
    assert connection.execute("SELECT name, address FROM depots").fetchone() == ("North yard", "theirs")


def test_what_only_they_touched_stays_theirs_in_a_record_that_no_form_made(
    send: Send, connection: psycopg.Connection
) -> None:
    connection.execute("INSERT INTO depots (name, address) VALUES ('Yard', 'old')")
    send("/depots/1", version="1", name="Yard", address="theirs")
    answer = send("/depots/1", version="1", name="Mine", address="old")
    choices = re.findall(r'type="radio" name="(\w+)" value="([^"]*)"( checked)?', answer.text)
    assert [choice[:2] for choice in choices if choice[2]] == [("name", "Mine"), ("address", "theirs")]
    assert "both changed it" not in answer.text


def test_a_field_that_only_they_touched_keeps_their_value_first() -> None:
    opened = {"name": "A", "address": "old", "latitude": None, "longitude": None}
    found = {
        row.field.name: row
        for row in compare(
            DEPOTS.fields, opened, {**opened, "name": "B"}, {**opened, "address": "new", "latitude": 1.0}
        )
    }
    assert (found["name"].takes_mine, found["name"].is_both) == (True, False)
    assert (found["address"].takes_mine, found["address"].differs) == (False, True)
    assert not found["longitude"].differs


@pytest.mark.parametrize("version", ["", "x", "-5", "99999999999999999999"])
def test_a_version_that_never_was_is_a_conflict(version: str, send: Send, north: str) -> None:
    assert send(north, version=version, name="X").status_code == 409


def test_archiving_takes_a_depot_out_of_the_list_and_restoring_brings_it_back(
    signed_in: FlaskClient, send: Send, north: str
) -> None:
    send(f"{north}/archive", version="1")
    assert rows(signed_in.get("/depots").text) == []
    assert rows(signed_in.get("/depots?archived=1").text) == ["North"]
    assert "archived" in signed_in.get(north).text
    send(f"{north}/restore", version="2")
    assert rows(signed_in.get("/depots").text) == ["North"]
    assert "restored" in signed_in.get(north).text


def test_archiving_what_somebody_just_changed_does_nothing(
    signed_in: FlaskClient, send: Send, north: str
) -> None:
    send(north, version="1", name="Other")
    send(f"{north}/archive", version="1")
    assert "in the meantime" in signed_in.get(north).text
    assert rows(signed_in.get("/depots").text) == ["Other"]


def test_the_list_searches_sorts_and_pages_by_key(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    add_many(connection, 250)
    first = signed_in.get("/depots").text
    assert "100 of 250" in first
    assert rows(first)[0] == "Depot 00001"
    more = re.search(r'hx-get="([^"]*after=[^"]*)"', first)
    assert more
    second = signed_in.get(more[1].replace("&amp;", "&")).text
    assert rows(second)[0] == "Depot 00101"
    assert "200 of 250" in second
    assert rows(signed_in.get("/depots?sort=-name").text)[0] == "Depot 00250"
    assert "36 of 36" in signed_in.get("/depots?search=ROAD 3").text
    by_address = signed_in.get("/depots?sort=address&limit=40").text
    assert rows(by_address)[:2] == ["Depot 00007", "Depot 00014"]
    assert "Nothing matches" in signed_in.get("/depots?search=nowhere").text


def test_paging_meets_every_row_once_in_either_direction(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    add_many(connection, 95)
    for sort in ("name", "-name", "address", "-address"):
        after, met = "", []
        while after is not None:
            part = signed_in.get(f"/api/v1/depots?sort={sort}&limit=10&after={after}").json
            assert part["total"] == 95
            met += [item["name"] for item in part["items"]]
            after = part["next"]
        assert len(met) == len(set(met)) == 95, sort


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=password", "sort"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("limit=1001", "limit"),
        ("after=%21", "after"),
        ("after=WzEsMl0", "after"),
        ("after=bnVsbA", "after"),
    ],
)
def test_a_list_that_cannot_be_asked_for_names_what_is_wrong(
    query: str, field: str, signed_in: FlaskClient
) -> None:
    for address in ("/depots", "/api/v1/depots"):
        answer = signed_in.get(f"{address}?{query}")
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field]), address


def test_htmx_gets_only_the_rows(signed_in: FlaskClient, north: str) -> None:
    part = signed_in.get("/depots", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert 'id="results"' in part.text
    assert part.headers["Vary"] == "HX-Request"


def test_a_person_of_one_depot_sees_no_other(
    app: Flask, connection: psycopg.Connection, sign_in: Callable[..., Any], client: FlaskClient
) -> None:
    add_many(connection, 3)
    connection.execute("UPDATE users SET scope = 'depot' WHERE email = 'viewer@example.org'")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id)"
        " SELECT id, 2 FROM users WHERE email = 'viewer@example.org'"
    )
    sign_in("viewer@example.org")
    assert client.get("/api/v1/depots").json["total"] == 1
    assert client.get("/api/v1/depots/2").status_code == 200
    assert client.get("/api/v1/depots/1").status_code == 404
    assert client.get("/depots/3").status_code == 404


def test_an_unknown_depot_is_not_found(signed_in: FlaskClient) -> None:
    for address in ("/depots/999", "/depots/999/edit", "/api/v1/depots/999", "/depots/9999999999999"):
        assert signed_in.get(address).status_code == 404, address
