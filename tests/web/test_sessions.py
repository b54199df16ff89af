"""Sessions: how they go on unnoticed, how a stolen token ends them, and how people end them themselves."""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

SignIn = Callable[..., Any]
BROWSER = {"Accept": "text/html"}
COOKIES = ("access_token_cookie", "refresh_token_cookie", "csrf_access_token", "csrf_refresh_token")


def expire_access(app: Flask, client: FlaskClient) -> None:
    """What a browser has a quarter of an hour later: the same access token, no longer good."""
    cookie = client.get_cookie("access_token_cookie")
    assert cookie
    secret = app.config["JWT_SECRET_KEY"]
    claims = jwt.decode(cookie.value, secret, algorithms=["HS256"])
    claims["exp"] = datetime.now(UTC) - timedelta(seconds=1)
    client.set_cookie("access_token_cookie", jwt.encode(claims, secret))


def read_cookie(client: FlaskClient, name: str) -> str:
    cookie = client.get_cookie(name)
    assert cookie
    return str(cookie.value)


def copy_cookies(app: Flask, client: FlaskClient) -> FlaskClient:
    """Another browser with the same cookies: a page beside, or a thief."""
    other = app.test_client()
    for name in COOKIES:
        other.set_cookie(name, read_cookie(client, name))
    return other


def post(client: FlaskClient, address: str, **fields: str) -> Any:
    token = read_cookie(client, "csrf_access_token")
    return client.post(address, data={"csrf_token": token, **fields}, headers=BROWSER)


def find_end_reasons(connection: psycopg.Connection) -> list[str | None]:
    return [row[0] for row in connection.execute("SELECT end_reason FROM sessions ORDER BY created_at")]


