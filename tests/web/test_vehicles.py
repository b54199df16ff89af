"""Vehicles: the form and its checks, the list, what archiving means, and who sees which."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from sql.fleet import add_device
from sql.queries import queries

Send = Callable[..., Any]
BUS = {
    "fleet_number": "101",
    "plate": "M AB 101",
    "kind": "bus",
    "make": "Setra",
    "model": "S 415",
    "fuel": "diesel",
    "status": "in service",
}


def change(connection: psycopg.Connection, email: str, **columns: str) -> None:
    for name, value in columns.items():
        column = psycopg.sql.Identifier(name)
        connection.execute(
            psycopg.sql.SQL("UPDATE users SET {} = %s WHERE email = %s").format(column), (value, email)
        )


def rows(page: str) -> list[str]:
    return re.findall(r'class="row-link"[^>]*>([^<]*)<', page)


@pytest.fixture
def bus(send: Send) -> str:
    """The address of a vehicle's page."""
    return str(send("/vehicles", **BUS).location)


def test_a_vehicle_is_added_shown_and_listed(signed_in: FlaskClient, send: Send) -> None:
    more = {"year": "2019", "seats": "53", "tank_l": "280.5", "notes": "Wheelchair lift"}
    bus = send("/vehicles", **BUS, **more, vin="wdb-9634031l123456").location
    page = signed_in.get(bus).text
    for word in ("101", "M AB 101", "Setra", "2019", "53", "280.5 L", "WDB9634031L123456", "Wheelchair lift"):
        assert word in page, word
    listed = signed_in.get("/vehicles").text
    assert rows(listed) == ["101"]
    assert "1 of 1" in listed
    assert "Setra S 415" in listed


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("fleet_number", "", "This is needed."),
        ("fleet_number", "x" * 201, "at most 200 characters"),
        ("fleet_number", "a\x00b", "a character that cannot be kept"),
        ("vin", "1M8GDM9AXKP04278", "this one has 16"),
        ("vin", "WDB9634O31L123456", "without I, O and Q"),
        ("vin", "1M8GDM9A0KP042788", "its ninth, which checks the others"),
        ("year", "1899", "from 1900 to 2100"),
        ("year", "20x9", "a whole number"),
        ("tank_l", "5001", "from 0 to 5,000 L"),
        ("tank_l", "much", "a number"),
        ("kind", "rocket", "must be one of"),
        ("status", "", "needed"),
        ("depot_id", "Nowhere", "There is no such record."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    field: str, value: str, sentence: str, send: Send, connection: psycopg.Connection
) -> None:
    answer = send("/vehicles", **{**BUS, "notes": "keep me", field: value})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">[^<]*{re.escape(sentence)}', answer.text), answer.text
    assert "keep me" in answer.text
    assert connection.execute("SELECT count(*) FROM vehicles").fetchone() == (0,)


def test_amounts_are_entered_and_shown_in_the_readers_units_and_saving_again_changes_nothing(
    signed_in: FlaskClient, send: Send, connection: psycopg.Connection
) -> None:
    change(connection, "dispatcher@example.org", units="imperial")
    bus = send("/vehicles", **BUS, tank_l="21").location
    assert connection.execute("SELECT tank_l FROM vehicles").fetchone() == (79.49,)
    assert "21 gal" in signed_in.get(bus).text
    form = signed_in.get(f"{bus}/edit").text
    assert re.search(r'name="tank_l"[^>]*value="21"[^>]*>\s*<span[^>]*id="tank_l-unit">gal<', form)
    send(bus, **BUS, tank_l="21", version="1")
    assert connection.execute("SELECT version FROM vehicles").fetchone() == (1,)
    answer = send(bus, **BUS, tank_l="2000", version="1")
    assert "from 0 to 1,321 gal" in answer.text


@pytest.mark.parametrize(
    "name", ["O'Brien's <b>bus</b>", "حافلة \u0667", "x" * 200, "50% _off_ \\ now", '"quoted" & co', "🚌 1"]
)
def test_names_are_kept_shown_and_found_as_they_are(name: str, signed_in: FlaskClient, send: Send) -> None:
    from html import escape, unescape

    send("/vehicles", **BUS)
    bus = send("/vehicles", **{**BUS, "fleet_number": name, "plate": ""}).location
    page = signed_in.get(bus).text
    assert "<b>bus</b>" not in page
    assert escape(name).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page
    for word in (name, name[:9], name.upper()):
        found = signed_in.get("/vehicles", query_string={"search": word}).text
        assert [unescape(row) for row in rows(found)] == [name], word


