"""The odometer: readings in the reader's units and time zone, and which of them are refused."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

Send = Callable[..., Any]


@pytest.fixture
def bus(connection: psycopg.Connection) -> str:
    connection.execute("INSERT INTO vehicles (fleet_number) VALUES ('101')")
    return "/vehicles/1"


def standing(connection: psycopg.Connection) -> Any:
    return connection.execute("SELECT odometer_m FROM vehicles").fetchone()[0]  # type: ignore[index]


def test_a_reading_is_entered_in_the_readers_units_and_time_zone(
    signed_in: FlaskClient, send: Send, bus: str, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE users SET units = 'imperial', time_zone = 'America/Chicago'")
    form = signed_in.get(f"{bus}/odometer/new").text
    assert '<span class="input-group-text" id="odometer_m-unit">mi</span>' in form
    assert re.search(r'type="datetime-local"[^>]*value="20\d\d-\d\d-\d\dT\d\d:\d\d"', form)
    done = send(f"{bus}/odometer", odometer_m="12,345.6", read_at="2026-01-10T07:30", notes="<Kim>")
    assert done.location == bus
    kept = connection.execute("SELECT read_at, odometer_m, source, user_id FROM odometer_readings").fetchone()
    assert kept
    assert kept[:3] == (datetime(2026, 1, 10, 13, 30, tzinfo=UTC), 19868317, "entered")
    page = signed_in.get(bus).text
    assert "12,346 mi" in page
    assert "&lt;Kim&gt;" in page
    assert "added <b>Odometer readings: 12,346 mi</b>" in page
    assert "12,346 mi" in signed_in.get("/vehicles").text
    assert standing(connection) == 19868317


def test_a_lower_reading_is_refused_unless_it_is_a_correction(
    signed_in: FlaskClient, send: Send, bus: str, connection: psycopg.Connection
) -> None:
    send(f"{bus}/odometer", odometer_m="500", read_at="2026-01-10T10:00")
    lower = {"odometer_m": "50", "read_at": "2026-01-11T10:00", "notes": "typed too much before"}
    refused = send(f"{bus}/odometer", **lower)
    assert refused.status_code == 422
    assert re.search(r'id="odometer_m-error">It stood at 500 km on Jan 10, 2026 already', refused.text)
    for kept in ("typed too much before", 'value="50"', 'value="2026-01-11T10:00"'):
        assert kept in refused.text, kept
    assert standing(connection) == 500_000
    assert send(f"{bus}/odometer", **lower, is_correction="true").status_code == 303
    assert standing(connection) == 50_000
    assert "correction" in signed_in.get(bus).text
    assert send(f"{bus}/odometer", odometer_m="60", read_at="2026-01-12T10:00").status_code == 303


def test_a_reading_of_an_earlier_day_fits_between_its_neighbours_and_leaves_the_newest(
    send: Send, bus: str, connection: psycopg.Connection
) -> None:
    send(f"{bus}/odometer", odometer_m="100", read_at="2026-01-10T10:00")
    send(f"{bus}/odometer", odometer_m="300", read_at="2026-01-20T10:00")
    assert send(f"{bus}/odometer", odometer_m="200", read_at="2026-01-15T10:00").status_code == 303
    assert standing(connection) == 300_000
    too_high = send(f"{bus}/odometer", odometer_m="301", read_at="2026-01-16T10:00")
    assert "It stood at only 300 km on Jan 20, 2026, which is later." in too_high.text
    again = send(f"{bus}/odometer", odometer_m="200", read_at="2026-01-15T10:00")
    assert re.search(r'id="read_at-error">There is a reading of this minute already', again.text)


def test_a_slip_is_put_right_in_the_same_minute(send: Send, bus: str, connection: psycopg.Connection) -> None:
    for value in ("5000", "500", "510"):
        fields = {"odometer_m": value, "read_at": "2026-01-10T10:00", "is_correction": "true"}
        assert send(f"{bus}/odometer", **fields).status_code == 303
        assert standing(connection) == int(value) * 1000


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("odometer_m", "", "This is needed."),
        ("odometer_m", "-1", "from 0 to"),
        ("odometer_m", "nan", "must be a number"),
        ("odometer_m", "1e400", "must be a number"),
        ("read_at", "", "This is needed."),
        ("read_at", "yesterday", "must be a day and time"),
        ("read_at", "9999-12-31T23:59", "between 1900 and 2199"),
        ("read_at", "2150-01-01T10:00", "in the future"),
        ("notes", "x" * 501, "at most 500"),
    ],
)
def test_what_is_wrong_with_a_reading_is_said_at_its_field(
    field: str, value: str, sentence: str, send: Send, bus: str, connection: psycopg.Connection
) -> None:
    fields = {"odometer_m": "100", "read_at": "2026-01-10T10:00", "notes": "n"}
    answer = send(f"{bus}/odometer", **{**fields, field: value})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">[^<]*{sentence}', answer.text), answer.text
    assert connection.execute("SELECT count(*) FROM odometer_readings").fetchone() == (0,)


def read_daily(connection: psycopg.Connection, source: str, days: range) -> None:
    """A reading a day, 100 km after the other."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for day in days:
        connection.execute(
            "INSERT INTO odometer_readings (vehicle_id, read_at, odometer_m, source) VALUES (1, %s, %s, %s)",
            (start + timedelta(days=day), day * 1e5, source),
        )


