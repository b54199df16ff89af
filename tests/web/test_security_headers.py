"""What every answer tells a browser, whatever kind it is and whoever wrote it; and how much may be sent."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.settings import load
from web.app import create_app

BROWSER = {"Accept": "text/html"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}
ANSWERS = {
    "a page": ("GET", "/sign-in", 200),
    "a page that is not there": ("GET", "/nowhere", 404),
    "a way to sign in": ("GET", "/map", 302),
    "a way to a tidier address": ("GET", "//map", 308),
    "a program's refusal": ("GET", "/api/v1/me", 401),
    "a file": ("GET", "/static/theme.js", 200),
    "a file that is not there": ("GET", "/static/nothing.js", 404),
    "a file outside": ("GET", "/static/../app.py", 404),
    "the wrong method": ("PUT", "/sign-in", 405),
    "a body that makes no sense": ("POST", "/api/v1/auth/login", 422),
    "too large a body": ("POST", "/password/forgotten", 413),
    "a live connection refused": ("GET", "/socket.io/?EIO=4&transport=polling", 401),
    "machine words": ("GET", "/healthz", 200),
}


@pytest.fixture
def app(environment: dict[str, str], people: None) -> Iterator[Flask]:
    del environment["COOKIE_SECURE"]
    app = create_app(load(environment))
    yield app
    app.extensions["pool"].close()


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_kind_of_answer_carries_them(kind: str, client: FlaskClient) -> None:
    method, address, status = ANSWERS[kind]
    body = b"x" * 70_000 if status == 413 else b""
    form = "application/x-www-form-urlencoded"
    with client.open(address, method=method, headers=BROWSER, data=body, content_type=form) as answer:
        assert answer.status_code == status
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        if kind != "a file":
            assert answer.headers["Cache-Control"] == "no-store"


def test_a_fault_of_ours_carries_them_too_and_shows_no_trace(app: Flask) -> None:
    def break_down() -> str:
        raise RuntimeError("the secret is marmalade")

    app.view_functions["health.alive"] = break_down
    for accept in ("text/html", "application/json"):
        answer = app.test_client().get("/healthz", headers={"Accept": accept})
        assert answer.status_code == 500
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert not any(word in answer.text for word in ("marmalade", "Traceback", "RuntimeError", ".py"))


def test_a_site_without_tls_does_not_promise_it(environment: dict[str, str]) -> None:
    app = create_app(load({**environment, "COOKIE_SECURE": "false"}))
    app.extensions["pool"].close()
    assert "Strict-Transport-Security" not in app.test_client().get("/sign-in").headers


def test_the_cookies_of_a_session_are_for_this_site_over_tls_and_for_no_script(
    client: FlaskClient, sign_in: Callable[..., Any], app: Flask
) -> None:
    import re

    tls = {"base_url": "https://localhost"}
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in", **tls).text)
    assert token
    fields = {
        "csrf_token": token[1],
        "email": "viewer@example.org",
        "password": "a long enough password",
    }
    referer = {"Referer": "https://localhost/sign-in"}
    answer = client.post("/sign-in", data=fields, headers=referer, **tls)
    cookies = {line.split("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}
    assert {"access_token_cookie", "refresh_token_cookie", "csrf_access_token"} <= set(cookies)
    for name, cookie in cookies.items():
        assert "Secure" in cookie, name
        assert "SameSite=Lax" in cookie, name
        assert ("HttpOnly" in cookie) == (not name.startswith("csrf_")), name


@pytest.mark.parametrize("address", ["/sign-in", "/password/forgotten", "/api/v1/auth/login"])
def test_nobody_fills_the_memory_by_sending_much(address: str, client: FlaskClient) -> None:
    kind = "application/json" if address.startswith("/api") else "application/x-www-form-urlencoded"
    answer = client.post(address, data=b"a=" + b"x" * 64 * 1024, content_type=kind)
    assert answer.status_code == 413