def test_a_plate_or_vin_is_given_once_and_again_when_its_vehicle_has_left(
    signed_in: FlaskClient, send: Send, bus: str
) -> None:
    answer = send("/vehicles", **{**BUS, "fleet_number": "102", "plate": "m ab101"})
    assert re.search(r'id="plate-error">[^<]*taken by another', answer.text)
    send(f"{bus}/archive", version="1")
    assert send("/vehicles", **{**BUS, "fleet_number": "102", "plate": "m ab101"}).status_code == 303
    send(f"{bus}/restore", version="2")
    page = signed_in.get(bus).text
    assert "Plate: This is taken by another record" in page
    assert "restored" not in page


def test_a_change_lands_in_the_history_by_the_names_of_its_fields(
    signed_in: FlaskClient, send: Send, bus: str
) -> None:
    depot = {"name": "North <1>", "address": "", "latitude": "", "longitude": ""}
    send("/depots", **depot)
    send(bus, **{**BUS, "depot_id": "North <1>", "status": "spare", "tank_l": "100"}, version="1")
    page = signed_in.get(bus).text
    assert "<ins>North &lt;1&gt;</ins>" in page
    assert re.search(r"<del><span[^>]*>In service</span></del> → <ins><span[^>]*>Spare<", page)
    assert "<ins>100 L</ins>" in page


def test_two_people_at_one_vehicle_choose_field_by_field_in_their_units(
    send: Send, bus: str, connection: psycopg.Connection
) -> None:
    change(connection, "dispatcher@example.org", units="imperial")
    send(bus, **BUS, tank_l="50", version="1")
    answer = send(bus, **BUS, tank_l="60", version="1")
    assert answer.status_code == 409
    assert re.findall(r'name="tank_l" value="([^"]*)"', answer.text) == ["60", "50"]
    assert "60 gal" in answer.text


def test_fleet_numbers_sort_as_people_count(signed_in: FlaskClient, send: Send) -> None:
    for number in ("Bus 10", "bus 2", "9", "101", "Bus 1"):
        send("/vehicles", **{**BUS, "fleet_number": number, "plate": ""})
    assert rows(signed_in.get("/vehicles").text) == ["9", "101", "Bus 1", "bus 2", "Bus 10"]
    assert rows(signed_in.get("/vehicles?sort=-fleet_number").text)[0] == "Bus 10"


def add_many(connection: psycopg.Connection, count: int) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    connection.execute(
        "INSERT INTO vehicles (fleet_number, depot_id, make, status, tank_l, odometer_m, next_expiry)"
        " SELECT n::text, nullif(n %% 3, 0), 'Make ' || n %% 7,"
        " (ARRAY['in service', 'spare'])[1 + n %% 2], nullif(n %% 50, 0), nullif(n %% 11, 0) * 1e6,"
        " CASE WHEN n %% 5 > 0 THEN DATE '2026-01-01' + n %% 5 END"
        " FROM generate_series(1, %s) AS n",
        (count,),
    )


def test_every_sort_pages_over_every_vehicle_once(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    from web.records.vehicles import VEHICLES

    add_many(connection, 95)
    for sort in [field.name for field in (*VEHICLES.fields, *VEHICLES.found) if field.sorts]:
        for order in (sort, f"-{sort}"):
            after, met = "", []
            while after is not None:
                part = signed_in.get(f"/api/v1/vehicles?sort={order}&limit=32&after={after}").json
                assert part["total"] == 95
                met += [item["id"] for item in part["items"]]
                after = part["next"]
            assert len(met) == len(set(met)) == 95, order


def test_the_list_is_filtered_by_depot_status_and_kind(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    add_many(connection, 60)
    assert "20 of 20" in signed_in.get("/vehicles?depot_id=North").text
    assert "10 of 10" in signed_in.get("/vehicles?depot_id=North&status=spare").text
    assert "60 of 60" in signed_in.get("/vehicles?kind=bus").text
    empty = signed_in.get("/vehicles?kind=van").text
    assert "Nothing matches" in empty
    page = signed_in.get("/vehicles?depot_id=South&search=make 3").text
    assert '<option value="South" selected>' in page
    assert signed_in.get("/vehicles?status=%00&depot_id=%00").status_code == 200


def test_a_search_finds_number_plate_vin_make_and_whoever_drives_now(
    signed_in: FlaskClient, send: Send, bus: str, connection: psycopg.Connection
) -> None:
    send("/vehicles", **{**BUS, "fleet_number": "102", "plate": "", "make": "MAN", "model": "Lion"})
    connection.execute("INSERT INTO drivers (name) VALUES ('Zoë O''Neil'), ('Yesterday')")
    connection.execute(
        "INSERT INTO driver_assignments (vehicle_id, driver_id, during) VALUES"
        " (2, 1, tstzrange(now() - interval '1 h', NULL)),"
        " (1, 2, tstzrange(now() - interval '3 h', now() - interval '2 h'))"
    )
    for search, found in {
        "mab101": ["101"],
        "M AB": ["101"],
        "setra s": ["101"],
        "lion": ["102"],
        "zoë o'n": ["102"],
        "yesterday": [],
        "%": [],
        "10": ["101", "102"],
    }.items():
        assert rows(signed_in.get("/vehicles", query_string={"search": search}).text) == found, search


def test_archiving_says_what_it_means_and_closes_nothing_in_silence(
    signed_in: FlaskClient, send: Send, bus: str, connection: psycopg.Connection
) -> None:
    add_device(connection, "tracker-1", "101")
    connection.execute("INSERT INTO drivers (name) VALUES ('Ann')")
    connection.execute("INSERT INTO driver_assignments VALUES (DEFAULT, 1, 1, tstzrange(now(), NULL))")
    page = signed_in.get(bus).text
    assert "A device stays fitted" in page
    assert "A driver is assigned now" in page
    assert "Ann" in page
    assert [row[7] for row in queries.list_live_vehicles(connection)] == ["101"]
    send(f"{bus}/archive", version="1")
    assert list(queries.list_live_vehicles(connection)) == []
    assert rows(signed_in.get("/vehicles").text) == []
    page = signed_in.get(bus).text
    assert "still fitted" in page
    kept = connection.execute("SELECT vehicle_id FROM devices WHERE disabled_at IS NULL").fetchone()
    assert kept == (1,)
    assert connection.execute("SELECT upper_inf(during) FROM driver_assignments").fetchone() == (True,)
    send(f"{bus}/restore", version="2")
    assert [row[7] for row in queries.list_live_vehicles(connection)] == ["101"]


def reach_only(connection: psycopg.Connection, email: str, depot_id: int) -> None:
    change(connection, email, scope="depot")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id) SELECT id, %s FROM users WHERE email = %s",
        (depot_id, email),
    )


