"""Choosing a new password by a link in a mail, through a real mail server."""

import email
import email.policy
import re
import ssl
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pyotp
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from config.settings import load
from sql import users
from web.app import create_app

SignIn = Callable[..., Any]
Ask = Callable[..., Any]
NEW = "another long password"


class Post:
    """A mailbox for everybody: what was delivered, as (recipient, text with headers, was encrypted)."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, str, bool]] = []
        self.passwords: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, _server: Any, session: Any, envelope: Envelope) -> str:
        mail = email.message_from_bytes(envelope.content or b"", policy=email.policy.default)
        head = "".join(f"{name}: {value}\n" for name, value in mail.items())
        text = f"{head}\n{mail.get_content()}"
        self.delivered += [(to, text, session.ssl is not None) for to in envelope.rcpt_tos]
        return "250 OK"

    def check(self, _server: Any, _session: Any, _envelope: Any, _mechanism: Any, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.passwords.append((given.login, given.password))
        return AuthResult(success=True)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def mail_server(post: Post, free_port: int) -> Iterator[Controller]:
    controller = Controller(post, hostname="127.0.0.1", port=free_port)
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def environment(environment: dict[str, str], mail_server: Controller) -> dict[str, str]:
    address = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mail_server.port)}
    return {
        **environment,
        **address,
        "SMTP_FROM": "fleet@example.org",
        "WEB_URL": "https://fleet.example.org",
    }


def read_token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    """Ask for a link, as the form does; the answer."""

    def post_form(address: str) -> Any:
        token = read_token(client.get("/password/forgotten").text)
        return client.post("/password/forgotten", data={"csrf_token": token, "email": address})

    return post_form


def find_link(mail: str) -> str:
    found = re.search(r"https://fleet\.example\.org(/password/new/[\w-]{43})\s", mail)
    assert found
    return found[1]


@pytest.fixture
def link(ask: Ask, post: Post, tools: Any) -> str:
    """The path of a link that the viewer got by mail."""
    ask("viewer@example.org")
    tools.until(lambda: post.delivered, "the mail")
    return find_link(post.delivered[0][1])


def choose(client: FlaskClient, link: str, password: str = NEW) -> Any:
    token = read_token(client.get(link).text)
    return client.post(link, data={"csrf_token": token, "password": password})


def test_the_mail_goes_to_the_person_and_says_what_it_is(ask: Ask, post: Post, tools: Any) -> None:
    ask("Viewer@Example.org")
    tools.until(lambda: post.delivered, "the mail")
    to, text, _ = post.delivered[0]
    assert to == "viewer@example.org"
    assert "From: fleet@example.org" in text
    assert "Subject: A new password for Motorpool" in text
    assert "Auto-Submitted: auto-generated" in text
    assert find_link(text)


def test_the_link_changes_the_password_and_works_once(
    client: FlaskClient, link: str, sign_in: SignIn
) -> None:
    done = choose(client, link)
    assert done.location == "/sign-in?changed=1"
    assert "Your password has been changed" in client.get(done.location).text
    gone = client.get(link)
    assert (gone.status_code, "does not work any more" in gone.text) == (410, True)
    token = read_token(client.get("/sign-in").text)
    assert client.post(link, data={"csrf_token": token, "password": NEW}).status_code == 410
    assert sign_in("viewer@example.org").status_code == 401
    assert sign_in("viewer@example.org", NEW).status_code == 303


def test_a_link_is_not_used_up_by_a_password_that_is_refused(client: FlaskClient, link: str) -> None:
    short = choose(client, link, "short")
    assert (short.status_code, "at least 12" in short.text) == (422, True)
    assert choose(client, link, "Viewer@Example.org").status_code == 422
    assert choose(client, link).status_code == 303


def test_an_expired_link_changes_nothing(
    client: FlaskClient, link: str, connection: psycopg.Connection, sign_in: SignIn
) -> None:
    token = read_token(client.get(link).text)
    connection.execute("UPDATE password_resets SET expires_at = now()")
    assert client.post(link, data={"csrf_token": token, "password": NEW}).status_code == 410
    assert client.get(link).status_code == 410
    assert sign_in("viewer@example.org").status_code == 303


def test_a_newer_link_takes_the_place_of_an_older_one(
    client: FlaskClient, link: str, ask: Ask, post: Post, tools: Any
) -> None:
    ask("viewer@example.org")
    tools.until(lambda: len(post.delivered) == 2, "the second mail")
    assert client.get(link).status_code == 410
    assert choose(client, find_link(post.delivered[1][1])).status_code == 303


def test_the_sessions_of_the_old_password_end(
    app: Flask, client: FlaskClient, link: str, sign_in: SignIn
) -> None:
    sign_in("viewer@example.org")
    assert client.get("/map").status_code == 200
    choose(app.test_client(), link)
    assert client.get("/map").status_code == 401


def test_a_new_password_does_not_get_past_the_second_factor(
    client: FlaskClient, link: str, sign_in: SignIn, connection: psycopg.Connection
) -> None:
    secret = pyotp.random_base32()
    connection.execute("UPDATE users SET totp_secret = %s, totp_confirmed_at = now()", (secret,))
    choose(client, link)
    assert sign_in("viewer@example.org", NEW).location == "/sign-in/code?next=/map"


def test_a_person_who_was_disabled_meanwhile_chooses_nothing(
    client: FlaskClient, link: str, connection: psycopg.Connection
) -> None:
    token = read_token(client.get(link).text)
    connection.execute("UPDATE users SET disabled_at = now() WHERE role = 'viewer'")
    assert client.post(link, data={"csrf_token": token, "password": NEW}).status_code == 410


def test_nobody_learns_who_exists(
    ask: Ask, post: Post, tools: Any, connection: psycopg.Connection, client: FlaskClient
) -> None:
    connection.execute("UPDATE users SET disabled_at = now() WHERE email = 'driver@example.org'")
    asked = ["nobody@example.org", "driver@example.org", "no address", "", "viewer@example.org"]
    answers = [ask(address) for address in asked]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    tools.until(lambda: post.delivered, "the one mail")
    assert [to for to, _, _ in post.delivered] == ["viewer@example.org"]


def test_asking_is_limited_whether_the_address_exists_or_not(ask: Ask, client: FlaskClient) -> None:
    for address in ("viewer@example.org", "nobody@example.org"):
        assert [ask(address).status_code for _ in range(10)] == [200] * 10
        assert ask(address).status_code == 429
        with client.application.extensions["pool"].connection() as connection:
            connection.execute("DELETE FROM sign_in_attempts WHERE subject LIKE 'address %'")


@pytest.fixture
def full_price(people: None, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password costs what it does in production."""
    monkeypatch.setattr(users, "HASHER", PasswordHasher())
    viewer = users.find_user_by_email(connection, "viewer@example.org")
    assert viewer
    users.set_password(connection, viewer, "a long enough password")


