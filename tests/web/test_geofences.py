"""Geofences: outlines however they are written, who sees and changes them, who was there, what maps draw."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from sql.geofences import Reason
from web.records.outline import say

Send = Callable[..., Any]
YARD = {"name": "Yard", "shape": "circle", "radius_m": "200", "geometry": "48.137, 11.575"}
EDGE = {"hysteresis_m": "30", "least_visit_s": "20", "dwell_s": "10", "colour": "#206bc4"}
AREA = {"name": "Area", "shape": "polygon", "geometry": "48, 11\n48, 11.01\n48.01, 11.01\n48.01, 11"}
ROUTE = {"name": "Route 7", "shape": "corridor", "radius_m": "50", "geometry": "48, 11\n48.1, 11.1"}


@pytest.fixture
def add(send: Send) -> Callable[..., str]:
    """A new geofence through the form; the address of its page."""

    def post(**fields: str) -> str:
        answer = send("/geofences", **{**EDGE, **YARD, **fields})
        assert answer.status_code == 303, answer.text
        return str(answer.location)

    return post


def limit_to_depot(connection: psycopg.Connection, depot_id: int, role: str = "dispatcher") -> None:
    connection.execute("UPDATE users SET scope = 'depot' WHERE role = %s", (role,))
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id) SELECT id, %s FROM users WHERE role = %s",
        (depot_id, role),
    )


def test_a_circle_is_added_shown_and_listed(signed_in: FlaskClient, add: Callable[..., str]) -> None:
    page = signed_in.get(add(alert_on="enter", speed_limit_mps="30", notes="by the mill")).text
    for word in ("Yard", "Circle", "200 m", "48.13700, 11.57500", "30 km/h", "10 min", "20 s", "Arriving"):
        assert word in page, word
    assert "the whole fleet" in page
    listed = signed_in.get("/geofences?search=mill").text
    assert "1 of 1" in listed
    assert "1 of 1" in signed_in.get("/geofences?shape=circle").text
    assert "Nothing matches" in signed_in.get("/geofences?shape=corridor").text


def test_an_area_has_no_radius_and_is_closed(signed_in: FlaskClient, add: Callable[..., str]) -> None:
    add(**AREA)
    kept = signed_in.get("/api/v1/geofences/1").json
    assert kept["radius_m"] is None
    ring = kept["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert len(ring) == 5
    form = signed_in.get("/geofences/1/edit").text
    assert "48, 11\n48, 11.01\n48.01, 11.01\n48.01, 11</textarea>" in form


@pytest.mark.parametrize(
    "pasted",
    [
        "POLYGON ((11 48, 11.01 48, 11.01 48.01, 11 48))",
        '{"type": "Polygon", "coordinates": [[[11, 48], [11.01, 48], [11.01, 48.01], [11, 48]]]}',
        json.dumps(
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Polygon", "coordinates": [[[11, 48], [11.01, 48], [11.01, 48.01]]]},
            }
        ),
    ],
)
def test_geojson_and_wkt_can_be_pasted(pasted: str, signed_in: FlaskClient, add: Callable[..., str]) -> None:
    add(shape="polygon", geometry=pasted)
    kept = signed_in.get("/api/v1/geofences/1").json["geometry"]
    assert kept["coordinates"][0][:3] == [[11, 48], [11.01, 48], [11.01, 48.01]]


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"geometry": ""}, "geometry", "This is needed."),
        ({"geometry": "north"}, "geometry", "“north” cannot be read"),
        ({"geometry": "98, 11"}, "geometry", "98.0 is no latitude"),
        ({"geometry": "48, 11\n48, 12"}, "geometry", "A circle has one place"),
        ({"geometry": "{}"}, "geometry", "This does not fit the shape: it must be a Point."),
        ({"radius_m": ""}, "radius_m", "A circle needs a radius"),
        ({"radius_m": "4"}, "radius_m", "from 5 to 200,000 m"),
        (
            {"shape": "polygon", "geometry": "0,0\n1,1\n0,1\n1,0"},
            "geometry",
            "crosses or touches itself at 0.50000, 0.5",
        ),
        ({"shape": "polygon", "geometry": "0,0\n1,1\n2,2"}, "geometry", "This has no area"),
        ({"shape": "corridor", "geometry": "0,0"}, "geometry", "at least two different places"),
        ({"colour": "red"}, "colour", "must be a colour"),
        ({"hysteresis_m": ""}, "hysteresis_m", "This is needed."),
        ({"vehicle_ids": "7, 8"}, "vehicle_ids", "7: There is no such record."),
        ({"alert_on": "sneeze"}, "alert_on", "must be one of"),
        ({"speed_limit_mps": "1"}, "speed_limit_mps", "from 3.6 to 360 km/h"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    fields: dict[str, str], field: str, sentence: str, send: Send, connection: psycopg.Connection
) -> None:
    answer = send("/geofences", **{**EDGE, **YARD, "notes": "by the mill", **fields})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">[^<]*{re.escape(sentence)}', answer.text), answer.text
    assert "by the mill" in answer.text
    assert connection.execute("SELECT count(*) FROM geofences").fetchone() == (0,)


def test_every_fault_of_an_outline_has_its_sentence(app: Flask) -> None:
    with app.test_request_context():
        said = {str(say(reason, "x")) for reason in get_args(Reason)}
    assert len(said) == len(get_args(Reason))


def test_two_thousand_corners_can_be_sent(send: Send, signed_in: FlaskClient) -> None:
    corners = [[11 + n / 10_000, 48 + (n % 2) / 100_000] for n in range(1998)] + [[12, 49], [11, 49]]
    outline = json.dumps({"type": "Polygon", "coordinates": [corners]}, indent=2)
    assert len(outline) > 64 * 1024
    done = send("/geofences", **{**EDGE, **YARD, "shape": "polygon", "geometry": outline})
    assert done.status_code == 303, done.text
    assert "2,000 corners" in signed_in.get(done.location).text
    lines = "\n".join("48.123456, 11.123456" for _ in range(30_000))
    assert send("/geofences", **{**EDGE, **YARD, "geometry": lines}).status_code == 413


def test_a_change_of_outline_is_told_in_the_history_in_few_words(
    signed_in: FlaskClient, send: Send, add: Callable[..., str]
) -> None:
    page = add(**AREA)
    done = send(page, version="1", **{**EDGE, **AREA, "geometry": "48, 11\n48, 11.01\n48.01, 11.01"})
    assert done.location == page
    assert "<del>4 corners</del> → <ins>3 corners</ins>" in signed_in.get(page).text


def test_saving_without_a_change_leaves_no_trace(
    send: Send, add: Callable[..., str], connection: psycopg.Connection
) -> None:
    for fields in (AREA, YARD, ROUTE):
        page = add(**fields)
        assert send(page, version="1", **{**EDGE, **fields}).location == page
    assert connection.execute("SELECT DISTINCT version FROM geofences").fetchall() == [(1,)]


def test_two_people_at_one_outline_choose_one(
    signed_in: FlaskClient, send: Send, add: Callable[..., str]
) -> None:
    page = add(**AREA)
    send(
        page, version="1", **{**EDGE, **AREA, "name": "Theirs", "geometry": "48, 11\n48, 11.01\n48.01, 11.01"}
    )
    mine = "48, 11\n48, 11.02\n48.01, 11.01"
    answer = send(page, version="1", **{**EDGE, **AREA, "geometry": mine})
    assert answer.status_code == 409
    assert re.findall(r'type="radio" name="(\w+)"', answer.text) == ["name", "name", "geometry", "geometry"]
    assert f'value="{mine}"' in answer.text
    send(page, version="2", **{**EDGE, **AREA, "name": "Theirs", "geometry": mine})
    assert signed_in.get("/api/v1/geofences/1").json["geometry"]["coordinates"][0][1] == [11.02, 48]


def test_vehicles_are_named_with_commas_between(
    signed_in: FlaskClient, send: Send, fleet: Any, add: Callable[..., str]
) -> None:
    for number in ("7", "8", "9"):
        fleet.add(f"tracker-{number}", number)
    page = add(**ROUTE, vehicle_ids="8, 7,")
    assert signed_in.get("/api/v1/geofences/1").json["vehicle_ids"] == [1, 2]
    assert 'value="7, 8"' in signed_in.get(f"{page}/edit").text
    send(page, version="1", **{**EDGE, **ROUTE, "vehicle_ids": "9"})
    shown = signed_in.get(page).text
    assert "<del>7, 8</del> → <ins>9</ins>" in shown
    assert signed_in.get("/api/v1/geofences/1").json["vehicle_ids"] == [3]


def test_the_api_takes_geojson_and_answers_in_metres(signed_in: FlaskClient) -> None:
    token = signed_in.get_cookie("csrf_access_token")
    assert token
    headers = {"X-CSRF-TOKEN": token.value}
    point = {"type": "Point", "coordinates": [11.5, 48.1]}
    sent = {"name": "Yard", "shape": "circle", "geometry": point, "radius_m": 150}
    made = signed_in.post("/api/v1/geofences", json=sent, headers=headers)
    assert made.status_code == 201, made.json
    assert made.json["geometry"] == point
    assert (made.json["hysteresis_m"], made.json["dwell_s"], made.json["alert_on"]) == (30, 600, [])
    for values, field in (
        ({"geometry": {"type": "Polygon", "coordinates": []}}, "geometry"),
        ({"shape": "corridor"}, "geometry"),
        ({"radius_m": None}, "radius_m"),
        ({"alert_on": "enter"}, None),
        ({"alert_on": ["x"]}, "alert_on"),
        ({"hysteresis_m": None}, "hysteresis_m"),
    ):
        version = signed_in.get("/api/v1/geofences/1").json["version"]
        answer = signed_in.patch("/api/v1/geofences/1", json={"version": version, **values}, headers=headers)
        assert list(answer.json.get("errors", [None])) == [field], (values, answer.json)


def test_whoever_looks_after_one_depot_sees_what_concerns_it_and_changes_only_its_own(
    signed_in: FlaskClient, send: Send, add: Callable[..., str], connection: psycopg.Connection
) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    for name, depot in (("All", ""), ("Northern", "North"), ("Southern", "South")):
        add(name=name, depot_id=depot)
    limit_to_depot(connection, 1)
    seen = signed_in.get("/api/v1/geofences").json["items"]
    assert [fence["name"] for fence in seen] == ["All", "Northern"]
    drawn = signed_in.get("/geofences/shapes.geojson").json["features"]
    assert [fence["properties"]["name"] for fence in drawn] == ["All", "Northern"]
    assert signed_in.get("/geofences/3").status_code == 404
    for path in ("/geofences/3/visits", "/api/v1/geofences/3/visits"):
        assert signed_in.get(path).status_code == 404
    assert "/geofences/1/edit" not in signed_in.get("/geofences/1").text
    assert "/geofences/2/edit" in signed_in.get("/geofences/2").text
    for page, fields in (
        ("/geofences/1", {}),
        ("/geofences/1", {"depot_id": "North"}),
        ("/geofences/2", {"depot_id": ""}),
        ("/geofences", {"name": "New"}),
    ):
        answer = send(page, version="1", **{**EDGE, **YARD, **fields})
        assert answer.status_code == 422, page
        assert "by those who reach all of it" in answer.text
    assert send("/geofences/2", version="1", **{**EDGE, **YARD, "depot_id": "North"}).status_code == 303
    assert send("/geofences", **{**EDGE, **YARD, "name": "New", "depot_id": "North"}).status_code == 303


def test_maps_draw_what_is_not_archived(signed_in: FlaskClient, send: Send, add: Callable[..., str]) -> None:
    page = add()
    (drawn,) = signed_in.get("/geofences/shapes.geojson").json["features"]
    assert drawn["geometry"] == {"type": "Point", "coordinates": [11.575, 48.137]}
    assert drawn["properties"] == {
        "id": 1,
        "name": "Yard",
        "shape": "circle",
        "radius_m": 200,
        "colour": "#206bc4",
    }
    send(f"{page}/archive", version="1")
    assert signed_in.get("/geofences/shapes.geojson").json["features"] == []
    assert "Yard" in signed_in.get("/geofences?archived=1").text


def test_maps_draw_vehicles_within_reach(
    signed_in: FlaskClient, fleet: Any, connection: psycopg.Connection
) -> None:
    for number in ("7", "8"):
        fleet.add(f"tracker-{number}", number)
        fleet.report(f"tracker-{number}", 48.1, 11.5)
    connection.execute("INSERT INTO depots (name) VALUES ('North')")
    connection.execute("UPDATE vehicles SET depot_id = 1 WHERE fleet_number = '8'")

    def draw() -> list[str]:
        features = signed_in.get("/geofences/vehicles.geojson").json["features"]
        return [feature["properties"]["name"] for feature in features]

    assert draw() == ["7", "8"]
    limit_to_depot(connection, 1)
    assert draw() == ["8"]


@pytest.fixture
def visits(fleet: Any, connection: psycopg.Connection, add: Callable[..., str]) -> str:
    """A geofence where vehicle 7 was 120 times, and vehicle 8 is since yesterday; the address of its page."""
    page = add()
    for number in ("7", "8"):
        fleet.add(f"tracker-{number}", number)
    connection.execute("UPDATE device_installations SET during = tstzrange('2026-01-01', NULL)")
    start = datetime(2026, 11, 1, 8, tzinfo=UTC)
    rows = [(1, 1, start + timedelta(hours=n), start + timedelta(hours=n, minutes=20)) for n in range(120)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO geofence_visits VALUES (%s, %s, %s, %s)", [*rows, (2, 1, start, None)]
        )
    return page


def test_who_is_there_now_comes_first_and_then_the_latest(signed_in: FlaskClient, visits: str) -> None:
    page = signed_in.get(visits).text
    assert "50 of 121 · 1 there now" in page
    rows = re.findall(r'<td class="row-name">.*?>(\d)<', page)
    assert rows == ["8"] + 49 * ["7"]
    assert "20 min" in page
    assert signed_in.get("/api/v1/geofences").json["items"][0]["inside"] == 1


def test_more_visits_are_shown_on_demand_each_once(signed_in: FlaskClient, visits: str) -> None:
    more = re.search(r'hx-get="([^"]*visits[^"]*)"', signed_in.get(visits).text)
    assert more
    part = signed_in.get(more[1].replace("&amp;", "&")).text
    assert "100 of 121" in part
    met: list[tuple[Any, ...]] = []
    after = ""
    while after is not None:
        answer = signed_in.get(f"/api/v1/geofences/1/visits?limit=25&after={after}").json
        assert answer["total"] == 121
        met += [(visit["fleet_number"], visit["entered_at"]) for visit in answer["items"]]
        after = answer["next"]
    assert len(met) == len(set(met)) == 121
    assert met[0][0] == "8"
    assert met[1:] == sorted(met[1:], key=lambda visit: visit[1], reverse=True)


@pytest.mark.parametrize("after", ["x", "WzEsMl0", "WyJ0aGVyZSB4IiwgMV0"])
def test_a_place_in_the_visits_that_never_was_is_refused(
    after: str, signed_in: FlaskClient, add: Callable[..., str]
) -> None:
    add()
    for path in ("/geofences/1/visits", "/api/v1/geofences/1/visits"):
        answer = signed_in.get(f"{path}?after={after}")
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["after"])


def test_visits_of_vehicles_beyond_reach_are_not_told(
    signed_in: FlaskClient, visits: str, connection: psycopg.Connection
) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North')")
    connection.execute("UPDATE vehicles SET depot_id = 1 WHERE fleet_number = '7'")
    limit_to_depot(connection, 1)
    answer = signed_in.get("/api/v1/geofences/1/visits").json
    assert answer["total"] == 120
    assert {visit["fleet_number"] for visit in answer["items"]} == {"7"}
    assert signed_in.get("/api/v1/geofences").json["items"][0]["inside"] == 0
    assert "50 of 120<" in signed_in.get(visits).text


def test_a_visit_belongs_to_the_vehicle_that_the_device_sat_in_then(
    signed_in: FlaskClient, visits: str, connection: psycopg.Connection
) -> None:
    connection.execute(
        "UPDATE device_installations SET during = tstzrange('2026-11-03', NULL) WHERE device_id = 1"
    )
    answer = signed_in.get("/api/v1/geofences/1/visits?limit=1000").json["items"]
    assert {
        (visit["uid"], visit["fleet_number"]) for visit in answer if visit["entered_at"] < "2026-11-03"
    } == {
        ("tracker-7", None),
        ("tracker-8", "8"),
    }