@pytest.fixture
def signed_in(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    sign_in("viewer@example.org")
    return client


def test_an_expired_token_is_renewed_without_a_word(app: Flask, signed_in: FlaskClient) -> None:
    expire_access(app, signed_in)
    before = read_cookie(signed_in, "refresh_token_cookie")
    assert signed_in.get("/map").status_code == 200
    assert read_cookie(signed_in, "refresh_token_cookie") != before
    assert signed_in.get("/map").headers.getlist("Set-Cookie") == []


def test_a_form_opened_before_the_renewal_is_still_good(app: Flask, signed_in: FlaskClient) -> None:
    page = signed_in.get("/account").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    expire_access(app, signed_in)
    fields = {"csrf_token": found[1], "language": "de", "time_zone": "UTC", "units": "metric", "name": "Vi"}
    assert signed_in.post("/account", data=fields).status_code == 303
    assert signed_in.get("/session").json["name"] == "Vi"


def test_a_form_from_elsewhere_renews_nothing(app: Flask, signed_in: FlaskClient) -> None:
    expire_access(app, signed_in)
    before = read_cookie(signed_in, "refresh_token_cookie")
    assert signed_in.post("/account", data={"name": "forged"}).status_code in (401, 403)
    assert read_cookie(signed_in, "refresh_token_cookie") == before
    assert signed_in.get("/session").json["name"] == ""


def test_pages_that_renew_side_by_side_all_go_on(
    app: Flask, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    expire_access(app, signed_in)
    beside = [copy_cookies(app, signed_in) for _ in range(6)]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda c=client: statuses.append(c.get("/map").status_code))
        for client in beside
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 6
    assert find_end_reasons(connection) == [None]


def test_a_token_used_again_after_the_grace_ends_the_session_for_everybody(
    app: Flask, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    expire_access(app, signed_in)
    thief = copy_cookies(app, signed_in)
    assert signed_in.get("/map").status_code == 200
    connection.execute("UPDATE sessions SET rotated_at = now() - interval '31 seconds'")
    answer = thief.get("/map", headers=BROWSER)
    assert answer.location == "/sign-in?next=/map"
    assert find_end_reasons(connection) == ["token reused"]
    assert signed_in.get("/map").status_code == 401


def test_a_token_rotated_away_twice_has_no_grace(
    app: Flask, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    expire_access(app, signed_in)
    thief = copy_cookies(app, signed_in)
    for _ in range(2):
        assert signed_in.get("/map").status_code == 200
        expire_access(app, signed_in)
    assert thief.get("/map").status_code == 401
    assert find_end_reasons(connection) == ["token reused"]


def test_a_browsers_token_is_worth_nothing_in_a_header(
    app: Flask, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    bearer = {"Authorization": f"Bearer {read_cookie(signed_in, 'refresh_token_cookie')}"}
    assert app.test_client().post("/api/v1/auth/refresh", headers=bearer).status_code == 401
    assert find_end_reasons(connection) == ["token reused"]


@pytest.mark.parametrize("name", ["access_token_cookie", "refresh_token_cookie"])
def test_a_token_signed_with_another_secret_or_none_is_refused(
    name: str, app: Flask, signed_in: FlaskClient
) -> None:
    secret = app.config["JWT_SECRET_KEY"]
    claims = jwt.decode(read_cookie(signed_in, name), secret, algorithms=["HS256"])
    other = app.test_client()
    for forged in (jwt.encode(claims, "t" * 32), jwt.encode(claims, None, algorithm="none")):
        other.set_cookie(name, forged)
        assert other.get("/map").status_code == 401


def test_one_browser_is_signed_out_from_another(
    app: Flask, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    phone = copy_cookies(app, signed_in)
    page = sign_in_again(app, signed_in)
    ends = re.findall(r'action="(/account/sessions/[^"]+/end)"', page.get("/account").text)
    assert len(ends) == 1
    assert post(page, ends[0]).location == "/account"
    assert phone.get("/map").status_code == 401
    assert page.get("/map").status_code == 200
    assert find_end_reasons(connection) == ["revoked", None]


def sign_in_again(app: Flask, _client: FlaskClient, email: str = "viewer@example.org") -> FlaskClient:
    other = app.test_client()
    found = re.search(r'name="csrf_token" value="([^"]+)"', other.get("/sign-in").text)
    assert found
    fields = {"csrf_token": found[1], "email": email, "password": "a long enough password"}
    assert other.post("/sign-in", data=fields).status_code == 303
    return other


def test_nobody_ends_the_session_of_another(
    app: Flask, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    row = connection.execute("SELECT id FROM sessions").fetchone()
    assert row
    stranger = sign_in_again(app, signed_in, "mechanic@example.org")
    post(stranger, f"/account/sessions/{row[0]}/end")
    assert signed_in.get("/map").status_code == 200
    assert str(row[0]) not in stranger.get("/account").text


def test_signing_out_everywhere_else_leaves_only_this_browser(app: Flask, signed_in: FlaskClient) -> None:
    others = [sign_in_again(app, signed_in) for _ in range(2)]
    assert "(2)" in signed_in.get(post(signed_in, "/account/sessions/end").location).text
    assert [other.get("/map").status_code for other in others] == [401, 401]
    assert signed_in.get("/map").status_code == 200


def test_another_password_ends_the_other_sessions_and_the_links_in_mails(
    app: Flask, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    connection.execute(
        "INSERT INTO password_resets (token_hash, user_id, expires_at)"
        " SELECT 'x', id, now() + interval '1 hour' FROM users WHERE email = 'viewer@example.org'"
    )
    other = sign_in_again(app, signed_in)
    wrong = post(signed_in, "/account/password", old="not this one at all", new="another long password")
    assert (wrong.status_code, "not your password" in wrong.text) == (422, True)
    short = post(signed_in, "/account/password", old="a long enough password", new="short")
    assert (short.status_code, "at least 12" in short.text) == (422, True)
    done = post(signed_in, "/account/password", old="a long enough password", new="another long password")
    assert done.status_code == 303
    assert (signed_in.get("/map").status_code, other.get("/map").status_code) == (200, 401)
    assert connection.execute("SELECT used_at IS NOT NULL FROM password_resets").fetchone() == (True,)


def test_a_session_that_was_let_lie_expires(signed_in: FlaskClient, connection: psycopg.Connection) -> None:
    connection.execute("UPDATE sessions SET expires_at = now()")
    assert signed_in.get("/map").status_code == 401


def test_a_disabled_person_who_is_let_in_again_has_to_sign_in_again(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    from sql.users import disable_user

    disable_user(connection, "viewer@example.org")
    connection.execute("UPDATE users SET disabled_at = NULL")
    assert signed_in.get("/map").status_code == 401
