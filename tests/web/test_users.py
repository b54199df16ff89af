"""The users' pages: who may sign in, as what, and how far their rights reach."""

import email
import email.policy
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from flask.testing import FlaskClient

from sql import attempts
from sql.audit import Author
from sql.people import People
from sql.pool import connect
from sql.records import RecordError

Send = Callable[..., Any]
ANA = {"email": "ana.lima@example.org", "name": "Ana Lima", "role": "dispatcher", "scope": "fleet"}


class Post:
    """A mailbox for everybody, as (recipient, subject, text)."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, str, str]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        mail = email.message_from_bytes(envelope.content or b"", policy=email.policy.default)
        self.delivered += [(to, str(mail["Subject"]), mail.get_content()) for to in envelope.rcpt_tos]
        return "250 OK"


@pytest.fixture
def post(free_port: int, environment: dict[str, str]) -> Iterator[Post]:
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=free_port)
    controller.start()
    environment |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(free_port)}
    yield post
    controller.stop()


@pytest.fixture
def signed_in(client: FlaskClient, sign_in: Callable[..., Any]) -> FlaskClient:
    sign_in("admin@example.org")
    return client


@pytest.fixture
def send(signed_in: FlaskClient) -> Send:
    """Post a form as our own pages do."""

    def post_form(page: str, **fields: Any) -> Any:
        cookie = signed_in.get_cookie("csrf_access_token")
        assert cookie
        return signed_in.post(page, data={"csrf_token": cookie.value, **fields})

    return post_form


@pytest.fixture
def ana(post: Post, send: Send) -> str:
    """The address of a new person's page."""
    return str(send("/users", **ANA).location)


def page_of(connection: psycopg.Connection, address: str) -> str:
    row = connection.execute("SELECT id FROM users WHERE email = %s", (address,)).fetchone()
    assert row
    return f"/users/{row[0]}"


def rows(page: str) -> list[str]:
    return re.findall(r'class="row-link"[^>]*>([^<]*)<', page)


def add_depots(connection: psycopg.Connection) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")


def test_the_list_searches_and_filters_by_role_and_says_how_many(signed_in: FlaskClient) -> None:
    everyone = signed_in.get("/users").text
    assert "7 of 7" in everyone
    assert len(rows(everyone)) == 7
    assert rows(signed_in.get("/users?role=driver").text) == ["driver@example.org"]
    assert rows(signed_in.get("/users?search=GUARD").text) == ["guardian@example.org"]
    assert "Nothing matches" in signed_in.get("/users?search=ana&role=driver").text


@pytest.mark.parametrize("role", ["dispatcher", "mechanic", "accountant", "driver", "guardian", "viewer"])
def test_only_admins_come_near(role: str, client: FlaskClient, sign_in: Callable[..., Any]) -> None:
    sign_in(f"{role}@example.org")
    for path in ("/users", "/users/1", "/users/new", "/api/v1/users"):
        assert client.get(path).status_code == 403, path
    assert "/users" not in client.get("/account").text


def test_a_new_person_is_invited_chooses_a_password_and_comes_in(
    ana: str, post: Post, client: FlaskClient, sign_in: Callable[..., Any], tools: Any
) -> None:
    assert "Ana Lima" in client.get(ana).text
    tools.until(lambda: post.delivered, "the invitation")
    to, subject, text = post.delivered[0]
    assert (to, subject) == ("ana.lima@example.org", "Your account in Motorpool")
    found = re.search(r"(/password/new/[\w-]{43})\s", text)
    assert found
    token = tools.read_token(client.get(found[1]).text)
    chosen = client.post(found[1], data={"csrf_token": token, "password": "chosen by Ana herself"})
    assert chosen.status_code == 303
    assert sign_in("ana.lima@example.org", "chosen by Ana herself").location == "/map"


def test_an_invitation_lasts_longer_than_a_forgotten_password(
    ana: str, connection: psycopg.Connection
) -> None:
    left = connection.execute("SELECT expires_at - now() > interval '2 days' FROM password_resets").fetchone()
    assert left == (True,)


def test_until_then_no_password_fits_and_the_answer_is_that_of_anybody(
    ana: str, sign_in: Callable[..., Any]
) -> None:
    assert sign_in("ana.lima@example.org", "").status_code == 401


def test_without_a_mail_server_the_admin_is_told(send: Send, signed_in: FlaskClient) -> None:
    page = signed_in.get(send("/users", **ANA).location).text
    assert "SMTP_HOST is not set" in page


