"""Exports as people and programs get them: what they may see, as they chose it, and written down."""

import csv
import io
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gpxpy
import openpyxl
import psycopg
import pyarrow.parquet
import pytest
from flask import Flask
from flask.testing import FlaskClient

from sql.fleet import add_device
from web.exports import delivery
from web.exports.background import work_off_exports
from web.exports.wanted import OPTIONS

BEGAN = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def read_csv(answer: Any, delimiter: str = ",") -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    text = answer.get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.fixture
def vehicles(connection: psycopg.Connection) -> None:
    """Two depots, and three vehicles of which one is archived."""
    connection.execute(
        "INSERT INTO depots (name, latitude, longitude) VALUES ('North', 48.1, 11.5), ('South', NULL, NULL)"
    )
    connection.execute(
        "INSERT INTO vehicles "
        " (fleet_number, plate, kind, fuel, status, tank_l, depot_id, notes, archived_at) VALUES"
        " ('7', 'M-AB 7', 'bus', 'diesel', 'in service', 300.5, 1, '=1+1', NULL),"
        " ('12', '', 'van', 'electric', 'spare', NULL, 2, '', NULL),"
        " ('99', '', 'van', 'electric', 'spare', NULL, 2, '', now())"
    )


def find_runs(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT kind, way, state, rows, problem FROM export_runs ORDER BY id"
    ).fetchall()


@pytest.mark.usefixtures("vehicles")
def test_a_list_is_exported_as_it_is_filtered_with_the_columns_that_were_chosen(
    send: Callable[..., Any], connection: psycopg.Connection
) -> None:
    answer = send(
        "/exports/vehicles", format="csv", column=["status", "fleet_number", "tank_l"], status="in service"
    )
    assert read_csv(answer) == [{"Status": "In service", "Fleet number": "7", "Tank (L)": "300.5"}]
    assert "vehicles-" in answer.headers["Content-Disposition"]
    assert find_runs(connection) == [("vehicles", "at once", "done", 1, "")]


@pytest.mark.usefixtures("vehicles")
def test_values_as_they_are_kept_are_keys_names_and_texts_that_are_no_formulas(
    send: Callable[..., Any],
) -> None:
    rows = read_csv(send("/exports/vehicles", values="kept", header="name", sort="-fleet_number"))
    assert [row["fleet_number"] for row in rows] == ["12", "7"]
    bus = rows[1]
    assert (bus["kind"], bus["depot_id"], bus["tank_l"], bus["notes"]) == ("bus", "North", "300.5", "'=1+1")


@pytest.mark.usefixtures("vehicles")
def test_the_archived_ones_are_exported_where_the_list_shows_them(send: Callable[..., Any]) -> None:
    assert [row["Fleet number"] for row in read_csv(send("/exports/vehicles", archived="1"))] == ["99"]


