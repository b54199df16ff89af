"""Forms from elsewhere: every route that changes anything refuses what did not come from a page of ours."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from web.rights import ANYBODY, find_right

BROWSER = {"Accept": "text/html"}
# They take no cookie: what they ask for is in the body or the header, which another site does not have.
WITHOUT_COOKIES = {"api_auth.login", "api_auth.refresh"}
# Choosing a password by a link: the form's token is asked for like at the door.
AT_THE_DOOR = {"session.check_password", "session.check_code", "password.send_link", "password.set_new"}


def list_changes(app: Flask) -> list[tuple[str, str, str]]:
    """Every route that is not for reading, as endpoint, method and an address that fits it."""
    return [
        (rule.endpoint, method, fill(rule))
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods - {"GET", "HEAD", "OPTIONS"})
    ]


def fill(rule: Rule) -> str:
    values = {"session_id": "00000000-0000-4000-8000-000000000000", "token": "x", "filename": "x"}
    address = rule.rule
    for name in rule.arguments:
        for kind in ("int:", "uuid:", "path:", ""):
            address = address.replace(f"<{kind}{name}>", values.get(name, "1"))
    return address


@pytest.mark.parametrize("token", [None, "", "forged", "gefälscht"])
def test_nothing_changes_without_the_token_of_our_pages(
    token: str | None,
    app: Flask,
    client: FlaskClient,
    sign_in: Callable[..., Any],
    connection: psycopg.Connection,
) -> None:
    sign_in("admin@example.org")
    sent = {} if token is None else {"csrf_token": token}
    count = 0
    for endpoint, method, address in list_changes(app):
        if endpoint in WITHOUT_COOKIES:
            continue
        answer = client.open(address, method=method, data=sent, headers=BROWSER)
        expected = (302, 303, 400) if endpoint in AT_THE_DOOR else (403,)
        assert answer.status_code in expected, (endpoint, method, answer.status_code)
        count += 1
    assert count >= 20
    assert client.get("/session").json["email"] == "admin@example.org"
    assert connection.execute("SELECT count(*) FROM audit_log").fetchone() == (0,)


def test_what_anybody_may_send_is_named_here(app: Flask) -> None:
    open_to_all = {endpoint for endpoint, _, _ in list_changes(app) if find_right(endpoint) == ANYBODY}
    assert open_to_all == WITHOUT_COOKIES | AT_THE_DOOR


def test_the_token_of_one_session_is_worth_nothing_in_another(
    app: Flask, client: FlaskClient, sign_in: Callable[..., Any]
) -> None:
    sign_in("viewer@example.org")
    theirs = client.get_cookie("csrf_access_token")
    assert theirs
    sign_in("admin@example.org")
    refused = client.post("/sign-out", data={"csrf_token": theirs.value}, headers=BROWSER)
    assert refused.status_code == 403
    assert "did not come from a form of ours" in refused.text


def test_a_program_with_a_token_in_its_header_needs_no_form(app: Flask, client: FlaskClient) -> None:
    given = {
        "email": "dispatcher@example.org",
        "password": "a long enough password",
        "device_id": "program",
    }
    token = client.post("/api/v1/auth/login", json=given).json["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    assert client.post("/api/v1/depots", json={"name": "North"}, headers=header).status_code == 201


def test_a_header_or_cookie_of_any_signs_is_refused_and_breaks_nothing(
    client: FlaskClient, sign_in: Callable[..., Any]
) -> None:
    sign_in("admin@example.org")
    header = {**BROWSER, "X-CSRF-TOKEN": "gefälscht"}
    assert client.post("/sign-out", headers=header).status_code == 403
    client.set_cookie("access_token_cookie", "gefälscht")
    assert client.get("/session", headers=BROWSER).status_code in (302, 401)


def test_nobody_is_told_which_methods_a_page_knows(
    client: FlaskClient, sign_in: Callable[..., Any], app: Flask
) -> None:
    for address in ("/", "/sign-in", "/api/v1/vehicles"):
        assert app.test_client().options(address).status_code == 405
    sign_in("admin@example.org")
    for address in ("/", "/users", "/api/v1/vehicles"):
        assert client.options(address).status_code == 405