def test_inviting_again_takes_the_place_of_the_first_link(
    ana: str, post: Post, send: Send, client: FlaskClient, tools: Any
) -> None:
    send(f"{ana}/invite")
    tools.until(lambda: len(post.delivered) == 2, "both mails")
    links = {found for _, _, text in post.delivered for found in re.findall(r"/password/new/[\w-]+", text)}
    assert sorted(client.get(link).status_code for link in links) == [200, 410]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("email", "", "This is needed."),
        ("email", "no address", "This is no e-mail address."),
        ("email", "ADMIN@example.org", "taken by another record"),
        ("email", "a@b\r\nBcc: x@example.org", "This is no e-mail address."),
        ("role", "boss", "must be one of"),
        ("scope", "world", "must be one of"),
        ("depot_ids", "99", "no such record"),
        ("depot_ids", "x", "no such record"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    field: str, value: str, sentence: str, send: Send, connection: psycopg.Connection
) -> None:
    answer = send("/users", **{**ANA, field: value})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">[^<]*{re.escape(sentence)}', answer.text)
    assert connection.execute("SELECT count(*) FROM users").fetchone() == (7,)


def test_reach_and_depots_go_together(send: Send, connection: psycopg.Connection, post: Post) -> None:
    add_depots(connection)
    alone = send("/users", **{**ANA, "scope": "depot"})
    assert (alone.status_code, "depot_ids-error" in alone.text) == (422, True)
    admin = send("/users", **{**ANA, "role": "admin", "scope": "depot", "depot_ids": "1"})
    assert (admin.status_code, "reaches the whole fleet" in admin.text) == (422, True)
    done = send("/users", **{**ANA, "scope": "depot", "depot_ids": ["1", "2"]})
    assert connection.execute("SELECT depot_id FROM user_scopes ORDER BY 1").fetchall() == [(1,), (2,)]
    send(done.location, **{**ANA, "scope": "depot", "depot_ids": "2", "version": "1"})
    assert connection.execute("SELECT depot_id FROM user_scopes").fetchall() == [(2,)]
    send(done.location, **{**ANA, "version": "2"})
    assert connection.execute("SELECT depot_id FROM user_scopes").fetchall() == []


