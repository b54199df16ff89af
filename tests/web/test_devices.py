"""Devices: which vehicle each is in, and whether it may speak."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from sql.pool import connect

Send = Callable[..., Any]


@pytest.fixture
def unit(fleet: Any, signed_in: FlaskClient) -> str:
    """The address of a device's page; it is in vehicle 12."""
    return f"/devices/{fleet.add('unit-1', '12')}"


def rows(page: str) -> list[str]:
    return re.findall(r'class="row-link"[^>]*>([^<]*)<', page)


def test_a_device_is_added_into_a_vehicle_by_the_vehicles_number(
    send: Send, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    connection.execute("INSERT INTO vehicles (fleet_number) VALUES ('12')")
    added = send("/devices", uid="356307042441013", vehicle_id="12", model="FMC920", phone="+49 1", notes="")
    page = signed_in.get(added.location).text
    for word in ("356307042441013", "12", "FMC920", "from its first fix on"):
        assert word in page
    assert signed_in.get("/api/v1/devices").json["items"][0]["vehicle_id"] == 1


def test_a_vehicle_that_has_a_device_says_which(send: Send, unit: str) -> None:
    for answer in (
        send("/devices", uid="unit-2", vehicle_id="12"),
        send("/devices", uid="unit-2", vehicle_id="12"),
    ):
        assert answer.status_code == 422
        assert re.search(r'id="vehicle_id-error">The device unit-1 is in this vehicle', answer.text)
    send(f"{unit}/archive", version="1")
    assert (
        "The disabled device unit-1 is still in this" in send("/devices", uid="unit-2", vehicle_id="12").text
    )


def test_the_api_says_it_too(signed_in: FlaskClient, unit: str) -> None:
    cookie = signed_in.get_cookie("csrf_access_token")
    assert cookie
    answer = signed_in.post(
        "/api/v1/devices", json={"uid": "unit-2", "vehicle_id": 1}, headers={"X-CSRF-TOKEN": cookie.value}
    )
    assert answer.status_code == 422
    assert "unit-1" in answer.json["errors"]["vehicle_id"]


def test_a_move_is_in_the_installations_and_in_the_history(
    send: Send, signed_in: FlaskClient, unit: str, connection: psycopg.Connection, database_url: str
) -> None:
    connection.execute("INSERT INTO vehicles (fleet_number) VALUES ('13')")
    with connect(database_url, "test", autocommit=True) as daemon:
        daemon.execute("LISTEN device_changed")
        send(unit, version="1", uid="unit-1", vehicle_id="13")
        heard = [notify.payload for notify in daemon.notifies(timeout=5, stop_after=1)]
    assert heard == ["unit-1"]
    page = signed_in.get(unit).text
    stays = re.findall(r"<li><span><b>(\d+)</b>( <span[^>]*>now)?", page)
    assert [(number, bool(now)) for number, now in stays] == [("13", True), ("12", False)]
    assert "<del>12</del>" in page
    assert "<ins>13</ins>" in page


def test_disabling_puts_a_device_out_of_the_list_and_enabling_brings_it_back(
    send: Send, signed_in: FlaskClient, unit: str, connection: psycopg.Connection
) -> None:
    send(f"{unit}/archive", version="1")
    assert connection.execute("SELECT disabled_at IS NOT NULL FROM devices").fetchone() == (True,)
    page = signed_in.get(unit).text
    assert "is disabled: what it sends is put aside." in page
    assert rows(signed_in.get("/devices").text) == []
    assert rows(signed_in.get("/devices?archived=1").text) == ["unit-1"]
    send(f"{unit}/restore", version="2")
    assert rows(signed_in.get("/devices").text) == ["unit-1"]


def test_the_list_tells_when_each_was_last_heard_of(fleet: Any, signed_in: FlaskClient, unit: str) -> None:
    fleet.add("unit-2", "13")
    fleet.add("unit-3", "14")
    fleet.report("unit-1", 48.1, 11.5, seconds_ago=300)
    fleet.report("unit-2", 48.1, 11.5, seconds_ago=200_000)
    assert "5 minutes ago" in signed_in.get("/devices").text
    for heard, uid in (("recent", "unit-1"), ("day", "unit-2"), ("never", "unit-3")):
        assert rows(signed_in.get(f"/devices?heard={heard}").text) == [uid]
    newest_first = rows(signed_in.get("/devices?sort=-fix_time").text)
    assert newest_first == ["unit-1", "unit-2", "unit-3"]


@pytest.mark.parametrize("uid", ["O'Hara's unit", "وحدة ١٢", "u" * 200, "<b>unit</b>"])
def test_uids_of_all_kinds_are_kept(uid: str, send: Send, signed_in: FlaskClient) -> None:
    assert send("/devices", uid=uid, vehicle_id="").status_code == 303
    assert signed_in.get("/api/v1/devices", query_string={"search": uid}).json["items"][0]["uid"] == uid
    assert "<b>unit</b>" not in signed_in.get("/devices").text


@pytest.mark.parametrize("uid", ["", "u" * 201, "a\x00b"])
def test_a_uid_that_cannot_be_kept_is_refused(uid: str, send: Send, connection: psycopg.Connection) -> None:
    assert send("/devices", uid=uid).status_code == 422
    assert connection.execute("SELECT count(*) FROM devices").fetchone() == (0,)


def test_whoever_looks_after_one_depot_reaches_the_devices_of_its_vehicles(
    send: Send, signed_in: FlaskClient, fleet: Any, unit: str, connection: psycopg.Connection
) -> None:
    fleet.add("unit-2", "13")
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    connection.execute("UPDATE vehicles SET depot_id = id")
    connection.execute("UPDATE users SET scope = 'depot' WHERE email = 'dispatcher@example.org'")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id)"
        " SELECT id, 2 FROM users WHERE email = 'dispatcher@example.org'"
    )
    assert rows(signed_in.get("/devices").text) == ["unit-2"]
    assert signed_in.get(unit).status_code == 404
    assert "look after" in send("/devices", uid="unit-3", vehicle_id="").text
    assert send("/devices/2", version="1", uid="unit-2", vehicle_id="12").status_code == 422
    connection.execute("UPDATE devices SET vehicle_id = NULL WHERE uid = 'unit-1'")
    connection.execute("UPDATE devices SET vehicle_id = 1 WHERE uid = 'unit-2'")
    connection.execute("UPDATE user_scopes SET depot_id = 1")
    assert "A vehicle of another depot" in signed_in.get("/devices/2").text
