"""Who drives what, as a dispatcher plans it: forms, the board, substitutes, and the way back."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

Send = Callable[..., Any]
SHIFT = {"starts_at": "2026-03-02T06:00", "ends_at": "2026-03-02T14:00", "notes": ""}


@pytest.fixture
def cast(connection: psycopg.Connection) -> None:
    """Two buses and two drivers, and a dispatcher in Munich."""
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    connection.execute("INSERT INTO vehicles (fleet_number, depot_id) VALUES ('12', 1), ('13', 1)")
    connection.execute(
        "INSERT INTO drivers (name, staff_number, depot_id) VALUES ('Ana', '7', 1), ('Ben', '', 1)"
    )
    connection.execute("UPDATE users SET time_zone = 'Europe/Berlin'")


@pytest.fixture
def shift(send: Send, cast: None) -> str:
    """The address of an assignment: Ana on bus 12, from 6 to 14."""
    assert send("/assignments", vehicle_id="12", driver_id="Ana", **SHIFT).status_code == 303
    return "/assignments/1"


@pytest.fixture
def spans(connection: psycopg.Connection) -> Callable[[], list[Any]]:
    """Vehicle, driver, and from when to when in Munich, the earliest first."""

    def read() -> list[Any]:
        found = connection.execute(
            "SELECT fleet_number, name, lower(during) AT TIME ZONE 'Europe/Berlin',"
            " upper(during) AT TIME ZONE 'Europe/Berlin' FROM driver_assignments"
            " JOIN vehicles ON vehicles.id = vehicle_id JOIN drivers ON drivers.id = driver_id"
            " ORDER BY lower(during), fleet_number"
        ).fetchall()
        return [
            (number, name, start.strftime("%d %H:%M"), end and end.strftime("%d %H:%M"))
            for number, name, start, end in found
        ]

    return read


def error_at(page: str, field: str) -> str:
    found = re.search(rf'id="{field}-error">(.*?)</p>', page)
    assert found, f"no error at {field}"
    return re.sub(r"<[^>]+>", "", found[1])


def find_way_back(page: str) -> str:
    """Where the newest of the news can be taken back."""
    found = re.findall(r'class="way-back" method="post" action="([^"]+)"', page)
    assert found
    return str(found[-1])


def limit_to_depot(connection: psycopg.Connection, depot_id: int) -> None:
    connection.execute("UPDATE users SET scope = 'depot' WHERE email = 'dispatcher@example.org'")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id)"
        " SELECT id, %s FROM users WHERE email = 'dispatcher@example.org'",
        (depot_id,),
    )


def test_an_assignment_is_made_in_the_persons_own_time_zone(
    shift: str, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    row = connection.execute("SELECT lower(during), upper(during) FROM driver_assignments").fetchone()
    assert row == (datetime(2026, 3, 2, 5, tzinfo=UTC), datetime(2026, 3, 2, 13, tzinfo=UTC))
    page = signed_in.get(shift).text
    assert "Ana (7) on 12" in page
    assert "6:00" in page
    assert 'value="2026-03-02T06:00"' in signed_in.get(f"{shift}/edit").text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("vehicle_id", "", "This is needed."),
        ("vehicle_id", "99", "There is no such record."),
        ("driver_id", "Nobody", "There is no such record."),
        ("driver_id", "O'Hara\x00", "There is no such record."),
        ("starts_at", "", "This is needed."),
        ("starts_at", "yesterday", "a day and time between 1900 and 2199"),
        ("starts_at", "1899-12-31T23:59", "a day and time between 1900 and 2199"),
        ("ends_at", "1000000-01-01T00:00", "a day and time between 1900 and 2199"),
        ("ends_at", "2026-03-02T05:59", "The end must come after the beginning."),
        ("ends_at", "2026-03-02T06:00", "The end must come after the beginning."),
        ("notes", "x" * 501, "at most 500 characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    field: str, value: str, sentence: str, send: Send, cast: None, spans: Any
) -> None:
    fields = {"vehicle_id": "12", "driver_id": "Ana", **SHIFT, "notes": "by the back gate", field: value}
    answer = send("/assignments", **fields)
    assert answer.status_code == 422
    assert sentence in error_at(answer.text, field)
    assert field == "notes" or "by the back gate" in answer.text
    assert spans() == []


def test_the_form_names_the_assignment_in_the_way_and_leads_there(shift: str, send: Send, spans: Any) -> None:
    answer = send("/assignments", vehicle_id="12", driver_id="Ben", **SHIFT)
    assert answer.status_code == 422
    said = error_at(answer.text, "vehicle_id")
    assert said.startswith("Ana (7) drives it then: Mar 2, 2026, 6:00")
    assert f'href="{shift}"' in answer.text
    answer = send("/assignments", vehicle_id="13", driver_id="Ana", starts_at="2026-03-02T13:00", ends_at="")
    assert error_at(answer.text, "driver_id").startswith("They drive 12 then")
    assert len(spans()) == 1


def test_an_hour_that_the_clocks_skip_is_refused_with_the_time_that_there_is(
    send: Send, cast: None, spans: Any
) -> None:
    answer = send("/assignments", vehicle_id="12", driver_id="Ana", starts_at="2026-03-29T02:30", ends_at="")
    assert error_at(answer.text, "starts_at").endswith("there is no such time: take 03:30.")
    assert 'value="2026-03-29T02:30"' in answer.text


def test_of_an_hour_that_comes_twice_the_earlier_is_meant_and_an_offset_says_otherwise(
    send: Send, signed_in: FlaskClient, cast: None, connection: psycopg.Connection
) -> None:
    send("/assignments", vehicle_id="12", driver_id="Ana", starts_at="2026-10-25T02:30", ends_at="")
    query = "SELECT lower(during), version FROM driver_assignments"
    assert connection.execute(query).fetchone() == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 1)
    later = {"vehicle_id": "12", "driver_id": "Ana", "starts_at": "2026-10-25T02:30+01:00", "ends_at": ""}
    send("/assignments/1", version="1", **later)
    assert connection.execute(query).fetchone() == (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), 2)
    # A form shows both alike: saving it again changes neither the hour nor the record.
    shown = {**later, "starts_at": "2026-10-25T02:30"}
    send("/assignments/1", version="2", **shown)
    assert connection.execute(query).fetchone() == (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), 2)


def test_a_concurrent_change_is_shown_and_not_overwritten(shift: str, send: Send, spans: Any) -> None:
    fields = {"vehicle_id": "12", "driver_id": "Ana", **SHIFT}
    send(shift, version="1", **{**fields, "ends_at": "2026-03-02T15:00"})
    answer = send(shift, version="1", **{**fields, "ends_at": "2026-03-02T16:00"})
    assert answer.status_code == 409
    assert "both changed it" in answer.text
    assert spans() == [("12", "Ana", "02 06:00", "02 15:00")]
    mine = re.search(r'name="ends_at" value="([^"]+)" checked', answer.text)
    assert mine
    send(shift, version="2", **{**fields, "ends_at": mine[1]})
    assert spans() == [("12", "Ana", "02 06:00", "02 16:00")]


def test_ending_now_and_the_way_back(send: Send, signed_in: FlaskClient, cast: None, spans: Any) -> None:
    send("/assignments", vehicle_id="12", driver_id="Ana", starts_at="2026-03-02T06:00", ends_at="")
    done = send("/assignments/1/end", version="1")
    page = signed_in.get(done.location).text
    assert "Ana (7) on 12 has ended." in page
    assert spans()[0][3] is not None
    taken = signed_in.get(send(find_way_back(page)).location).text
    assert "Taken back." in taken
    assert spans() == [("12", "Ana", "02 06:00", None)]


def test_what_was_changed_since_cannot_be_taken_back(
    shift: str, send: Send, signed_in: FlaskClient, connection: psycopg.Connection, spans: Any
) -> None:
    row = connection.execute("SELECT max(id) FROM audit_log").fetchone()
    assert row
    send(shift, version="1", vehicle_id="12", driver_id="Ben", **SHIFT)
    told = signed_in.get(send(f"/assignments/changes/{row[0]}/undo").location).text
    assert "cannot be taken back" in told
    assert spans() == [("12", "Ben", "02 06:00", "02 14:00")]


def test_a_removed_assignment_comes_back(shift: str, send: Send, signed_in: FlaskClient, spans: Any) -> None:
    page = signed_in.get(send(f"{shift}/remove", version="1").location).text
    assert "has been removed" in page
    assert spans() == []
    assert signed_in.get(shift).status_code == 404
    send(find_way_back(page))
    assert signed_in.get(shift).status_code == 200


def test_a_substitute_bus_is_one_action_with_one_way_back(
    shift: str, send: Send, signed_in: FlaskClient, spans: Any
) -> None:
    form = signed_in.get(f"{shift}/substitute").text
    assert "goes on afterwards" in form
    part = {"starts_at": "2026-03-02T08:00", "ends_at": "2026-03-02T10:00"}
    done = send(f"{shift}/substitute", version="1", vehicle_id="13", driver_id="", notes="brakes", **part)
    assert spans() == [
        ("12", "Ana", "02 06:00", "02 08:00"),
        ("13", "Ana", "02 08:00", "02 10:00"),
        ("12", "Ana", "02 10:00", "02 14:00"),
    ]
    board = signed_in.get(done.location).text
    assert "is-substitute" in board
    assert "13 goes instead" in [said for said, _left, _width in bars(board)]
    send(find_way_back(board))
    assert spans() == [("12", "Ana", "02 06:00", "02 14:00")]


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({}, "vehicle_id", "which vehicle or which driver"),
        ({"vehicle_id": "12"}, "vehicle_id", "is to be replaced"),
        ({"driver_id": "Ben", "ends_at": "2026-03-02T15:00"}, "ends_at", "ends earlier"),
        ({"driver_id": "Ben", "starts_at": "2026-03-02T05:00"}, "starts_at", "begins later"),
    ],
)
def test_a_substitution_that_cannot_be_says_why(
    fields: dict[str, str], field: str, sentence: str, shift: str, send: Send, spans: Any
) -> None:
    asked = {"vehicle_id": "", "driver_id": "", **SHIFT, **fields}
    answer = send(f"{shift}/substitute", version="1", **asked)
    assert answer.status_code == 422
    assert sentence in error_at(answer.text, field)
    assert len(spans()) == 1


def test_the_form_tells_who_and_what_is_free_then(
    shift: str, signed_in: FlaskClient, send: Send, connection: psycopg.Connection
) -> None:
    answer = send(f"{shift}/substitute", version="1", vehicle_id="", driver_id="", **SHIFT)
    assert re.search(r"Free at that time: 13[\s<]", answer.text)
    assert re.search(r"Free at that time: Ben[\s<]", answer.text)


def bars(page: str) -> list[tuple[str, str, str]]:
    """What each bar says, where it begins and how wide it is, in percent."""
    found = re.findall(
        r'<svg x="([\d.]+)%" width="([\d.]+)%"[^>]*><rect[^>]*/>(?:<text[^>]*>([^<]*)</text>)?', page
    )
    return [(said, left, width) for left, width, said in found]


def test_the_board_draws_a_day_with_its_gaps(shift: str, signed_in: FlaskClient) -> None:
    page = signed_in.get("/assignments?on=2026-03-02").text
    assert bars(page) == [
        ("+", "0.0", "25.0"),
        ("Ana", "25.0", "33.333"),
        ("+", "58.333", "41.667"),
        ("+", "0.0", "100.0"),
    ]
    assert "2 of 2" in page
    assert " style=" not in page
    assert 'class="now"' not in page
    assert 'class="now"' in signed_in.get("/assignments").text


def test_the_board_draws_a_week_from_monday(shift: str, signed_in: FlaskClient) -> None:
    page = signed_in.get("/assignments?on=2026-03-05&view=week").text
    assert "Monday 2 March 2026 \u2013 Sunday 8 March 2026" in page
    assert bars(page)[1] == ("Ana", "3.571", "4.762")


def test_a_day_of_23_hours_is_drawn_whole(send: Send, signed_in: FlaskClient, cast: None) -> None:
    span = {"starts_at": "2026-03-29T00:00", "ends_at": "2026-03-29T03:00"}
    send("/assignments", vehicle_id="12", driver_id="Ana", **span)
    assert bars(signed_in.get("/assignments?on=2026-03-29").text)[0] == ("Ana", "0.0", "8.696")


def test_a_gap_leads_to_a_form_that_knows_it(shift: str, signed_in: FlaskClient) -> None:
    page = signed_in.get("/assignments?on=2026-03-02").text
    gap = re.search(r'href="(/assignments/new\?[^"]+)"', page)
    assert gap
    form = signed_in.get(gap[1].replace("&amp;", "&")).text
    for value in ("12", "2026-03-02T00:00", "2026-03-02T06:00"):
        assert f'value="{value}"' in form


@pytest.mark.parametrize(
    "query",
    ["on=never", "on=0001-01-01", "on=9999-12-31", "view=year", "depot=%00", "search=%27%3B--", "after="],
)
def test_a_board_that_cannot_be_asked_for_is_still_a_board(query: str, signed_in: FlaskClient) -> None:
    assert signed_in.get(f"/assignments?{query}").status_code == 200


def test_the_board_finds_drivers_and_vehicles_and_pages(
    shift: str, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    connection.execute(
        "INSERT INTO vehicles (fleet_number) SELECT 'x' || n FROM generate_series(1, 150) AS n"
    )
    assert "1 of 1" in signed_in.get("/assignments?on=2026-03-02&search=ana").text
    assert "0 of 0" in signed_in.get("/assignments?on=2026-03-03&search=ana").text
    assert "2 of 2" in signed_in.get("/assignments?depot=North").text
    first = signed_in.get("/assignments").text
    assert "100 of 152" in first
    more = re.search(r'hx-get="([^"]*after=[^"]*)"', first)
    assert more
    assert "152 of 152" in signed_in.get(more[1].replace("&amp;", "&")).text


def test_whoever_looks_after_one_depot_sees_nothing_of_anothers_people(
    shift: str, send: Send, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    signed_in.get(shift)  # where the news of it is read
    connection.execute("UPDATE drivers SET depot_id = 2 WHERE name = 'Ana'")
    limit_to_depot(connection, 1)
    board = signed_in.get("/assignments?on=2026-03-02").text
    assert "another depot" in board
    assert "Ana" not in board
    assert "0 of 0" in signed_in.get("/assignments?on=2026-03-02&search=Ana").text
    for address in (shift, f"{shift}/edit", f"{shift}/substitute", "/api/v1/assignments/1"):
        assert signed_in.get(address).status_code == 404, address
    assert signed_in.get("/api/v1/assignments").json["total"] == 0
    refused = send("/assignments", vehicle_id="12", driver_id="Ben", **SHIFT)
    assert "by another depot" in error_at(refused.text, "vehicle_id")
    assert "Ana" not in refused.text
    change = connection.execute("SELECT max(id) FROM audit_log").fetchone()
    assert change
    assert send(f"/assignments/changes/{change[0]}/undo").status_code == 404


def test_pages_of_drivers_and_vehicles_show_their_assignments(shift: str, signed_in: FlaskClient) -> None:
    assert f'href="{shift}">12</a>' in signed_in.get("/drivers/1").text
    assert f'href="{shift}">Ana</a>' in signed_in.get("/vehicles/1").text


def test_somebody_without_a_licence_is_cautioned_about(
    shift: str, signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE drivers SET licence_expires_on = '2026-03-01', status = 'suspended'")
    page = signed_in.get(shift).text
    assert "The licence expires before this ends." in page
    assert "status is: Suspended" in page


def test_the_api_lists_changes_ends_substitutes_and_removes(
    shift: str, signed_in: FlaskClient, spans: Any
) -> None:
    cookie = signed_in.get_cookie("csrf_access_token")
    assert cookie
    headers = {"X-CSRF-TOKEN": cookie.value}
    found = signed_in.get("/api/v1/assignments?vehicle_id=1&since=2026-03-02T13:00Z").json
    assert found["total"] == 0
    found = signed_in.get("/api/v1/assignments?driver_id=1&since=2026-03-02T12:00Z").json["items"][0]
    assert (found["starts_at"], found["kind"]) == ("2026-03-02T05:00:00+00:00", "regular")
    part = {"version": 1, "driver_id": 2, "starts_at": "2026-03-02T08:00Z", "ends_at": "2026-03-02T09:00Z"}
    made = signed_in.post("/api/v1/assignments/1/substitute", json=part, headers=headers)
    assert (made.status_code, made.json["instead_of_driver_id"]) == (201, 1)
    again = signed_in.post("/api/v1/assignments/1/substitute", json=part, headers=headers)
    assert (again.status_code, again.json["current"]["version"]) == (409, 2)
    overlap = {"vehicle_id": 1, "driver_id": 2, "starts_at": "2026-03-02T05:00Z"}
    refused = signed_in.post("/api/v1/assignments", json=overlap, headers=headers)
    assert "Ana (7) drives it then" in refused.json["errors"]["vehicle_id"]
    removed = signed_in.delete(f"/api/v1/assignments/{made.json['id']}?version=1", headers=headers)
    assert removed.status_code == 204
    assert spans() == [("12", "Ana", "02 06:00", "02 14:00")]
    ended = signed_in.post("/api/v1/assignments/1/end", json={"version": 9}, headers=headers)
    assert ended.status_code == 422
    for query in ("vehicle_id=x", "since=soon"):
        assert signed_in.get(f"/api/v1/assignments?{query}").status_code == 422


def test_undoing_an_unknown_change_is_not_found(send: Send, cast: None) -> None:
    assert send("/assignments/changes/999/undo").status_code == 404


class TestWithOneConnection:
    """Whoever holds the lock must not wait for a connection: all the others may wait for the lock."""

    @pytest.fixture(autouse=True)
    def one(self, environment: dict[str, str]) -> None:
        environment["WEB_POOL_SIZE"] = "1"

    def test_every_action_gets_by_with_it(self, shift: str, send: Send, spans: Any) -> None:
        assert send(shift, version="1", vehicle_id="12", driver_id="Ben", **SHIFT).status_code == 303
        instead = {"vehicle_id": "13", "driver_id": "", "starts_at": "2026-03-02T08:00", "ends_at": ""}
        assert send(f"{shift}/substitute", version="2", notes="", **instead).status_code == 303
        assert [span[:2] for span in spans()] == [("12", "Ben"), ("13", "Ben")]
        assert send(f"{shift}/end", version="3").status_code == 303
        assert send(f"{shift}/remove", version="3").status_code == 303
        assert [span[:2] for span in spans()] == [("13", "Ben")]

    def test_what_is_in_the_way_is_named(self, shift: str, send: Send) -> None:
        answer = send("/assignments", vehicle_id="12", driver_id="Ben", **SHIFT)
        assert error_at(answer.text, "vehicle_id").startswith("Ana (7) drives it then")