def test_every_change_is_read_on_the_persons_page_and_no_secret_is_in_it(
    ana: str, send: Send, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    add_depots(connection)
    send(ana, **{**ANA, "role": "viewer", "scope": "depot", "depot_ids": "2", "version": "1"})
    page = signed_in.get(ana).text
    assert "<del>dispatcher</del> → <ins>viewer</ins>" in page
    assert "<ins>South</ins>" in page
    connection.execute("UPDATE users SET totp_secret = 'S3CRET', totp_confirmed_at = now() WHERE name <> ''")
    for action in ("second-factor/reset", "sign-out", "archive", "restore"):
        version = connection.execute("SELECT version FROM users WHERE name <> ''").fetchone()
        assert version
        assert send(f"{ana}/{action}", version=str(version[0])).status_code == 303
    page = signed_in.get(ana).text
    assert "<dt>Second factor</dt>" in page
    assert "<del>on</del> → <ins>off</ins>" in page
    log = connection.execute("SELECT before::text || after::text FROM audit_log").fetchall()
    assert not any(word in str(log) for word in ("argon2", "password_hash", "S3CRET", "totp"))
    actions = connection.execute("SELECT action FROM audit_log ORDER BY id").fetchall()
    assert [row[0] for row in actions] == [
        "add",
        "change",
        "change",
        "change",
        "change",
        "archive",
        "restore",
    ]


def test_two_admins_at_the_same_person_are_shown_both_versions(ana: str, send: Send) -> None:
    send(ana, **{**ANA, "name": "theirs", "version": "1"})
    answer = send(ana, **{**ANA, "name": "mine", "version": "1"})
    assert answer.status_code == 409
    assert "both changed it" in answer.text


def test_disabling_signs_a_person_out_and_enabling_lets_them_sign_in_again(
    app: Any, send: Send, signed_in: FlaskClient, connection: psycopg.Connection, tools: Any
) -> None:
    viewer = page_of(connection, "viewer@example.org")
    theirs = app.test_client()
    given = {"email": "viewer@example.org", "password": tools.PASSWORD, "device_id": "x"}
    token = theirs.post("/api/v1/auth/login", json=given).json["access_token"]
    send(f"{viewer}/archive", version="1")
    bearer = {"Authorization": f"Bearer {token}"}
    assert theirs.get("/api/v1/me", headers=bearer).status_code == 401
    assert theirs.post("/api/v1/auth/login", json=given).status_code == 401
    assert rows(signed_in.get("/users?archived=1").text) == ["viewer@example.org"]
    send(f"{viewer}/restore", version="2")
    assert theirs.get("/api/v1/me", headers=bearer).status_code == 401
    assert theirs.post("/api/v1/auth/login", json=given).status_code == 200


def test_signing_out_everywhere_ends_each_session(
    app: Any, send: Send, signed_in: FlaskClient, connection: psycopg.Connection, tools: Any
) -> None:
    given = {"email": "viewer@example.org", "password": tools.PASSWORD}
    phones = [app.test_client().post("/api/v1/auth/login", json={**given, "device_id": n}).json for n in "ab"]
    viewer = page_of(connection, "viewer@example.org")
    assert "Signed in at the moment: 2" in signed_in.get(viewer).text
    send(f"{viewer}/sign-out")
    for phone in phones:
        bearer = {"Authorization": f"Bearer {phone['access_token']}"}
        assert app.test_client().get("/api/v1/me", headers=bearer).status_code == 401
    assert "Signed in at the moment: 0" in signed_in.get(viewer).text


def test_a_locked_person_is_unlocked(
    app: Any, send: Send, signed_in: FlaskClient, connection: psycopg.Connection, tools: Any
) -> None:
    for number in range(10):
        attempts.begin(connection, f"192.0.2.{number}", "viewer@example.org")
    given = {"email": "viewer@example.org", "password": tools.PASSWORD, "device_id": "x"}
    assert app.test_client().post("/api/v1/auth/login", json=given).status_code == 429
    viewer = page_of(connection, "viewer@example.org")
    assert "within the hour: 10" in signed_in.get(viewer).text
    send(f"{viewer}/unlock")
    assert app.test_client().post("/api/v1/auth/login", json=given).status_code == 200


class TestThroughTheApi:
    """What admins do with a person, asked by a program."""

    @pytest.fixture
    def ask(self, app: Any, people: None, connection: psycopg.Connection, tools: Any) -> Callable[..., Any]:
        """Post to a person's address as admin, with a token."""
        program = app.test_client()
        given = {"email": "admin@example.org", "password": tools.PASSWORD, "device_id": "script"}
        token = program.post("/api/v1/auth/login", json=given).json["access_token"]

        def post(person: str, action: str) -> Any:
            address = f"/api/v1{page_of(connection, person)}/{action}"
            return program.post(address, headers={"Authorization": f"Bearer {token}"})

        return post

    def test_another_invitation_is_sent(self, post: Post, ask: Callable[..., Any], tools: Any) -> None:
        answer = ask("viewer@example.org", "invite")
        assert (answer.status_code, answer.json) == (200, {"is_mailed": True})
        tools.until(lambda: post.delivered, "the mail")
        assert post.delivered[0][0] == "viewer@example.org"

    def test_without_a_mail_server_it_says_so(self, ask: Callable[..., Any]) -> None:
        assert ask("viewer@example.org", "invite").json == {"is_mailed": False}

    def test_nobody_invites_a_disabled_person(
        self, ask: Callable[..., Any], connection: psycopg.Connection
    ) -> None:
        connection.execute("UPDATE users SET disabled_at = now() WHERE role = 'viewer'")
        assert ask("viewer@example.org", "invite").status_code == 404

    def test_signing_out_says_how_many_sessions_that_were(
        self, app: Any, ask: Callable[..., Any], tools: Any
    ) -> None:
        given = {"email": "viewer@example.org", "password": tools.PASSWORD}
        for device in "ab":
            app.test_client().post("/api/v1/auth/login", json={**given, "device_id": device})
        assert ask("viewer@example.org", "sign-out").json == {"ended": 2}
        assert ask("viewer@example.org", "sign-out").json == {"ended": 0}

    def test_failed_sign_ins_are_forgotten(
        self, ask: Callable[..., Any], connection: psycopg.Connection
    ) -> None:
        attempts.begin(connection, "192.0.2.1", "viewer@example.org")
        assert ask("viewer@example.org", "unlock").status_code == 204
        assert attempts.count_tries(connection, "viewer@example.org") == 0

    def test_a_lost_second_factor_is_taken_away_and_that_is_written_down(
        self, ask: Callable[..., Any], connection: psycopg.Connection
    ) -> None:
        connection.execute(
            "UPDATE users SET totp_secret = 'X', totp_confirmed_at = now() WHERE role = 'viewer'"
        )
        assert ask("viewer@example.org", "second-factor/reset").status_code == 204
        kept = "SELECT totp_secret FROM users WHERE role = 'viewer'"
        assert connection.execute(kept).fetchone() == (None,)
        told = "SELECT before ->> 'has_second_factor', after ->> 'has_second_factor' FROM audit_log"
        assert connection.execute(told).fetchall() == [("true", "false")]


def test_nobody_changes_how_far_their_own_rights_go(
    send: Send, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE users SET role = 'admin' WHERE email = 'viewer@example.org'")
    me = page_of(connection, "admin@example.org")
    own = {"email": "admin@example.org", "name": "", "version": "1"}
    refused = send(me, **own, role="viewer", scope="fleet")
    assert (refused.status_code, "another admin has to" in refused.text) == (422, True)
    send(f"{me}/archive", version="1")
    assert "another admin has to" in signed_in.get(me).text
    assert send(me, **{**own, "name": "Me"}, role="admin", scope="fleet").status_code == 303


def test_the_last_admin_is_neither_demoted_nor_disabled_by_another(
    connection: psycopg.Connection, people: None
) -> None:
    others = People(connection, Author())
    admin = int(page_of(connection, "admin@example.org").rpartition("/")[2])
    for act in (
        lambda: others.change(admin, 1, {"role": "viewer"}),
        lambda: others.archive(admin, 1),
    ):
        with pytest.raises(RecordError, match="role: last_admin"):
            act()
    kept = connection.execute("SELECT role, disabled_at FROM users WHERE id = %s", (admin,)).fetchone()
    assert kept == ("admin", None)


def test_two_admins_who_demote_each_other_side_by_side_leave_one(
    database_url: str, people: None, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE users SET role = 'admin' WHERE email = 'viewer@example.org'")
    pair = [
        int(page_of(connection, f"{name}@example.org").rpartition("/")[2]) for name in ("admin", "viewer")
    ]
    start = threading.Barrier(2)

    def demote(me: int, other: int) -> None:
        with connect(database_url, "test") as own:
            start.wait()
            try:
                People(own, Author(me)).change(other, 1, {"role": "mechanic"})
            except RecordError:
                own.rollback()

    threads = [threading.Thread(target=demote, args=ids) for ids in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connection.execute("SELECT count(*) FROM users WHERE role = 'admin'").fetchone() == (1,)


def test_the_api_keeps_people_the_same_way(
    post: Post, signed_in: FlaskClient, connection: psycopg.Connection, tools: Any
) -> None:
    add_depots(connection)
    cookie = signed_in.get_cookie("csrf_access_token")
    assert cookie
    head = {"X-CSRF-TOKEN": cookie.value}
    new = {**ANA, "scope": "depot", "depot_ids": [2]}
    added = signed_in.post("/api/v1/users", json=new, headers=head)
    assert added.status_code == 201
    assert {name: added.json[name] for name in new} == new
    assert not {"password_hash", "totp_secret"} & set(added.json)
    tools.until(lambda: post.delivered, "the invitation")
    address = f"/api/v1/users/{added.json['id']}"
    changed = signed_in.patch(address, json={"version": 1, "role": "viewer"}, headers=head)
    assert (changed.json["role"], changed.json["depot_ids"]) == ("viewer", [2])
    late = signed_in.patch(address, json={"version": 1, "role": "mechanic"}, headers=head)
    assert (late.status_code, late.json["current"]["role"]) == (409, "viewer")
    wrong = signed_in.patch(address, json={"version": 2, "depot_ids": "2;3"}, headers=head)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["depot_ids"])
    off = signed_in.patch(address, json={"version": 2, "archived": True}, headers=head)
    assert off.json["archived_at"]
    assert signed_in.get("/api/v1/users?role=viewer").json["total"] == 1
    bad = signed_in.post("/api/v1/users", json={**ANA, "role": "boss"}, headers=head)
    assert list(bad.json["errors"]) == ["role"]


def test_a_persons_own_change_of_name_is_in_the_history_too(
    send: Send, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    send("/account", name="Ada", language="en", time_zone="UTC", units="metric")
    assert "<ins>Ada</ins>" in signed_in.get(page_of(connection, "admin@example.org")).text


def test_people_are_suggested_by_name_or_address(signed_in: FlaskClient) -> None:
    answer = signed_in.get("/users/names?search=guardian")
    assert answer.status_code == 200
    assert "guardian@example.org" in answer.text
