"""The second factor: a code from a phone, and a recovery code for whoever lost it."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.settings import load
from sql.seal import Seal
from web.app import create_app

SignIn = Callable[..., Any]
Send = Callable[..., Any]
BROWSER = {"Accept": "text/html"}
PASSWORD = "a long enough password"


@pytest.fixture
def send(client: FlaskClient) -> Send:
    """Post a form as our own pages do."""

    def post(address: str, **fields: str) -> Any:
        cookie = client.get_cookie("csrf_access_token")
        assert cookie
        return client.post(address, data={"csrf_token": cookie.value, **fields}, headers=BROWSER)

    return post


@pytest.fixture
def phone(sign_in: SignIn, send: Send) -> pyotp.TOTP:
    """The admin's phone, which has the secret; the last code it showed has been used."""
    sign_in("admin@example.org")
    found = re.search(r"<code>([A-Z2-7]{32})</code>", send("/account/second-factor").text)
    assert found
    phone = pyotp.TOTP(found[1])
    page = send("/account/second-factor/confirm", code=phone.at(time.time() - 30)).text
    phone.codes = re.findall(r"<li><code>([0-9a-f-]{19})</code></li>", page)
    assert len(set(phone.codes)) == 10
    return phone


@pytest.fixture
def give_code(client: FlaskClient, sign_in: SignIn, send: Send) -> Callable[[str], Any]:
    """Sign out, give the password and then this code; the answer."""

    def give(code: str) -> Any:
        asked = sign_in("admin@example.org")
        assert asked.location.startswith("/sign-in/code")
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(asked.location).text)
        assert token
        return client.post("/sign-in/code", data={"csrf_token": token[1], "code": code})

    return give


def test_setting_it_up_shows_a_code_to_scan_and_asks_for_the_first_answer(
    client: FlaskClient, sign_in: SignIn, send: Send
) -> None:
    sign_in("admin@example.org")
    page = send("/account/second-factor").text
    assert "<svg" in page
    assert "style=" not in page
    wrong = send("/account/second-factor/confirm", code="000000")
    assert (wrong.status_code, "not right" in wrong.text) == (422, True)
    assert "Set it up" in client.get("/account").text


def test_the_password_alone_is_not_enough_any_more(
    client: FlaskClient, sign_in: SignIn, phone: pyotp.TOTP, app: Flask
) -> None:
    assert "On: signing in asks for a code" in client.get("/account").text
    client.delete_cookie("access_token_cookie")
    client.delete_cookie("refresh_token_cookie")
    answer = sign_in("admin@example.org", next="/depots")
    assert answer.location == "/sign-in/code?next=/depots"
    assert client.get("/map").status_code == 401


def test_a_code_lets_in_once(give_code: Callable[[str], Any], phone: pyotp.TOTP) -> None:
    code = phone.now()
    assert give_code(code).location == "/map"
    again = give_code(code)
    assert (again.status_code, "not right" in again.text) == (401, True)


def test_an_older_code_does_not_follow_a_newer_one(
    give_code: Callable[[str], Any], phone: pyotp.TOTP
) -> None:
    now = time.time()
    assert give_code(phone.at(now + 30)).status_code == 303
    assert give_code(phone.at(now)).status_code == 401


@pytest.mark.parametrize("seconds", [-90, 90])
def test_a_code_of_another_time_is_refused(
    seconds: int, give_code: Callable[[str], Any], phone: pyotp.TOTP
) -> None:
    assert give_code(phone.at(time.time() + seconds)).status_code == 401


def test_each_recovery_code_lets_in_once_however_it_is_typed(
    give_code: Callable[[str], Any], phone: pyotp.TOTP, client: FlaskClient
) -> None:
    first, second = phone.codes[:2]
    assert give_code(first).status_code == 303
    assert give_code(first).status_code == 401
    assert give_code(second.upper().replace("-", " ")).status_code == 303
    assert "Recovery codes left: 8." in client.get("/account").text


def test_codes_are_kept_as_hashes_and_the_secret_is_in_no_log_of_changes(
    phone: pyotp.TOTP, connection: psycopg.Connection
) -> None:
    kept = [bytes(row[0]) for row in connection.execute("SELECT code_hash FROM recovery_codes")]
    assert len(kept) == 10
    assert not any(code.replace("-", "").encode() in kept for code in phone.codes)


def test_the_secret_is_kept_sealed(phone: pyotp.TOTP, connection: psycopg.Connection) -> None:
    (kept,) = connection.execute("SELECT totp_secret FROM users WHERE role = 'admin'").fetchone() or ("",)
    assert phone.secret not in kept
    assert Seal("s" * 32).open(kept) == phone.secret
    assert Seal("t" * 32).open(kept) is None


