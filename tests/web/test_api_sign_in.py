"""Signing in to the API: a phone's tokens, their renewal, and what ends them."""

from collections.abc import Callable
from typing import Any

import psycopg
import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.settings import load
from web.app import create_app

Login = Callable[..., Any]
PASSWORD = "a long enough password"


@pytest.fixture
def login(client: FlaskClient) -> Login:
    """Sign in as a phone does."""

    def post(email: str = "driver@example.org", password: str = PASSWORD, **more: str) -> Any:
        given = {"email": email, "password": password, "device_id": "phone-1", **more}
        return client.post("/api/v1/auth/login", json=given)

    return post


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def refresh(client: FlaskClient, token: str) -> Any:
    return client.post("/api/v1/auth/refresh", headers=bearer(token))


def test_the_right_password_brings_tokens_and_no_cookie(client: FlaskClient, login: Login) -> None:
    answer = login()
    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "refresh_token", "expires_in"}
    assert answer.headers.getlist("Set-Cookie") == []
    assert answer.headers["Cache-Control"] == "no-store"
    me = client.get("/api/v1/me", headers=bearer(answer.json["access_token"])).json
    assert (me["email"], me["role"], me["scope"]) == ("driver@example.org", "driver", "route")


def test_a_wrong_password_and_an_unknown_address_get_the_same_problem(login: Login) -> None:
    wrong, unknown = login(password="not this one at all"), login("nobody@example.org")
    assert wrong.status_code == unknown.status_code == 401
    assert {**wrong.json, "request_id": ""} == {**unknown.json, "request_id": ""}


def test_tokens_are_renewed_and_the_new_ones_work(client: FlaskClient, login: Login) -> None:
    pair = refresh(client, login().json["refresh_token"]).json
    assert client.get("/api/v1/me", headers=bearer(pair["access_token"])).status_code == 200
    assert refresh(client, pair["refresh_token"]).status_code == 200


def test_a_devices_token_used_twice_ends_its_session_at_once(
    client: FlaskClient, login: Login, connection: psycopg.Connection
) -> None:
    first = login().json
    second = refresh(client, first["refresh_token"]).json
    assert refresh(client, first["refresh_token"]).status_code == 401
    assert refresh(client, second["refresh_token"]).status_code == 401
    assert client.get("/api/v1/me", headers=bearer(second["access_token"])).status_code == 401
    assert connection.execute("SELECT end_reason FROM sessions").fetchall() == [("token reused",)]


def test_a_devices_token_is_worth_nothing_in_a_cookie(app: Flask, login: Login) -> None:
    browser = app.test_client()
    browser.set_cookie("refresh_token_cookie", login().json["refresh_token"])
    assert browser.get("/account").status_code == 401


def test_one_token_does_not_stand_in_for_the_other(client: FlaskClient, login: Login) -> None:
    pair = login().json
    assert client.get("/api/v1/me", headers=bearer(pair["refresh_token"])).status_code == 401
    assert refresh(client, pair["access_token"]).status_code == 401


def test_signing_in_again_on_a_device_ends_its_older_session(client: FlaskClient, login: Login) -> None:
    older, other = login().json, login(device_id="phone-2").json
    login()
    assert client.get("/api/v1/me", headers=bearer(older["access_token"])).status_code == 401
    assert client.get("/api/v1/me", headers=bearer(other["access_token"])).status_code == 200


def test_signing_out_ends_one_session_or_all(client: FlaskClient, login: Login) -> None:
    pairs = [login(device_id=f"phone-{n}").json for n in range(3)]

    def statuses() -> list[int]:
        heads = [bearer(pair["access_token"]) for pair in pairs]
        return [client.get("/api/v1/me", headers=head).status_code for head in heads]

    client.post("/api/v1/auth/logout", headers=bearer(pairs[0]["access_token"]))
    assert statuses() == [401, 200, 200]
    everywhere = {"everywhere": True}
    client.post("/api/v1/auth/logout", headers=bearer(pairs[1]["access_token"]), json=everywhere)
    assert statuses() == [401, 401, 401]


def test_a_second_factor_is_asked_for_by_name(login: Login, connection: psycopg.Connection) -> None:
    secret = pyotp.random_base32()
    connection.execute("UPDATE users SET totp_secret = %s, totp_confirmed_at = now()", (secret,))
    asked = login()
    assert asked.status_code == 401
    assert asked.json["type"].endswith("#code-needed")
    assert login(code="000000").status_code == 401
    code = pyotp.TOTP(secret).now()
    assert login(code=code).status_code == 200
    assert login(code=code).status_code == 401


@pytest.mark.parametrize("given", [{}, {"email": 1, "password": [], "device_id": ""}, [], "text"])
def test_a_body_that_makes_no_sense_is_named(given: object, client: FlaskClient) -> None:
    answer = client.post("/api/v1/auth/login", json=given)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"


def test_the_api_counts_requests_and_says_when_to_come_back(
    environment: dict[str, str], people: None
) -> None:
    app = create_app(load({**environment, "API_RATE_LIMIT": "3", "API_RATE_WINDOW": "60"}))
    client = app.test_client()
    answers = [client.post("/api/v1/auth/refresh") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert answers[-1].content_type == "application/problem+json"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert client.get("/healthz").status_code == 200
    app.extensions["pool"].close()
