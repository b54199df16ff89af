"""Drivers: their papers, who may see them, and whose depot they belong to."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from web.records.drivers import DRIVERS, PAPERS
from web.rights import RIGHTS

Send = Callable[..., Any]
ANA = {
    "name": "Ana Lima",
    "staff_number": "7",
    "phone": "+49 171 5551234",
    "licence_number": "B072RRE2I55",
    "licence_classes": "D, DE",
    "licence_expires_on": "2031-05-04",
    "medical_expires_on": "2030-01-02",
    "status": "active",
    "depot_id": "",
    "notes": "peanut allergy",
}
SECRETS = ("+49 171 5551234", "B072RRE2I55", "D, DE", "2031", "2030", "peanut allergy")


@pytest.fixture
def depots(connection: psycopg.Connection) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")


@pytest.fixture
def ana(send: Send, depots: None) -> str:
    """The address of a driver's page."""
    return str(send("/drivers", **{**ANA, "depot_id": "North"}).location)


def add_many(connection: psycopg.Connection, **days: int | None) -> None:
    """Drivers by name, whose licences expire in so many days."""
    today = datetime.now(UTC).date()
    for name, left in days.items():
        on = None if left is None else today + timedelta(days=left)
        connection.execute("INSERT INTO drivers (name, licence_expires_on) VALUES (%s, %s)", (name, on))


def rows(page: str) -> list[str]:
    return re.findall(r'class="row-link"[^>]*>([^<]*)<', page)


def test_a_driver_is_added_shown_and_found(signed_in: FlaskClient, ana: str) -> None:
    page = signed_in.get(ana).text
    for word in ("Ana Lima", "B072RRE2I55", "D, DE", "May 4, 2031", "North", "peanut allergy"):
        assert word in page
    assert rows(signed_in.get("/drivers?search=ana l").text) == ["Ana Lima"]
    assert rows(signed_in.get("/drivers?depot_id=South").text) == []
    assert rows(signed_in.get("/drivers?depot_id=North&status=active").text) == ["Ana Lima"]
    assert rows(signed_in.get("/drivers?status=left").text) == []


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "This is needed."),
        ("name", "x" * 201, "at most 200 characters"),
        ("name", "a\x00b", "a character that cannot be kept"),
        ("staff_number", "7" * 41, "at most 40 characters"),
        ("licence_expires_on", "soon", "must be a day"),
        ("medical_expires_on", "1000000-01-01", "must be a day"),
        ("status", "asleep", "must be one of"),
        ("depot_id", "Nowhere", "There is no such record."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    field: str, value: str, sentence: str, send: Send, depots: None, connection: psycopg.Connection
) -> None:
    answer = send("/drivers", **{**ANA, field: value})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">[^<]*{re.escape(sentence)}', answer.text)
    assert "peanut allergy" in answer.text
    assert connection.execute("SELECT count(*) FROM drivers").fetchone() == (0,)


def test_a_staff_number_is_given_once_until_its_driver_is_archived(send: Send, ana: str) -> None:
    other = {**ANA, "name": "Ben"}
    refused = send("/drivers", **other)
    assert re.search(r'id="staff_number-error">[^<]*taken', refused.text)
    send(f"{ana}/archive", version="1")
    assert send("/drivers", **other).status_code == 303


@pytest.mark.parametrize(
    "name",
    ["O'Hara", "محمد عبد الرحمن الحداد", "ن" * 200, "<script>alert(1)</script>", '"); DROP TABLE drivers'],
)
def test_names_of_all_kinds_are_kept_and_shown_as_they_are(
    name: str, signed_in: FlaskClient, send: Send
) -> None:
    address = send("/drivers", name=name, status="active").location
    assert signed_in.get(address.replace("/drivers", "/api/v1/drivers")).json["name"] == name
    page = signed_in.get(address).text
    assert "<script>alert" not in page
    assert signed_in.get("/api/v1/drivers", query_string={"search": name}).json["total"] == 1