def test_signing_in_takes_as_long_for_nobody_as_for_somebody(
    app: Flask, full_price: None, sign_in: SignIn
) -> None:
    def time_of(address: str) -> float:
        began = time.perf_counter()
        sign_in(address, "not the right password")
        return time.perf_counter() - began

    sign_in("viewer@example.org", "warm up the pool")
    pairs = [(time_of("viewer@example.org"), time_of("nobody@example.org")) for _ in range(4)]
    somebody, nobody = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert 0.5 < nobody / somebody < 2


def test_a_link_is_no_part_of_the_log_and_no_other_site_is_told_of_it(
    client: FlaskClient, link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = client.get(link)
    assert page.headers["Cache-Control"] == "no-store"
    assert '<meta name="referrer" content="no-referrer">' in page.text
    printed = capsys.readouterr().out
    assert "/password/new/<token>" in printed
    assert link not in printed


def test_a_link_is_kept_as_a_hash(link: str, connection: psycopg.Connection) -> None:
    row = connection.execute("SELECT token_hash FROM password_resets").fetchone()
    assert row
    assert link.rpartition("/")[2].encode() not in bytes(row[0])


def test_without_a_mail_server_the_answer_is_the_same_and_the_log_says_why(
    environment: dict[str, str], people: None, tools: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(load({**environment, "SMTP_HOST": ""}))
    client = app.test_client()
    token = read_token(client.get("/password/forgotten").text)
    asked = {"csrf_token": token, "email": "viewer@example.org"}
    assert client.post("/password/forgotten", data=asked).status_code == 200
    said: list[str] = []

    def is_said() -> bool:
        said.append(capsys.readouterr().out)
        return "SMTP_HOST is not set" in "".join(said)

    tools.until(is_said, "the log to say so")
    app.extensions["pool"].close()


class TestOverTls:
    """A server that wants STARTTLS and a password before it takes a mail."""

    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def mail_server(self, post: Post, free_port: int, authority: trustme.CA) -> Iterator[Controller]:
        own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(own)
        controller = Controller(
            post,
            hostname="127.0.0.1",
            port=free_port,
            tls_context=own,
            require_starttls=True,
            authenticator=post.check,
            auth_required=True,
        )
        controller.start()
        yield controller
        controller.stop()

    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return {**environment, "SMTP_USERNAME": "fleet", "SMTP_PASSWORD": "mail secret"}

    def test_the_mail_travels_encrypted_to_a_server_that_is_who_it_says(
        self,
        authority: trustme.CA,
        tmp_path: Any,
        monkeypatch: pytest.MonkeyPatch,
        ask: Ask,
        post: Post,
        tools: Any,
    ) -> None:
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        ask("viewer@example.org")
        tools.until(lambda: post.delivered, "the mail")
        assert [is_encrypted for _, _, is_encrypted in post.delivered] == [True]
        assert post.passwords == [(b"fleet", b"mail secret")]

    def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail(
        self, ask: Ask, post: Post, tools: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ask("viewer@example.org")
        said: list[str] = []

        def is_said() -> bool:
            said.append(capsys.readouterr().out)
            return "CERTIFICATE_VERIFY_FAILED" in "".join(said)

        tools.until(is_said, "the log to say so")
        assert (post.delivered, post.passwords) == ([], [])
