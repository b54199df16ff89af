"""Trips and events as pages and for programs: whose, when, how far a reader reaches, and in which units."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from web.event_kinds import EVENT_KINDS
from web.trips.words import describe_event

BEGAN = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
DAY = "/trips?on=2026-03-02"
SPAN = "from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z"
TRIP = "2026-03-02T13:00:00Z"
LONG = "x" * 200
ARABIC = "حافلة ١٢"
HOUR = timedelta(hours=1)
# Which depot each vehicle has, and the trips of a day: 101 twice, O'Hara's van once, and one named in Arabic.
NUMBERS = {"101": "North", "O'Hara's": "South", ARABIC: "South"}


@pytest.fixture(autouse=True)
def fleet_of_trips(connection: psycopg.Connection, fleet: Any, people: None) -> None:
    """Three vehicles, four trips, an event in the first, and Ana, who drove 101 only until two o'clock."""
    for id, (number, depot) in enumerate(NUMBERS.items(), 1):
        assert fleet.add(f"uid-{id}", number) == id
        connection.execute("INSERT INTO depots (name) VALUES (%s) ON CONFLICT DO NOTHING", (depot,))
        connection.execute(
            "UPDATE vehicles SET depot_id = (SELECT id FROM depots WHERE name = %s) WHERE fleet_number = %s",
            (depot, number),
        )
    for device_id, hours in ((1, 0), (1, 2), (2, 1), (3, 3)):
        add_trip(connection, device_id, BEGAN + hours * HOUR)
    connection.execute(
        "INSERT INTO events (device_id, started_at, kind, ended_at, latitude, longitude, value, limit_value,"
        " fixes) VALUES (1, %s, 'overspeed', %s, 48.15, 11.55, 20, 13.9, '[[1, 48.15, 11.55, 20, 90]]')",
        (BEGAN + HOUR / 4, BEGAN + HOUR / 3),
    )
    connection.execute("INSERT INTO drivers (name, depot_id) VALUES ('Ana', 1), ('Ben', 2)")
    connection.execute(
        "INSERT INTO driver_assignments (vehicle_id, driver_id, during) VALUES"
        " (1, 1, tstzrange('2026-03-02', '2026-03-02 14:00+00')), (2, 2, tstzrange('2026-03-02', NULL))"
    )


def add_trip(connection: psycopg.Connection, device_id: int, started_at: datetime) -> None:
    """A trip of half an hour and 16.09 km, with a fix each minute, and a stop after it."""
    connection.execute(
        "INSERT INTO trips (device_id, started_at, ended_at, is_open, distance_m, moving_s, idle_s,"
        " top_speed_mps, mean_speed_mps, start_latitude, start_longitude, end_latitude, end_longitude,"
        " fuel_used_l, fixes)"
        " VALUES (%s, %s, %s, false, 16093.44, 1500, 300, 20, 10, 48.1, 11.5, 48.2, 11.6, 3.785411784, 31)",
        (device_id, started_at, started_at + HOUR / 2),
    )
    connection.execute(
        "INSERT INTO stops VALUES (%s, %s, %s, false, 60, 48.2, 11.6)",
        (device_id, started_at + HOUR / 2, started_at + HOUR),
    )
    connection.execute(
        "INSERT INTO positions (device_id, fix_time, received_at, latitude, longitude, speed_mps)"
        " SELECT %s, %s + g * interval '1 minute', now(), 48.1 + g / 300.0, 11.5 + g / 300.0, 10"
        " FROM generate_series(0, 30) AS g ON CONFLICT DO NOTHING",
        (device_id, started_at),
    )


def list_vehicles(page: str) -> list[str]:
    """The vehicles of the trips of a page, in order."""
    return re.findall(r'class="row-link"[^>]*>([^<]*)</a>', page)


def reach_only(connection: psycopg.Connection, depot: str, email: str = "dispatcher@example.org") -> None:
    connection.execute("UPDATE users SET scope = 'depot' WHERE email = %s", (email,))
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id)"
        " SELECT u.id, d.id FROM users u, depots d WHERE u.email = %s AND d.name = %s",
        (email, depot),
    )