def test_a_secret_of_before_is_good_and_sealed_when_it_is_used(
    give_code: Callable[[str], Any], phone: pyotp.TOTP, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE users SET totp_secret = %s WHERE role = 'admin'", (phone.secret,))
    assert give_code(phone.now()).status_code == 303
    (kept,) = connection.execute("SELECT totp_secret FROM users WHERE role = 'admin'").fetchone() or ("",)
    assert Seal("s" * 32).open(kept) == phone.secret


def test_under_another_jwt_secret_the_phone_is_lost_and_a_recovery_code_lets_in(
    give_code: Callable[[str], Any], phone: pyotp.TOTP, app: Flask
) -> None:
    app.extensions["seal"] = Seal("t" * 32)
    assert give_code(phone.now()).status_code == 401
    assert give_code(phone.codes[0]).status_code == 303


def test_new_recovery_codes_replace_the_older_ones(
    give_code: Callable[[str], Any], phone: pyotp.TOTP, send: Send
) -> None:
    assert send("/account/second-factor/codes", password="not this one at all").status_code == 422
    page = send("/account/second-factor/codes", password=PASSWORD).text
    fresh = re.findall(r"<li><code>([0-9a-f-]{19})</code></li>", page)
    assert give_code(phone.codes[0]).status_code == 401
    assert give_code(fresh[0]).status_code == 303


def test_wrong_codes_are_limited_and_the_right_one_waits_too(
    client: FlaskClient, sign_in: SignIn, phone: pyotp.TOTP, connection: psycopg.Connection
) -> None:
    form = client.get(sign_in("admin@example.org").location).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token

    def give(code: str) -> int:
        status: int = client.post("/sign-in/code", data={"csrf_token": token[1], "code": code}).status_code
        return status

    assert [give(f"{n:06}") for n in range(10)] == [401] * 10
    assert give(phone.now()) == 429
    connection.execute("DELETE FROM sign_in_attempts WHERE subject LIKE 'address %'")
    assert give(phone.now()) == 429
    connection.execute("UPDATE sign_in_attempts SET at = at - interval '16 minutes'")
    assert give(phone.now()) == 303


def test_the_code_is_asked_for_some_minutes_only(
    client: FlaskClient, sign_in: SignIn, phone: pyotp.TOTP
) -> None:
    for name in ("access_token_cookie", "refresh_token_cookie"):
        client.delete_cookie(name)
    form = client.get(sign_in("admin@example.org").location).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    with client.session_transaction() as forms:
        user_id, at = forms["half"]
        forms["half"] = (user_id, at - 301)
    late = client.post("/sign-in/code", data={"csrf_token": token[1], "code": phone.now()})
    assert late.location == "/sign-in"
    assert client.get("/map").status_code == 401


def test_the_form_for_the_code_is_nobodys_without_a_password(client: FlaskClient, people: None) -> None:
    assert client.get("/sign-in/code").location == "/sign-in"
    assert client.post("/sign-in/code", data={"code": "000000"}).location == "/sign-in"


def test_switching_it_off_takes_the_password(
    client: FlaskClient, send: Send, phone: pyotp.TOTP, connection: psycopg.Connection
) -> None:
    assert send("/account/second-factor/remove", password="not this one at all").status_code == 422
    assert send("/account/second-factor/remove", password=PASSWORD).location == "/account"
    kept = "SELECT count(totp_secret), (SELECT count(*) FROM recovery_codes) FROM users"
    assert connection.execute(kept).fetchone() == (0, 0)


def test_one_in_force_is_not_replaced_from_an_open_page(send: Send, phone: pyotp.TOTP) -> None:
    assert send("/account/second-factor").location == "/account"
    assert send("/account/second-factor/confirm", code=phone.now()).location == "/account"


def test_admins_are_asked_to_set_it_up_and_others_are_not(client: FlaskClient, sign_in: SignIn) -> None:
    sign_in("admin@example.org")
    assert "protect your account with a second factor" in client.get("/account").text
    sign_in("viewer@example.org")
    assert "protect your account with a second factor" not in client.get("/account").text


class TestWhereItIsRequired:
    """REQUIRE_SECOND_FACTOR: admins set it up before anything else."""

    @pytest.fixture
    def app(self, environment: dict[str, str], people: None) -> Iterator[Flask]:
        app = create_app(load({**environment, "REQUIRE_SECOND_FACTOR": "true"}))
        yield app
        app.extensions["pool"].close()

    def test_an_admin_without_one_gets_no_further_than_the_account(
        self, client: FlaskClient, sign_in: SignIn
    ) -> None:
        sign_in("admin@example.org")
        assert client.get("/map", headers=BROWSER).location == "/account#second-factor"
        refused = client.get("/api/v1/depots")
        assert (refused.status_code, refused.json["type"]) == (403, "/api/v1/docs#second-factor-needed")
        assert "before anything else" in client.get("/account").text

    def test_an_admin_with_one_and_everybody_else_go_on(
        self, client: FlaskClient, sign_in: SignIn, phone: pyotp.TOTP
    ) -> None:
        assert client.get("/map").status_code == 200
        sign_in("viewer@example.org")
        assert client.get("/map").status_code == 200
