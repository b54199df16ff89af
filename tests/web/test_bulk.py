"""The same change to many records: ticked or all that match, and nobody's work overwritten."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from sql import bulk
from sql.audit import Author
from sql.records import Records

Send = Callable[..., Any]
FORM = {"kind": "bus", "fuel": "diesel", "status": "in service"}


@pytest.fixture(autouse=True)
def fleet_of_six(connection: psycopg.Connection) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    connection.execute(
        "INSERT INTO vehicles (fleet_number, depot_id)"
        " SELECT n::text, 1 + n % 2 FROM generate_series(1, 6) AS n"
    )


def statuses(connection: psycopg.Connection) -> str:
    rows = connection.execute("SELECT status FROM vehicles ORDER BY id")
    return "".join({"in service": "i", "spare": "s"}[status] for (status,) in rows)


def read_mark(page: str) -> str:
    found = re.search(r'name="mark" value="(\d+)"', page)
    assert found
    return found[1]


def count_log(connection: psycopg.Connection) -> Any:
    return connection.execute("SELECT count(*) FROM audit_log").fetchone()[0]  # type: ignore[index]


def test_what_is_ticked_is_changed_with_a_line_in_each_history(
    signed_in: FlaskClient, send: Send, connection: psycopg.Connection
) -> None:
    page = signed_in.get("/vehicles?search=&sort=-fleet_number").text
    assert 'name="picked" value="6.1"' in page
    answer = send("/vehicles/bulk", picked=["2.1", "5.1"], change="status=spare", sort="-fleet_number")
    assert answer.location == "/vehicles?sort=-fleet_number"
    assert "2 records have been changed." in signed_in.get(answer.location).text
    assert statuses(connection) == "isiisi"
    history = signed_in.get("/vehicles/5").text
    assert "dispatcher@example.org" in history
    assert re.search(r"<del>.*In service.*</del> → <ins>.*Spare", history)
    log = connection.execute(
        "SELECT record_id, before ->> 'version', after ->> 'version', request_id"
        " FROM audit_log ORDER BY record_id"
    ).fetchall()
    assert log == [(id, "1", "2", answer.headers["X-Request-Id"]) for id in (2, 5)]


def test_a_concurrent_change_is_not_overwritten_and_every_reason_is_named(
    send: Send, connection: psycopg.Connection
) -> None:
    send("/vehicles/2", **FORM, fleet_number="2", notes="theirs", version="1")
    send("/vehicles/3", **{**FORM, "status": "spare"}, fleet_number="3", version="1")
    send("/vehicles/4/archive", version="1")
    before = count_log(connection)
    picked = ["1.1", "2.1", "3.2", "4.1", "5.1", "99.1"]
    page = send("/vehicles/bulk", picked=picked, change="status=spare").text
    assert "2 records have been changed." in page
    for count, reason, links in (
        (1, "Somebody changed these in the meantime", [2]),
        (1, "These were like that already", [3]),
        (2, "These are archived or gone", [4, 99]),
    ):
        part = re.search(rf"<b>{count}</b> · {reason}.*?</section>", page, re.S)
        assert part, reason
        assert [int(id) for id in re.findall(r"/vehicles/(\d+)", part[0])] == links
    assert statuses(connection) == "sisisi"
    assert connection.execute("SELECT notes FROM vehicles WHERE id = 2").fetchone() == ("theirs",)
    assert count_log(connection) == before + 2


def test_all_that_match_is_asked_about_first_and_spares_what_has_changed_since(
    signed_in: FlaskClient, send: Send, connection: psycopg.Connection
) -> None:
    mark = read_mark(signed_in.get("/vehicles?depot_id=North").text)
    asked = {"all": "1", "depot_id": "North", "change": "depot_id=South", "mark": mark}
    question = send("/vehicles/bulk", **asked)
    assert "Change 3 records?" in question.text
    assert "<b>South</b>" in question.text
    assert count_log(connection) == 0
    send("/vehicles/4", **FORM, fleet_number="4", depot_id="North", notes="theirs", version="1")
    page = send("/vehicles/bulk", **asked, sure="1").text
    assert "2 records have been changed." in page
    assert re.search(r"<b>1</b> · Somebody changed.*?>4<", page, re.S)
    rows = connection.execute("SELECT id FROM vehicles WHERE depot_id = 1").fetchall()
    assert rows == [(4,)]


def test_archiving_many_asks_first_and_says_what_it_means(
    signed_in: FlaskClient, send: Send, connection: psycopg.Connection
) -> None:
    connection.execute("INSERT INTO devices (uid, vehicle_id) VALUES ('a', 1), ('b', 2)")
    question = send("/vehicles/bulk", picked=["1.1", "2.1", "3.1"], change="archive").text
    assert "Archive 3 records?" in question
    assert "2 devices stay fitted" in question
    assert 'name="picked" value="3.1"' in question
    send("/vehicles/bulk", picked=["1.1", "2.1", "3.1"], change="archive", sure="1")
    assert "3 of 3" in signed_in.get("/vehicles").text
    assert connection.execute("SELECT count(*) FROM audit_log WHERE action = 'archive'").fetchone() == (3,)
    assert 'name="picked"' not in signed_in.get("/vehicles?archived=1").text
    again = send("/vehicles/bulk", all="1", archived="1", change="archive", sure="1").text
    assert "0 records have been changed." in again


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"picked": "1.1", "change": ""}, "Choose what to change first."),
        ({"picked": "1.1", "change": "notes=x"}, "Choose what to change first."),
        ({"picked": "1.1", "change": "version=1"}, "Choose what to change first."),
        ({"picked": "1.1", "change": "status=flying"}, "must be one of"),
        ({"picked": "1.1", "change": "depot_id=Nowhere"}, "There is no such record."),
        ({"change": "status=spare"}, "Tick the records first."),
    ],
)
def test_what_cannot_be_done_is_said_over_the_list(
    fields: dict[str, str], sentence: str, signed_in: FlaskClient, send: Send, connection: psycopg.Connection
) -> None:
    answer = send("/vehicles/bulk", **fields)
    assert sentence in signed_in.get(answer.location).text
    assert statuses(connection) == "iiiiii"


@pytest.mark.parametrize(
    "picked", ["x", "1", "1.x", "0.1", "1.1.1", "-1.1", "99999999999.1", "\u0661.\u0661x"]
)
def test_a_tick_that_no_list_made_is_refused(picked: str, send: Send) -> None:
    assert send("/vehicles/bulk", picked=picked, change="status=spare").status_code == 422


def test_a_person_of_one_depot_changes_no_other(send: Send, connection: psycopg.Connection) -> None:
    connection.execute("UPDATE users SET scope = 'depot' WHERE email = 'dispatcher@example.org'")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id)"
        " SELECT id, 1 FROM users WHERE email = 'dispatcher@example.org'"
    )
    page = send("/vehicles/bulk", picked=["1.1", "2.1"], change="status=spare").text
    assert "1 record has been changed." in page
    assert statuses(connection) == "isiiii"
    send("/vehicles/bulk", all="1", change="status=spare", sure="1", mark="999")
    assert statuses(connection) == "isisis"
    for depot in ("South", ""):
        send("/vehicles/bulk", picked=["2.2"], change=f"depot_id={depot}")
    assert connection.execute("SELECT depot_id FROM vehicles WHERE id = 2").fetchone() == (1,)


def test_a_change_between_reading_and_writing_is_left_alone(
    database_url: str, connection: psycopg.Connection
) -> None:
    records = Records(connection, "vehicles", "vehicle", Author(), None)
    with psycopg.connect(database_url) as other:
        other.execute("UPDATE vehicles SET version = 2, notes = 'theirs' WHERE id = 1")
        other.commit()
    assert sorted(bulk.change_many(records, {1: 1, 2: 1}, "status", "spare")) == [2]
    assert connection.execute("SELECT status, notes FROM vehicles WHERE id = 1").fetchone() == (
        "in service",
        "theirs",
    )


def test_a_kind_that_takes_no_bulk_change_has_none(signed_in: FlaskClient, send: Send) -> None:
    assert 'name="picked"' not in signed_in.get("/depots").text
    assert send("/depots/bulk", picked="1.1", change="archive").status_code == 404
