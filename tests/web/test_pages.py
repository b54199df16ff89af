"""What every answer carries, how errors look, and what the base map is told."""

import gzip
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb

from web.headers import content_policy

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_every_answer_tells_the_browser_what_to_refuse(client: FlaskClient) -> None:
    for path in ("/sign-in", "/nowhere", "/healthz", "/static/theme.js"):
        with client.get(path, headers=BROWSER) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert len(answer.headers["X-Request-Id"]) == 32


def test_the_pages_hold_no_script_or_style_of_their_own(
    client: FlaskClient, sign_in: Callable[..., Any]
) -> None:
    form = client.get("/sign-in").text
    sign_in("admin@example.org")
    for page in (form, client.get("/map").text, client.get("/nowhere", headers=BROWSER).text):
        assert "<style" not in page
        assert " style=" not in page
        assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src=')


def test_our_own_styles_travel_compressed_and_are_not_sent_again(client: FlaskClient) -> None:
    asked = {"Accept-Encoding": "gzip"}
    with client.get("/static/site.css") as plain, client.get("/static/site.css", headers=asked) as answer:
        assert gzip.decompress(answer.data) == plain.data
        assert len(answer.data) < len(plain.data) / 2
        assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
        known = {**asked, "If-None-Match": answer.headers["ETag"]}
    with client.get("/static/site.css", headers=known) as again:
        assert (again.status_code, again.data) == (304, b"")


def test_only_the_host_of_the_map_style_joins_the_policy() -> None:
    policy = content_policy("https://tiles.example.org/style.json?key=1")
    assert "connect-src 'self' https://tiles.example.org;" in policy
    assert "script-src 'self';" in policy
    assert "example" not in content_policy("/static/style.json")


def test_a_program_gets_a_problem_and_a_person_a_page_with_the_same_id(client: FlaskClient) -> None:
    asked = {"X-Request-Id": "complaint-0042"}
    problem = client.get("/nowhere", headers=asked)
    assert problem.content_type == "application/problem+json"
    assert problem.json == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": problem.json["detail"],
        "request_id": "complaint-0042",
    }
    page = client.get("/nowhere", headers={**BROWSER, **asked})
    assert page.content_type.startswith("text/html")
    assert "complaint-0042" in page.text


def test_a_request_id_that_could_forge_the_log_is_replaced(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": "short"})
    assert len(answer.headers["X-Request-Id"]) == 32


def test_a_fault_of_ours_tells_no_secret(app: Flask) -> None:
    def break_down() -> str:
        raise RuntimeError("the secret is marmalade")

    app.view_functions["health.alive"] = break_down
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 500
    assert "marmalade" not in answer.text
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_the_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.put("/sign-in")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_metrics_are_for_this_machine_only(client: FlaskClient) -> None:
    client.get("/healthz")
    text = client.get("/metrics").text
    assert 'motorpool_web_requests_total{endpoint="health.alive",method="GET",status="200"}' in text
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.5"}).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.5"}).status_code == 404


def test_the_site_is_not_ready_before_the_fleet_has_been_read(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "fleet" in answer.json["detail"]


@pytest.fixture
def signed_in(client: FlaskClient, sign_in: Callable[..., Any]) -> FlaskClient:
    sign_in("viewer@example.org")
    return client


def test_the_places_come_as_geojson_and_cost_nothing_while_unchanged(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    line = {"type": "LineString", "coordinates": [[11.5, 48.1], [11.6, 48.1]]}
    add = "INSERT INTO map_features (layer, name, geometry, properties) VALUES (%s, %s, %s, %s)"
    connection.execute(add, ("street", "Elm <Street>", Jsonb(line), Jsonb({"class": "arterial"})))
    first = signed_in.get("/map/places.geojson")
    assert first.content_type == "application/geo+json"
    assert first.json["features"] == [
        {
            "type": "Feature",
            "geometry": line,
            "properties": {"class": "arterial", "layer": "street", "name": "Elm <Street>"},
        }
    ]
    known = {"If-None-Match": first.headers["ETag"]}
    assert signed_in.get("/map/places.geojson", headers=known).status_code == 304
    connection.execute("DELETE FROM map_features")
    assert signed_in.get("/map/places.geojson", headers=known).json["features"] == []


def test_roads_driven_often_come_apart_from_those_driven_once(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    add = "INSERT INTO driven_roads VALUES (48.1, 11.5, 48.1, %s, %s, now())"
    for longitude, passes in ((11.501, 1), (11.502, 70), (11.503, 100)):
        connection.execute(add, (longitude, passes))
    features = signed_in.get("/map/roads.geojson").json["features"]
    assert [(f["properties"]["weight"], len(f["geometry"]["coordinates"])) for f in features] == [
        (0, 1),
        (6, 2),
    ]
    assert features[0]["geometry"]["coordinates"] == [[[11.5, 48.1], [11.501, 48.1]]]


def test_the_map_needs_signing_in(client: FlaskClient) -> None:
    for path in ("/map", "/map/places.geojson", "/map/roads.geojson", "/session"):
        answer = client.get(path)
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json"), path