def test_what_has_expired_and_what_soon_will_stand_out_and_are_found(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    add_many(connection, Over=-1, Today=0, Soon=30, Later=31, Never=None)
    page = signed_in.get("/drivers").text
    assert re.findall(r'class="badge bg-(red|yellow)-lt">(expired )?', page) == [
        ("red", "expired "),
        ("yellow", ""),
        ("yellow", ""),
    ]
    assert rows(signed_in.get("/drivers?expires=over").text) == ["Over"]
    assert sorted(rows(signed_in.get("/drivers?expires=soon").text)) == ["Over", "Soon", "Today"]


def test_sorting_by_expiry_puts_those_without_a_licence_last_and_pages_over_them(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    add_many(connection, Late=90, Early=1, None1=None, None2=None)
    met, after = [], ""
    while after is not None:
        part = signed_in.get(f"/api/v1/drivers?sort=licence_expires_on&limit=1&after={after}").json
        met += [item["name"] for item in part["items"]]
        after = part["next"]
    assert met == ["Early", "Late", "None1", "None2"]


@pytest.mark.parametrize("role", ["viewer", "mechanic"])
def test_papers_are_for_those_who_send_drivers_out(
    role: str,
    client: FlaskClient,
    sign_in: Callable[..., Any],
    send: Send,
    ana: str,
) -> None:
    send(ana, **{**ANA, "version": "1", "phone": "+49 171 0000000", "depot_id": "North"})
    send("/sign-out")
    sign_in(f"{role}@example.org")
    pages = [ana, "/drivers", ana.replace("/drivers", "/api/v1/drivers"), "/api/v1/drivers"]
    for address in pages:
        answer = client.get(address)
        assert "Ana Lima" in answer.text, address
        for secret in (*SECRETS, "+49 171 0000000"):
            assert secret not in answer.text, (address, secret)
    assert "licence_number" not in client.get("/api/v1/drivers").json["items"][0]


def test_an_order_or_a_filter_tells_nothing_about_papers_either(
    client: FlaskClient, sign_in: Callable[..., Any], connection: psycopg.Connection
) -> None:
    add_many(connection, Over=-1, Fine=900)
    sign_in("viewer@example.org")
    assert sorted(rows(client.get("/drivers?expires=over").text)) == ["Fine", "Over"]
    refused = client.get("/api/v1/drivers?sort=licence_expires_on")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["sort"])
    assert "papers" not in client.get("/drivers").text


@pytest.mark.parametrize("role", ["driver", "guardian", "accountant"])
def test_a_driver_sees_nothing_of_another(
    role: str, client: FlaskClient, sign_in: Callable[..., Any], send: Send, ana: str
) -> None:
    send("/sign-out")
    sign_in(f"{role}@example.org")
    for address in ("/drivers", ana, "/drivers/names?x=A", "/api/v1/drivers", "/api/v1/drivers/1"):
        answer = client.get(address)
        assert answer.status_code == 403, address
        assert "Ana" not in answer.text


def test_whoever_edits_drivers_sees_all_that_a_form_shows() -> None:
    assert RIGHTS["edit drivers"] <= RIGHTS[PAPERS] <= RIGHTS["see drivers"]
    private = {field.name for field in DRIVERS.fields if field.right}
    assert private >= {"phone", "licence_number", "licence_expires_on", "medical_expires_on"}


def test_whoever_looks_after_one_depot_sees_and_makes_no_driver_of_another(
    send: Send, signed_in: FlaskClient, ana: str, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE users SET scope = 'depot' WHERE email = 'dispatcher@example.org'")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id)"
        " SELECT id, 2 FROM users WHERE email = 'dispatcher@example.org'"
    )
    for address in (ana, f"{ana}/edit", ana.replace("/drivers", "/api/v1/drivers")):
        assert signed_in.get(address).status_code == 404, address
    assert send(ana, version="1", **ANA).status_code == 404
    assert signed_in.get("/api/v1/drivers").json["total"] == 0
    assert send("/drivers", name="Ben", status="active", depot_id="North").status_code == 422
    assert "look after" in send("/drivers", name="Ben", status="active", depot_id="").text
    assert send("/drivers", name="Ben", status="active", depot_id="South").status_code == 303
    assert connection.execute("SELECT count(*) FROM drivers").fetchone() == (2,)


def test_a_pick_names_drivers_with_their_staff_numbers(signed_in: FlaskClient, ana: str) -> None:
    assert 'value="Ana Lima (7)"' in signed_in.get("/drivers/names?driver_id=lima").text


def test_a_driver_is_linked_to_the_account_with_which_they_sign_in(
    send: Send, signed_in: FlaskClient, ana: str, connection: psycopg.Connection
) -> None:
    fields = {**ANA, "depot_id": "North", "version": "1"}
    assert send(ana, **fields, user_id="driver@example.org").location == ana
    linked = "SELECT email FROM drivers JOIN users ON users.id = user_id"
    assert connection.execute(linked).fetchall() == [("driver@example.org",)]
    assert signed_in.get(ana).text.count("driver@example.org") == 2  # among the facts and in the history
    assert 'value="driver@example.org"' in signed_in.get(f"{ana}/edit").text
    other = send("/drivers", **{**ANA, "staff_number": "8", "user_id": "driver@example.org"})
    assert re.search(r'id="user_id-error">[^<]*taken', other.text)


def test_only_accounts_of_drivers_are_offered_and_taken(
    send: Send, signed_in: FlaskClient, ana: str, connection: psycopg.Connection
) -> None:
    names = signed_in.get("/drivers/accounts/names?user_id=example").text
    assert re.findall(r'value="([^"]*)"', names) == ["driver@example.org"]
    refused = send(ana, **{**ANA, "version": "1", "user_id": "admin@example.org"})
    assert re.search(r'id="user_id-error">[^<]*no such record', refused.text)
    assert connection.execute("SELECT user_id FROM drivers").fetchone() == (None,)


def test_whoever_looks_after_some_depots_finds_no_account_of_another(
    signed_in: FlaskClient, ana: str, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE drivers SET user_id = (SELECT id FROM users WHERE role = 'driver')")
    connection.execute("UPDATE users SET scope = 'depot' WHERE role = 'dispatcher'")
    reach = (
        "INSERT INTO user_scopes (user_id, depot_id) SELECT users.id, depots.id FROM users, depots"
        " WHERE role = 'dispatcher' AND depots.name = %s"
    )
    connection.execute(reach, ("South",))
    assert "driver@" not in signed_in.get("/drivers/accounts/names?user_id=driver").text
    connection.execute(reach, ("North",))
    assert "driver@" in signed_in.get("/drivers/accounts/names?user_id=driver").text