def test_a_day_has_its_trips_and_what_they_come_to(signed_in: FlaskClient) -> None:
    page = signed_in.get(DAY).text
    assert list_vehicles(page) == [ARABIC, "101", "O&#39;Hara&#39;s", "101"]
    assert "4 of 4" in page
    assert "<dd>64.4 km</dd>" in page
    assert "<dd>1 h 40 min</dd>" in page
    assert "then stood 30 min" in page
    assert list_vehicles(signed_in.get("/trips?on=2026-03-03").text) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("vehicle=101", 2),
        ("vehicle=O'Hara's", 1),
        (f"vehicle={ARABIC}", 1),
        ("driver=Ana", 1),
        ("driver=2", 1),
        ("depot=South", 2),
        ("depot=South&vehicle=101", 0),
        ("view=week", 4),
        (f"vehicle={LONG}", 0),
        ("vehicle=%00", 4),
        ("driver=nobody", 0),
        ("on=yesterday", 0),
    ],
)
def test_trips_are_found_by_whose_they_are(asked: str, found: int, signed_in: FlaskClient) -> None:
    page = signed_in.get(f"{DAY}&{asked}" if "on=" not in asked else f"/trips?{asked}")
    assert page.status_code == 200
    assert len(list_vehicles(page.text)) == found


def test_a_name_that_nobody_has_is_said(signed_in: FlaskClient) -> None:
    assert "unknown: There is no such record." in signed_in.get(f"{DAY}&vehicle=unknown").text


def test_a_day_is_that_of_the_reader(signed_in: FlaskClient, connection: psycopg.Connection) -> None:
    connection.execute("UPDATE users SET time_zone = 'Asia/Tokyo'")  # 13:00 UTC is 22:00, 15:00 is tomorrow
    assert len(list_vehicles(signed_in.get(DAY).text)) == 2
    assert "10:00\u202fPM" in signed_in.get(DAY).text
    assert len(list_vehicles(signed_in.get("/trips?on=2026-03-03").text)) == 2