def test_a_person_of_one_depot_sees_and_changes_no_other(
    signed_in: FlaskClient, send: Send, connection: psycopg.Connection
) -> None:
    add_many(connection, 6)
    reach_only(connection, "dispatcher@example.org", 1)
    assert signed_in.get("/api/v1/vehicles").json["total"] == 2
    assert signed_in.get("/vehicles/1").status_code == 200
    for address in (
        "/vehicles/2",
        "/vehicles/2/edit",
        "/vehicles/3",
        "/api/v1/vehicles/2",
        "/vehicles/2/photo/1",
    ):
        assert signed_in.get(address).status_code == 404, address
    for address in (
        "/vehicles/2",
        "/vehicles/2/archive",
        "/vehicles/2/odometer",
        "/vehicles/2/documents",
        "/vehicles/2/photo/remove",
    ):
        fields = {**BUS, "version": "1", "odometer_m": "1", "read_at": "2026-01-01 10:00"}
        assert send(address, **fields).status_code == 404, address
    for depot in ("", "South"):
        answer = send("/vehicles/1", **{**BUS, "depot_id": depot}, version="1")
        assert answer.status_code == 422, depot
        answer = send("/vehicles", **{**BUS, "depot_id": depot})
        assert answer.status_code == 422, depot
    assert "one that you look after" in send("/vehicles", **BUS).text
    assert send("/vehicles", **{**BUS, "fleet_number": "n", "depot_id": "North"}).status_code == 303
    log = connection.execute("SELECT count(*) FROM audit_log WHERE record_id IN (2, 3)").fetchone()
    assert log == (0,)


def test_a_mechanic_reads_odometers_and_edits_nothing_else(
    app: Flask, sign_in: Callable[..., Any], client: FlaskClient, connection: psycopg.Connection
) -> None:
    add_many(connection, 1)
    sign_in("mechanic@example.org")
    page = client.get("/vehicles/1").text
    assert "New reading" in page
    for word in ("New document", "Add photo", "/vehicles/1/edit", "Archive"):
        assert word not in page, word
    assert 'name="picked"' not in client.get("/vehicles").text


def test_the_api_takes_and_gives_the_same_in_our_units(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    cookie = signed_in.get_cookie("csrf_access_token")
    assert cookie
    token = {"X-CSRF-TOKEN": cookie.value}
    new = {"fleet_number": "7", "kind": "van", "fuel": "electric", "status": "spare", "tank_l": 60}
    made = signed_in.post("/api/v1/vehicles", json=new, headers=token)
    assert made.status_code == 201, made.text
    assert made.json["tank_l"] == 60
    changed = {"version": 1, "status": "in service"}
    assert signed_in.patch("/api/v1/vehicles/1", json=changed, headers=token).json["version"] == 2
    stale = signed_in.patch("/api/v1/vehicles/1", json=changed | {"status": "spare"}, headers=token)
    assert (stale.status_code, stale.json["current"]["version"]) == (409, 2)
    wrong = signed_in.post("/api/v1/vehicles", json={**new, "vin": "1M8GDM9A0KP042788"}, headers=token)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["vin"])
    listed = signed_in.get("/api/v1/vehicles?kind=van").json
    assert (listed["total"], listed["next"]) == (1, None)
    assert listed["items"][0]["odometer_m"] is None
