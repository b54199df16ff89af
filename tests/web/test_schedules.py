"""Schedules: hours as people write them, kept in one form, and shared by the whole fleet."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

Send = Callable[..., Any]
SCHOOL = {"name": "School days", "hours": "mo-fr 6:00-18:00; Sa 08:00-12:00", "time_zone": "Europe/Berlin"}


def test_hours_are_kept_in_their_one_form(signed_in: FlaskClient, send: Send) -> None:
    page = send("/schedules", **SCHOOL).location
    assert "Mo-Fr 06:00-18:00, Sa 08:00-12:00" in signed_in.get(page).text
    assert "1 of 1" in signed_in.get("/schedules?search=berlin").text


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ("", "This is needed."),
        ("Mo-Xx 06:00-18:00", "“Xx” is no day"),
        ("Mo 06:00-25:00", "“25:00” is no time"),
        ("Mo 06:00-18:00, Tu", "“Tu” has no hours after it"),
        ("06:00-18:00", "“06:00-18:00” has no days before it"),
        ("Mo 08:00-08:00", "“08:00-08:00” begins when it ends"),
        ("Mo 06:00 to 18:00", "“Mo 06:00 to 18:00” cannot be read"),
        (
            ", ".join(f"Mo {n // 60:02}:{n % 60:02}-{n // 60:02}:{n % 60 + 1:02}" for n in range(0, 1440, 2)),
            "too many",
        ),
    ],
)
def test_nonsense_is_refused_by_the_part_that_is_wrong(
    hours: str, sentence: str, send: Send, signed_in: FlaskClient
) -> None:
    answer = send("/schedules", **{**SCHOOL, "hours": hours})
    assert answer.status_code == 422
    assert re.search(rf'id="hours-error">[^<]*{re.escape(sentence)}', answer.text)


def test_a_time_zone_that_is_none_is_refused(send: Send) -> None:
    answer = send("/schedules", **{**SCHOOL, "time_zone": "Mars/Olympus"})
    assert 'id="time_zone-error">This must be one of' in answer.text


def test_a_new_schedule_begins_with_the_clock_of_who_makes_it(signed_in: FlaskClient) -> None:
    signed_in.set_cookie("time_zone", "Asia/Tokyo")
    assert '<option value="Asia/Tokyo" selected>' in signed_in.get("/schedules/new").text


def test_the_list_says_how_many_rules_and_geofences_go_by_it(
    signed_in: FlaskClient, send: Send, connection: psycopg.Connection
) -> None:
    send("/schedules", **SCHOOL)
    connection.execute("UPDATE rules SET schedule_id = 1 WHERE kind IN ('unauthorised', 'tow')")
    assert signed_in.get("/api/v1/schedules").json["items"][0]["uses"] == 2


def test_whoever_looks_after_one_depot_sees_schedules_and_changes_none(
    signed_in: FlaskClient, send: Send, connection: psycopg.Connection
) -> None:
    page = send("/schedules", **SCHOOL).location
    connection.execute("UPDATE users SET scope = 'depot' WHERE email = 'dispatcher@example.org'")
    shown = signed_in.get(page).text
    assert "School days" in shown
    assert f'href="{page}/edit"' not in shown
    answer = send(page, version="1", **{**SCHOOL, "name": "Mine"})
    assert answer.status_code == 422
    assert "changed by those who reach all of it" in answer.text
    assert send(f"{page}/archive", version="1").location == page
    assert connection.execute("SELECT name, archived_at FROM schedules").fetchone() == ("School days", None)