def test_a_trip_through_midnight_belongs_to_the_day_on_which_it_began(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    add_trip(connection, 2, datetime(2026, 3, 4, 23, 45, tzinfo=UTC))
    assert "3/5/26, 12:15\u202fAM" in signed_in.get("/trips?on=2026-03-04").text
    assert list_vehicles(signed_in.get("/trips?on=2026-03-05").text) == []


def test_a_reader_of_miles_reads_miles_and_gallons(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE users SET units = 'imperial'")
    page = signed_in.get(f"/trips/1/{TRIP}").text
    assert "<dd>10.0 mi</dd>" in page
    assert "<dd>45 mph</dd>" in page
    assert "<dd>1 gal</dd>" in page
    assert "45 mph, limit 31 mph" in page


def test_german_pages_are_german(signed_in: FlaskClient, connection: psycopg.Connection) -> None:
    connection.execute("UPDATE users SET language = 'de'")
    page = signed_in.get(f"/trips/1/{TRIP}").text
    assert "Zu schnell" in page
    assert "72 km/h, Grenze 50 km/h" in page
    assert "Die Spur konnte nicht geladen werden." in page  # for the script


def test_more_trips_follow_where_the_page_ended(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    for number in range(60):
        add_trip(connection, 2, BEGAN + 5 * HOUR + number * timedelta(minutes=1))
    page = signed_in.get(DAY).text
    assert "50 of 64" in page
    more = re.search(r'id="more"><a class="btn" href="([^"]+)"', page)
    assert more
    rest = signed_in.get(more[1].replace("&amp;", "&")).text
    assert "64 of 64" in rest
    assert len(list_vehicles(page) + list_vehicles(rest)) == 64
    assert signed_in.get(f"{DAY}&after=x").status_code == 422


def test_a_reader_of_one_depot_sees_nothing_of_another(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    reach_only(connection, "North")
    assert list_vehicles(signed_in.get(DAY).text) == ["101", "101"]
    assert signed_in.get(f"/trips/1/{TRIP}").status_code == 200
    for page in ("/trips/2/2026-03-02T14:00:00Z", "/trips/2/2026-03-02T14:00:00Z/track.geojson"):
        assert signed_in.get(page).status_code == 404
    assert signed_in.get("/vehicles/2/days").status_code == 404
    assert signed_in.get("/drivers/2/days").status_code == 404
    assert signed_in.get(f"/api/v1/positions?vehicle=2&{SPAN}").json == {
        "items": [],
        "total": 0,
        "next": None,
    }
    assert signed_in.get(f"/api/v1/trips?{SPAN}").json["total"] == 2
    assert signed_in.get(f"/api/v1/stops?vehicle=2&{SPAN}").json["total"] == 0
    assert signed_in.get("/api/v1/trips/2/2026-03-02T14:00:00Z").status_code == 404


def test_what_a_device_did_in_another_vehicle_is_beyond_the_trip(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    connection.execute(
        "UPDATE device_installations SET during = tstzrange(NULL, '2026-03-02 13:10+00') WHERE device_id = 1"
    )
    reach_only(connection, "North")
    track = signed_in.get(f"/trips/1/{TRIP}/track.geojson").json["features"][0]
    assert len(track["properties"]["times"]) == 11
    assert "Speeding" not in signed_in.get(f"/trips/1/{TRIP}").text
    assert signed_in.get("/trips/1/2026-03-02T15:00:00Z").status_code == 404


def test_who_drove_is_for_those_who_send_them_out(sign_in: Callable[..., Any], client: FlaskClient) -> None:
    for role, knows in (("dispatcher", True), ("mechanic", False), ("viewer", False)):
        sign_in(f"{role}@example.org")
        for page in (
            DAY,
            f"/trips/1/{TRIP}",
            f"/api/v1/trips?{SPAN}",
            f"/api/v1/stops?{SPAN}",
            "/vehicles/1",
        ):
            answer = client.get(page)
            assert answer.status_code == 200
            if page != "/vehicles/1":
                assert ("Ana" in answer.text) == knows, (role, page)
        for page in (f"{DAY}&driver=Ana", f"/events?driver=Ana&{SPAN}", "/drivers/1/days"):
            assert client.get(page).status_code == (200 if knows else 403), (role, page)
        for kind in ("trips", "stops", "events", "positions"):
            asked = client.get(f"/api/v1/{kind}?driver=1&{SPAN}")
            assert asked.status_code == (200 if knows else 403), (role, kind)


def test_a_driver_has_no_track_outside_of_their_assignments(signed_in: FlaskClient) -> None:
    found = signed_in.get(f"/api/v1/trips?driver=1&{SPAN}").json
    assert [trip["started_at"] for trip in found["items"]] == ["2026-03-02T13:00:00+00:00"]
    positions = signed_in.get(f"/api/v1/positions?driver=1&{SPAN}").json
    assert positions["total"] == 31
    assert max(one["fix_time"] for one in positions["items"]) == "2026-03-02T13:30:00+00:00"
    days = signed_in.get("/drivers/1/days?from=2026-03-01&to=2026-03-03").text
    assert "Speeding: 1" in days
    assert '<td data-label="Trips">1</td>' in days


def test_a_trip_that_is_not_there_is_not_found(signed_in: FlaskClient) -> None:
    for address in (
        "1/2026-03-02T13:00:01Z",
        "9/2026-03-02T13:00:00Z",
        "1/then",
        f"{10**12}/{TRIP}",
        "1/2026-03-02T13:00",
    ):
        assert signed_in.get(f"/trips/{address}").status_code == 404, address
        assert signed_in.get(f"/api/v1/trips/{address}").status_code == 404, address
        assert signed_in.get(f"/trips/{address}/track.geojson").status_code == 404, address


def test_the_track_has_no_more_points_than_asked_for(signed_in: FlaskClient) -> None:
    whole = signed_in.get(f"/trips/1/{TRIP}/track.geojson").json["features"][0]
    assert len(whole["geometry"]["coordinates"]) == 31 == whole["properties"]["fixes"]
    assert whole["geometry"]["coordinates"][0] == [11.5, 48.1]
    assert whole["properties"]["times"][1] - whole["properties"]["times"][0] == 60_000
    few = signed_in.get(f"/trips/1/{TRIP}/track.geojson?points=5").json["features"][0]
    assert len(few["geometry"]["coordinates"]) == 5
    assert signed_in.get(f"/trips/1/{TRIP}/track.geojson?points=-1").status_code == 200


def test_a_trip_leads_to_those_before_and_after_it(signed_in: FlaskClient) -> None:
    page = signed_in.get(f"/trips/1/{TRIP}").text
    assert "/trips/1/2026-03-02T15:00:00Z" in page
    assert f"/trips/1/{TRIP}" in signed_in.get("/trips/1/2026-03-02T15:00:00Z").text


def test_events_are_found_by_kind_and_lead_to_their_trip(signed_in: FlaskClient) -> None:
    page = signed_in.get("/events?from=2026-03-02&to=2026-03-02").text
    assert "72 km/h, limit 50 km/h · for 5 min" in page
    assert f'href="/trips/1/{TRIP}#overspeed-' in page
    assert "No events then" in signed_in.get("/events?from=2026-03-02&to=2026-03-02&kind=sos").text
    assert "There is no such kind" in signed_in.get("/events?kind=x").text
    assert "1 of 1" in signed_in.get("/events?from=2026-03-02&to=2026-03-02&vehicle=101").text
    assert "No events then" in signed_in.get("/events?from=2026-03-02&to=2026-03-02&vehicle=O'Hara's").text


def test_every_kind_has_words_and_a_sign(signed_in: FlaskClient, connection: psycopg.Connection) -> None:
    for minute, kind in enumerate((*EVENT_KINDS, "of_tomorrow")):
        connection.execute(
            "INSERT INTO events (device_id, started_at, kind, ended_at, latitude, longitude, value, fixes)"
            " VALUES (2, %s, %s, NULL, 48.15, 11.55, 1234.5, '[]')",
            (BEGAN + HOUR + minute * timedelta(minutes=1), kind),
        )
    for page in ("/events?from=2026-03-02&to=2026-03-02&vehicle=O'Hara's", "/trips/2/2026-03-02T14:00:00Z"):
        text = signed_in.get(page).text
        for kind in EVENT_KINDS.values():
            assert str(kind.label) in text
        assert "of tomorrow" in text


def test_an_event_is_told_in_the_units_of_its_kind(app: Any) -> None:
    event = {"started_at": BEGAN, "ended_at": BEGAN, "detail": "", "limit_value": None}
    with app.test_request_context():
        told = {
            kind: describe_event({**event, "kind": kind, "value": value})
            for kind, value in {
                "harsh_braking": 3.96,
                "tow": 1260,
                "fuel_drop": 12.5,
                "power_cut": 4.8,
                "sos": 1,
            }.items()
        }
    assert told == {
        "harsh_braking": "4 m/s²",
        "tow": "1.3 km",
        "fuel_drop": "12.5 %",
        "power_cut": "4.8 V",
        "sos": "",
    }


def test_the_pages_of_vehicle_and_driver_tell_of_their_days(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    add_trip(connection, 2, datetime.now(UTC) - timedelta(days=1))
    vehicle = signed_in.get("/vehicles/2").text
    assert "1 trip · 16.1 km · 25 min" in vehicle
    assert "vehicle=O'Hara's" in unescape(vehicle)
    assert "1 trip · 16.1 km" in signed_in.get("/drivers/2").text
    assert "Not driven within a week" in signed_in.get("/vehicles/1").text


def test_the_api_pages_through_trips_stops_events_and_positions(signed_in: FlaskClient) -> None:
    for kind, total in (("trips", 4), ("stops", 4), ("events", 1)):
        seen: list[Any] = []
        after = ""
        while True:
            part = signed_in.get(f"/api/v1/{kind}?{SPAN}&limit=3&after={after}").json
            assert part["total"] == total
            seen += part["items"]
            if part["next"] is None:
                break
            after = part["next"]
        assert len(seen) == total == len({(one["device_id"], one["started_at"]) for one in seen})
    first = signed_in.get(f"/api/v1/positions?vehicle=1&{SPAN}&limit=40").json
    assert (len(first["items"]), first["total"]) == (40, 62)
    rest = signed_in.get(f"/api/v1/positions?vehicle=1&{SPAN}&limit=40&after={first['next']}").json
    assert (len(rest["items"]), rest["next"]) == (22, None)
    times = [one["fix_time"] for one in first["items"] + rest["items"]]
    assert times == sorted(set(times))


def test_the_api_tells_of_a_trip_what_is_known_of_it(signed_in: FlaskClient) -> None:
    trip = signed_in.get(f"/api/v1/trips/1/{TRIP}").json
    expected = {
        "vehicle": "101",
        "driver": "Ana",
        "distance_m": 16093.44,
        "is_open": False,
        "start_place": None,
    }
    assert expected.items() <= trip.items()
    assert trip["stop_started_at"] == "2026-03-02T13:30:00+00:00"
    event = signed_in.get(f"/api/v1/events?{SPAN}").json["items"][0]
    assert (event["kind"], event["value"], event["limit_value"]) == ("overspeed", 20, 13.9)
    assert event["fixes"] == [[1, 48.15, 11.55, 20, 90]]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("trips?from=then", "from"),
        ("trips?from=2026-03-03T00:00:00Z&to=2026-03-02T00:00:00Z", "from"),
        ("trips?vehicle=x", "vehicle"),
        ("trips?vehicle=99999999999", "vehicle"),
        ("trips?after=x", "after"),
        ("events?after=x", "after"),
        ("events?kind=x", "kind"),
        ("events?limit=0", "limit"),
        ("positions?limit=10001&vehicle=1", "limit"),
        ("positions?limit=10", "vehicle"),
    ],
)
def test_the_api_says_which_field_it_does_not_take(asked: str, field: str, signed_in: FlaskClient) -> None:
    answer = signed_in.get(f"/api/v1/{asked}")
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