def test_all_readings_are_listed_with_their_number(
    signed_in: FlaskClient, bus: str, connection: psycopg.Connection
) -> None:
    read_daily(connection, "service", range(25))
    page = signed_in.get(bus).text
    assert page.count("at a service") == 10
    assert "All readings" in page
    every = signed_in.get(f"{bus}/odometer").text
    assert "25 of 25" in every
    assert every.count("at a service") == 25
    assert standing(connection) == 24e5
    connection.execute("DELETE FROM odometer_readings WHERE odometer_m > 1e6")
    assert standing(connection) == 1e6


def test_what_was_derived_is_folded_behind_the_newest_of_it(
    signed_in: FlaskClient, bus: str, connection: psycopg.Connection
) -> None:
    read_daily(connection, "track", range(20))
    read_daily(connection, "entered", range(20, 21))
    read_daily(connection, "device", range(21, 25))
    page = signed_in.get(bus).text
    assert page.count('<li class="folded"><details>') == 2
    lines = re.findall(r"<b>([\d,]+) km</b>|(<details>|</details>)", page)
    folded, depth = [], 0
    for value, mark in lines:
        depth += {"<details>": 1, "</details>": -1, "": 0}[mark]
        if value and not depth:
            folded.append(value)
    assert folded == ["2,400", "2,000", "1,900"]
    assert page.count("from its track") == 20
    assert page.count("from the device") == 4
    read_daily(connection, "device", range(25, 120))
    assert "All readings" in signed_in.get(bus).text
    assert "120 of 120" in signed_in.get(f"{bus}/odometer").text


def test_one_that_is_lower_than_what_was_derived_is_a_correction_and_says_so(
    signed_in: FlaskClient, send: Send, bus: str, connection: psycopg.Connection
) -> None:
    send(f"{bus}/odometer", odometer_m="500", read_at="2026-01-10T10:00")
    connection.execute(
        "INSERT INTO odometer_readings (vehicle_id, read_at, odometer_m, source)"
        " VALUES (1, '2026-01-12 10:00Z', 520000, 'track')"
    )
    send(f"{bus}/odometer", odometer_m="519", read_at="2026-01-13T10:00")
    page = signed_in.get(bus).text
    assert "has been added as a correction: the trips before it lead further" in page
    assert '519 km</b> <span class="badge bg-yellow-lt">correction' in page
    assert connection.execute("SELECT odometer_m, version FROM vehicles").fetchone() == (519_000, 1)


def test_a_reading_of_the_minute_in_which_a_trip_ended_comes_after_it(
    send: Send, bus: str, connection: psycopg.Connection
) -> None:
    connection.execute(
        "INSERT INTO odometer_readings (vehicle_id, read_at, odometer_m, source)"
        " VALUES (1, '2026-01-12 10:00:59.7Z', 520000, 'track')"
    )
    assert send(f"{bus}/odometer", odometer_m="530", read_at="2026-01-12T10:00").status_code == 303
    assert standing(connection) == 530_000


def test_the_api_gives_and_takes_readings_in_metres(signed_in: FlaskClient, bus: str) -> None:
    cookie = signed_in.get_cookie("csrf_access_token")
    assert cookie
    token = {"X-CSRF-TOKEN": cookie.value}
    reading = {"odometer_m": 1234.0, "read_at": "2026-01-10T10:00:00Z"}
    made = signed_in.post("/api/v1/vehicles/1/odometer", json=reading, headers=token)
    assert (made.status_code, made.json["odometer_m"]) == (201, 1234)
    lower = {"odometer_m": 1.0, "read_at": "2026-01-11T10:00:00Z"}
    refused = signed_in.post("/api/v1/vehicles/1/odometer", json=lower, headers=token)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["odometer_m"])
    listed = signed_in.get("/api/v1/vehicles/1/odometer").json
    assert (listed["total"], listed["items"][0]["source"]) == (1, "entered")
    assert signed_in.get("/api/v1/vehicles/9/odometer").status_code == 404
