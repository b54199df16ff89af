"""Every route, with every role and signed out: what the table of rights says is what happens."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from sql.users import ROLES
from web.imports.kinds import IMPORTS
from web.rights import ANYBODY, ENDPOINTS, RIGHTS, find_right, may

BROWSER = {"Accept": "text/html"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def list_routes(app: Flask) -> list[tuple[str, str, str]]:
    """Every route as endpoint, method and an address that fits it."""
    routes = []
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            routes.append((rule.endpoint, method, fill(rule)))
    return routes


def fill(rule: Rule) -> str:
    values = {
        "id": "1",
        "owner_id": "1",
        "file_id": "1",
        "session_id": UNKNOWN,
        "token": "x",
        "filename": "logo.svg",
    }
    values |= {"day": "2026-11-23", "name": "driven_roads"}
    values |= {"subject": "vehicles"}
    values |= {"suffix": "csv"}
    values |= {"device_id": "1", "started_at": "2026-11-23T07:12:03Z"}
    address = rule.rule
    for name in rule.arguments:
        for kind in ("int:", "uuid:", "path:", ""):
            address = address.replace(f"<{kind}{name}>", values[name])
    return address


def send(client: FlaskClient, method: str, address: str) -> Any:
    cookie = client.get_cookie("csrf_access_token")
    headers = {**BROWSER, "X-CSRF-TOKEN": cookie.value} if cookie else BROWSER
    with client.open(address, method=method, headers=headers) as answer:
        return answer


def test_the_table_names_every_route_and_no_other(app: Flask) -> None:
    assert {endpoint for endpoint, _, _ in list_routes(app)} <= set(ENDPOINTS)
    asked = {*ENDPOINTS.values(), *(kind.right for kind in IMPORTS)}
    assert asked - {ANYBODY, "be signed in"} == set(RIGHTS)
    made = {rule.endpoint for rule in app.url_map.iter_rules()}
    pages = {endpoint for endpoint in ENDPOINTS if not endpoint.startswith("api_")}
    assert pages <= made


def test_whoever_is_signed_out_gets_only_what_is_for_anybody(app: Flask) -> None:
    for endpoint, method, address in list_routes(app):
        answer = send(app.test_client(), method, address)
        if find_right(endpoint) != ANYBODY:
            is_api = address.startswith("/api/")
            assert answer.status_code == (401 if is_api else 302), (endpoint, method)
            assert is_api or answer.location.startswith("/sign-in"), endpoint


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_what_the_table_says(
    role: str, app: Flask, client: FlaskClient, sign_in: Callable[..., Any]
) -> None:
    sign_in(f"{role}@example.org")
    ending = ("session.sign_out", "api_auth.logout", "account.end_session", "account.end_other_sessions")
    for endpoint, method, address in list_routes(app):
        if endpoint in ending or find_right(endpoint) == ANYBODY:
            continue
        answer = send(client, method, address)
        right = find_right(endpoint)
        assert right
        assert (answer.status_code == 403) == (not may(role, right)), (endpoint, method, answer.status_code)
        assert answer.status_code < 500, (endpoint, method)


def test_a_route_that_the_table_does_not_name_is_refused_to_an_admin(
    app: Flask, client: FlaskClient, sign_in: Callable[..., Any]
) -> None:
    app.add_url_rule("/forgotten-in-the-table", "forgotten", lambda: "secret")
    sign_in("admin@example.org")
    answer = client.get("/forgotten-in-the-table")
    assert answer.status_code == 403
    assert "secret" not in answer.text
    assert app.test_client().get("/forgotten-in-the-table").status_code == 401


def test_a_refusal_says_who_one_is_and_what_one_may_not(
    client: FlaskClient, sign_in: Callable[..., Any]
) -> None:
    sign_in("mechanic@example.org")
    assert client.get("/depots").status_code == 200
    refused = client.get("/depots/new", headers=BROWSER)
    assert "As mechanic, you may not edit depots." in refused.text
    assert "New depot" not in client.get("/depots").text