@pytest.mark.usefixtures("vehicles")
def test_a_person_reads_their_own_units_and_language(
    send: Callable[..., Any], connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE users SET language = 'de', units = 'imperial' WHERE role = 'dispatcher'")
    answer = send("/exports/vehicles", column=["fleet_number", "tank_l", "fuel"], delimiter="semicolon")
    assert read_csv(answer, ";")[0] == {"Wagennummer": "7", "Tank (gal)": "79,38", "Kraftstoff": "Diesel"}


@pytest.mark.usefixtures("vehicles")
def test_nobody_exports_what_is_beyond_their_reach(
    send: Callable[..., Any], connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE users SET scope = 'depot' WHERE role = 'dispatcher'")
    connection.execute("INSERT INTO user_scopes SELECT id, 2 FROM users WHERE role = 'dispatcher'")
    assert [row["Fleet number"] for row in read_csv(send("/exports/vehicles"))] == ["12"]


def test_drivers_papers_are_columns_only_for_those_who_may_see_them(
    client: FlaskClient, sign_in: Callable[..., Any], send: Callable[..., Any], connection: psycopg.Connection
) -> None:
    connection.execute(
        "INSERT INTO drivers (name, staff_number, status, phone) VALUES ('Ann', '1', 'active', '123')"
    )
    assert read_csv(send("/exports/drivers"))[0]["Phone"] == "123"
    sign_in("viewer@example.org")
    assert list(read_csv(send("/exports/drivers"))[0]) == ["Name", "Staff number", "Status", "Depot"]
    refused = send("/exports/drivers", column="phone")
    assert refused.status_code == 422
    assert "phone: This must be one of" in refused.text


def test_what_one_may_not_see_one_may_not_export(
    sign_in: Callable[..., Any], send: Callable[..., Any]
) -> None:
    for subject in ("audit_log", "users"):
        assert send(f"/exports/{subject}").status_code == 403
    sign_in("accountant@example.org")
    assert send("/exports/drivers").status_code == 403
    assert send("/exports/trips").status_code == 403
    assert send("/exports/nothing").status_code == 404


def test_no_question_has_the_name_of_an_option_and_no_two_columns_one_label(app: Flask) -> None:
    with app.test_request_context():
        for one in app.extensions["exports"].exportables.values():
            assert not {ask.name for ask in one.asks} & {*OPTIONS, "name", "is_shared", "up", "down"}
            for language in ("en", "de"):
                with force(language):
                    labels = [str(column.label) for column in one.columns]
                assert len(labels) == len(set(labels)), (one.name, language)


def force(language: str) -> Any:
    from flask_babel import force_locale

    return force_locale(language)


@pytest.mark.usefixtures("vehicles")
def test_every_list_can_be_exported_in_every_format_that_fits(
    app: Flask, sign_in: Callable[..., Any], send: Callable[..., Any], driven: Any, incidents: Any
) -> None:
    sign_in("admin@example.org")
    driven.drive(1, BEGAN, 0, 5)
    driven.happen(1, BEGAN + timedelta(minutes=1), "overspeed", 20, value=20.0, limit_value=13.9)
    page = send  # the posts below are all as an admin
    for name, one in app.extensions["exports"].exportables.items():
        for values in ("words", "kept"):
            for format in ("csv", "xlsx", "parquet", "geojson", "gpx", "kml"):
                answer = page(f"/exports/{name}", format=format, values=values, period="all")
                fits = format in ("csv", "xlsx", "parquet") or one.place or one.tracks
                fits = fits or (one.outline and format != "gpx")
                assert answer.status_code == (200 if fits else 422), (name, format, answer.text[:500])
                assert len(answer.get_data()) > 20


def test_trips_are_ways_on_a_map_and_rows_in_a_table(
    send: Callable[..., Any], driven: Any, connection: psycopg.Connection
) -> None:
    driven.drive(1, BEGAN, 0, 5)
    times = {"from": "2026-11-02", "to": "2026-11-02"}
    row = read_csv(send("/exports/trips", values="kept", header="name", **times))[0]
    assert (row["vehicle"], row["started_at"], row["idle_s"]) == ("101", "2026-11-02T07:00:00+00:00", "40")
    read = gpxpy.parse(send("/exports/trips", format="gpx", **times).text)
    stored = connection.execute("SELECT count(*) FROM positions").fetchone()
    assert stored
    assert len(read.tracks[0].segments[0].points) == stored[0] > 100
    assert read_csv(send("/exports/trips", **{"from": "2026-11-03", "to": "2026-11-04"})) == []


def test_positions_are_a_track_with_a_segment_for_each_drive(
    send: Callable[..., Any], driven: Any, connection: psycopg.Connection
) -> None:
    ended = driven.drive(1, BEGAN, 0, 5)
    driven.drive(1, ended + timedelta(minutes=30), 5, 9)
    driven.drive(2, BEGAN, 3, 7)
    asked = {"vehicle": "101", "period": "all"}
    rows = read_csv(send("/exports/positions", values="kept", header="name", **asked))
    stored = connection.execute("SELECT count(*) FROM positions WHERE device_id = 1").fetchone()
    assert stored
    assert len(rows) == stored[0]
    assert {row["vehicle_id"] for row in rows} == {"101"}
    read = gpxpy.parse(send("/exports/positions", format="gpx", **asked).text)
    assert [track.name for track in read.tracks] == ["101"]
    assert [len(segment.points) > 50 for segment in read.tracks[0].segments] == [True, True]
    lines = json.loads(send("/exports/positions", format="geojson", **asked).text)["features"]
    assert [line["geometry"]["type"] for line in lines] == ["LineString"] * 2
    assert lines[0]["properties"]["Vehicle"] == "101"
    places = json.loads(send("/exports/positions", format="geojson", drawn_as="places", **asked).text)[
        "features"
    ]
    assert len(places) == stored[0]
    assert places[0]["geometry"]["type"] == "Point"
    assert set(places[0]["properties"]) >= {"Device", "Time (UTC)", "Speed (km/h)"}


def test_a_way_longer_than_is_held_goes_on_where_it_stopped(
    send: Callable[..., Any], driven: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.exports.positions.MOST_POINTS", 40)
    driven.drive(1, BEGAN, 0, 5)
    rows = read_csv(send("/exports/positions", vehicle="101", period="all"))
    read = gpxpy.parse(send("/exports/positions", format="gpx", vehicle="101", period="all").text)
    assert [len(segment.points) for segment in read.tracks[0].segments] == [len(rows)]


def test_who_drove_is_a_column_only_for_those_who_may_know(
    sign_in: Callable[..., Any], send: Callable[..., Any], driven: Any
) -> None:
    driven.drive(1, BEGAN, 0, 5)
    assert "Driver" in read_csv(send("/exports/trips", period="all"))[0]
    sign_in("mechanic@example.org")
    assert "Driver" not in read_csv(send("/exports/trips", period="all"))[0]
    assert send("/exports/trips", driver="Ann").status_code in (403, 422)


def test_a_wrong_question_is_answered_in_the_form(send: Callable[..., Any]) -> None:
    answer = send("/exports/trips", vehicle="no such bus", plate="x")
    assert answer.status_code == 422
    assert "no such bus: There is no such record." in answer.text
    assert 'value="no such bus"' in answer.text
    assert send("/exports/trips", **{"from": "yesterday"}).status_code == 422
    assert send("/exports/trips", **{"from": "2026-11-05", "to": "2026-11-01"}).status_code == 422
    assert send("/exports/rules", format="kml").status_code == 422


def test_a_column_is_moved_without_scripts(send: Callable[..., Any]) -> None:
    order = ["name", "address", "latitude", "longitude"]
    page = send("/exports/depots/arrange", order=order, column=["name", "latitude"], up="latitude")
    shown = re.findall(r'name="column" value="(\w+)"( checked)?', page.text)
    assert shown[:4] == [("name", " checked"), ("latitude", " checked"), ("address", ""), ("longitude", "")]


@pytest.mark.usefixtures("vehicles")
def test_a_workbook_is_typed_and_complete(send: Callable[..., Any]) -> None:
    answer = send("/exports/vehicles", format="xlsx", column=["fleet_number", "tank_l", "notes"])
    assert answer.content_type == SHEET
    assert answer.content_length == len(answer.get_data())
    sheet = openpyxl.load_workbook(io.BytesIO(answer.get_data())).active
    assert sheet.title == "Vehicles"
    assert list(sheet.iter_rows(values_only=True)) == [
        ("Fleet number", "Tank (L)", "Notes"),
        ("7", 300.5, "=1+1"),
        ("12", None, None),
    ]


def wait_for(app: Flask, connection: psycopg.Connection) -> None:
    """What `motorpool exchange` does."""
    while work_off_exports(app, connection):
        pass


@pytest.mark.usefixtures("vehicles")
def test_what_is_too_long_is_made_in_the_background_and_fetched(
    app: Flask,
    signed_in: FlaskClient,
    send: Callable[..., Any],
    connection: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "MOST_ROWS", 1)
    answer = send("/exports/vehicles", format="xlsx")
    assert (answer.status_code, answer.location) == (303, "/exports")
    assert "waits" in signed_in.get("/exports").text
    wait_for(app, connection)
    page = signed_in.get("/exports").text
    address = re.search(r'href="(/exports/runs/\d+/file)"', page)
    assert address
    fetched = signed_in.get(address[1])
    assert zipfile.ZipFile(io.BytesIO(fetched.get_data())).testzip() is None
    assert fetched.content_length == len(fetched.get_data())
    assert find_runs(connection)[-1] == ("vehicles", "background", "done", 2, "")
    send(address[1].replace("file", "remove"))
    assert signed_in.get(address[1]).status_code == 404
    assert connection.execute("SELECT count(*) FROM export_pieces").fetchone() == (0,)


def queue(send: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, subject: str, **asked: Any) -> None:
    monkeypatch.setattr(delivery, "MOST_ROWS", 0)
    assert send(f"/exports/{subject}", format="parquet", **asked).status_code == 303


@pytest.mark.usefixtures("vehicles")
def test_a_file_is_private_and_each_fetching_asks_for_the_right_again(
    app: Flask,
    signed_in: FlaskClient,
    sign_in: Callable[..., Any],
    send: Callable[..., Any],
    connection: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.execute("INSERT INTO drivers (name, staff_number, status) VALUES ('Ann', '1', 'active')")
    queue(send, monkeypatch, "drivers")
    wait_for(app, connection)
    assert signed_in.get("/exports/runs/1/file").status_code == 200
    connection.execute("UPDATE users SET role = 'viewer' WHERE email = 'dispatcher@example.org'")
    assert signed_in.get("/exports/runs/1/file").status_code == 403
    connection.execute(
        "UPDATE users SET role = 'dispatcher', scope = 'depot' WHERE email = 'dispatcher@example.org'"
    )
    assert signed_in.get("/exports/runs/1/file").status_code == 403
    sign_in("admin@example.org")
    assert signed_in.get("/exports/runs/1/file").status_code == 404
    assert "dispatcher@example.org" in signed_in.get("/exports/everybody").text
    assert "dispatcher@example.org" not in signed_in.get("/exports").text


@pytest.mark.usefixtures("vehicles")
def test_a_process_that_died_is_followed_by_another_that_begins_anew(
    app: Flask, send: Callable[..., Any], connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(send, monkeypatch, "vehicles")
    connection.execute(
        "UPDATE export_runs SET state = 'making', attempts = 1 WHERE way = 'background';"
        "INSERT INTO export_pieces VALUES (1, 0, 'half a file'), (1, 1, 'and more')"
    )
    wait_for(app, connection)
    assert find_runs(connection)[-1] == ("vehicles", "background", "done", 2, "")
    pieces = [
        bytes(row[0]) for row in connection.execute("SELECT content FROM export_pieces ORDER BY number")
    ]
    assert pyarrow.parquet.read_table(io.BytesIO(b"".join(pieces))).num_rows == 2


@pytest.mark.usefixtures("vehicles")
def test_what_dies_again_and_again_is_given_up_and_what_another_is_at_is_left_to_them(
    app: Flask,
    send: Callable[..., Any],
    connection: psycopg.Connection,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue(send, monkeypatch, "vehicles")
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('export_runs'), 1)")
        assert not work_off_exports(app, connection)
        other.execute("SELECT pg_advisory_unlock_all()")  # closing alone takes the database a moment
    connection.execute("UPDATE export_runs SET state = 'making', attempts = 3 WHERE id = 1")
    wait_for(app, connection)
    assert find_runs(connection)[-1][2] == "failed"


@pytest.mark.usefixtures("vehicles")
def test_one_of_a_persons_exports_is_made_at_a_time(
    app: Flask,
    send: Callable[..., Any],
    connection: psycopg.Connection,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for subject in ("vehicles", "depots"):
        queue(send, monkeypatch, subject)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('export_runs'), 1)")
        assert not work_off_exports(app, connection)
        other.execute("SELECT pg_advisory_unlock_all()")  # closing alone takes the database a moment
    wait_for(app, connection)
    assert [row[2] for row in find_runs(connection) if row[1] == "background"] == ["done", "done"]


@pytest.mark.usefixtures("vehicles")
def test_ten_may_wait_and_one_more_is_too_many(
    signed_in: FlaskClient, send: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _attempt in range(10):
        queue(send, monkeypatch, "vehicles")
    assert send("/exports/vehicles", format="parquet").status_code == 429
    send("/exports/runs/1/remove")
    assert "It was stopped." in signed_in.get("/exports").text
    queue(send, monkeypatch, "vehicles")


def test_what_was_killed_a_day_ago_leaves_no_files(
    app: Flask, connection: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("motorpool-export-old", "motorpool-export-new", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    for name in ("motorpool-export-old", "other"):
        os.utime(tmp_path / name, (0, 0))
    assert not work_off_exports(app, connection)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["motorpool-export-new", "other"]


@pytest.mark.usefixtures("vehicles")
def test_nothing_is_made_for_who_may_no_more(
    app: Flask, send: Callable[..., Any], connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(send, monkeypatch, "depots")
    connection.execute("UPDATE users SET role = 'guardian' WHERE email = 'dispatcher@example.org'")
    wait_for(app, connection)
    assert find_runs(connection)[-1][2:] == ("failed", 0, "You may not export this any more.")
    connection.execute("UPDATE users SET role = 'dispatcher' WHERE email = 'dispatcher@example.org'")
    queue(send, monkeypatch, "depots")
    connection.execute("UPDATE users SET disabled_at = now() WHERE email = 'dispatcher@example.org'")
    wait_for(app, connection)
    assert find_runs(connection)[-1][2] == "failed"


def save_template(send: Callable[..., Any], **more: Any) -> Any:
    fields = {"name": "My buses", "column": ["plate", "fleet_number"], "kind": "bus", "format": "csv", **more}
    return send("/exports/vehicles/templates", **fields)


@pytest.mark.usefixtures("vehicles")
def test_a_template_keeps_rows_columns_and_format(signed_in: FlaskClient, send: Callable[..., Any]) -> None:
    assert save_template(send, delimiter="tab").status_code == 303
    assert "My buses" in signed_in.get("/exports").text
    answer = send("/exports/templates/1/run")
    assert read_csv(answer, "\t") == [{"Plate": "M-AB 7", "Fleet number": "7"}]
    form = signed_in.get("/exports/vehicles/new?template=1").text
    assert re.findall(r'name="column" value="(\w+)" checked', form) == ["plate", "fleet_number"]
    assert '<option value="bus" selected>' in form
    other = signed_in.get("/exports/vehicles/new?template=1&status=spare").text
    assert '<option value="spare" selected>' in other
    assert '<option value="bus" selected>' not in other
    assert save_template(send, name=" ").status_code == 422
    send("/exports/templates/1/remove")
    assert send("/exports/templates/1/run").status_code == 404


@pytest.mark.usefixtures("vehicles")
def test_a_template_is_ones_own_unless_it_is_shared(
    signed_in: FlaskClient, sign_in: Callable[..., Any], send: Callable[..., Any]
) -> None:
    save_template(send)
    save_template(send, name="For all", is_shared="1")
    sign_in("viewer@example.org")
    page = signed_in.get("/exports").text
    assert "For all" in page
    assert "My buses" not in page
    assert send("/exports/templates/1/run").status_code == 404
    assert send("/exports/templates/2/run").status_code == 200
    assert send("/exports/templates/2/remove").status_code == 404
    assert send("/exports/templates/2/schedule", repeats="day").status_code == 404


@pytest.mark.usefixtures("vehicles")
def test_a_scheduled_template_is_exported_once_when_its_time_has_come(
    app: Flask, signed_in: FlaskClient, send: Callable[..., Any], connection: psycopg.Connection
) -> None:
    save_template(send)
    send("/exports/templates/1/schedule", repeats="week", on_weekday="3", at_hour="5")
    assert "Wednesday at 05:00" in signed_in.get("/exports").text
    wait_for(app, connection)
    assert find_runs(connection) == []
    connection.execute("UPDATE export_templates SET next_run_at = now() - interval '20 days'")
    wait_for(app, connection)
    assert find_runs(connection) == [("vehicles", "schedule", "done", 1, "")]
    due = connection.execute("SELECT next_run_at FROM export_templates").fetchone()
    assert due
    assert due[0] > datetime.now(UTC)
    assert (due[0].isoweekday(), due[0].hour) == (3, 5)
    file = signed_in.get("/exports/runs/1/file")
    assert read_csv(file) == [{"Plate": "M-AB 7", "Fleet number": "7"}]
    send("/exports/templates/1/schedule", repeats="")
    assert connection.execute("SELECT next_run_at FROM export_templates").fetchone() == (None,)
    assert send("/exports/templates/1/schedule", repeats="month", on_day="32").status_code == 422


@pytest.mark.usefixtures("vehicles")
def test_a_file_is_forgotten_after_its_days_and_who_took_it_is_not(
    app: Flask,
    signed_in: FlaskClient,
    send: Callable[..., Any],
    connection: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue(send, monkeypatch, "vehicles")
    wait_for(app, connection)
    kept = connection.execute("SELECT kept_until - ended_at FROM export_runs WHERE id = 1").fetchone()
    assert kept
    assert abs(kept[0] - timedelta(days=14)) < timedelta(minutes=1)
    connection.execute("UPDATE export_runs SET kept_until = now() - interval '1 s' WHERE id = 1")
    wait_for(app, connection)
    assert connection.execute("SELECT count(*) FROM export_pieces").fetchone() == (0,)
    assert signed_in.get("/exports/runs/1/file").status_code == 404
    assert find_runs(connection)[-1][2] == "done"


@pytest.mark.usefixtures("vehicles")
def test_only_so_many_are_made_at_once_and_a_place_is_free_again_when_one_is_done(
    app: Flask, signed_in: FlaskClient, send: Callable[..., Any], connection: psycopg.Connection
) -> None:
    places = [app.extensions["exports"].take_place(user) for user in (90, 91, 92, 93)]
    for place in places:
        place.__enter__()
    answer = send("/exports/vehicles")
    assert answer.status_code == 429
    assert "Try again when one of them is done." in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    places[0].__exit__(None, None, None)
    for _attempt in range(5):
        assert send("/exports/vehicles").status_code == 200
    for place in places[1:]:
        place.__exit__(None, None, None)


@pytest.mark.usefixtures("vehicles")
def test_a_reader_who_goes_away_leaves_no_connection_and_is_written_down(
    app: Flask, send: Callable[..., Any], signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    connection.execute(
        "INSERT INTO vehicles (fleet_number, kind, fuel, status, notes)"
        " SELECT 'x' || n, 'bus', 'diesel', 'spare', repeat('long ', 50) FROM generate_series(1, 9000) n"
    )
    cookie = signed_in.get_cookie("csrf_access_token")
    assert cookie
    answer = signed_in.post("/exports/vehicles", data={"csrf_token": cookie.value}, buffered=False)
    assert len(next(iter(answer.response))) > 1000
    answer.close()
    assert find_runs(connection)[0][2] == "failed"
    open_ones = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'motorpool-exports'"
        " AND datname = current_database()"
    )
    assert connection.execute(open_ones).fetchone() == (0,)
    assert read_csv(send("/exports/vehicles", column="fleet_number", search="x8999"))[0] == {
        "Fleet number": "x8999"
    }


def test_lists_lead_to_their_export_with_their_filter(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    add_device(connection, "a", "101")
    page = signed_in.get("/vehicles?status=in+service&kind=bus&sort=-plate").text
    address = re.search(r'class="btn btn-sm export" href="([^"]+)"', page)
    if address is None:
        page = signed_in.get("/vehicles?sort=-plate").text
        address = re.search(r'class="btn btn-sm export" href="([^"]+)"', page)
    assert address
    form = signed_in.get(address[1].replace("&amp;", "&")).text
    assert 'name="sort" value="-plate"' in form
