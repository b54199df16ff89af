"""The pages of the wizard: what a person is asked, shown and told, and whose an import is."""

import csv
import io
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from web.imports import steps

Send = Callable[..., Any]
FLEET = "Fleet number;Plate;Type;Tank;Remarks\n101;M-AB 101;Bus;300;\n102;M-AB 102;Minibus;120;=1+1\n"
BROWSER = {"Accept": "text/html"}


@pytest.fixture
def upload(send: Send) -> Callable[..., str]:
    """Send a file; the address of its import."""

    def post(content: str | bytes, name: str = "fleet.csv", kind: str = "vehicles") -> str:
        data = content.encode() if isinstance(content, str) else content
        answer = send("/imports", kind=kind, file=(io.BytesIO(data), name))
        assert answer.status_code == 303, answer.text
        return str(answer.location).removesuffix("/mapping")

    return post


@pytest.fixture
def check(upload: Callable[..., str], send: Send) -> Callable[..., str]:
    """Send a file and have it checked; the address of its import."""

    def post(content: str | bytes, **more: Any) -> str:
        address = upload(content, **more)
        answer = send(f"{address}/check")
        assert answer.status_code == 303
        return address

    return post


def list_fleet(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT fleet_number, plate, kind, tank_l, notes FROM vehicles ORDER BY id"
    ).fetchall()


def find_vehicle(connection: psycopg.Connection, number: str) -> str:
    """The page of a vehicle."""
    found = connection.execute("SELECT id FROM vehicles WHERE fleet_number = %s", (number,)).fetchone()
    assert found
    return f"/vehicles/{found[0]}"


def name_columns(client: FlaskClient, address: str, **fields: str) -> dict[str, str]:
    """The form of the mapping as the page has it: each column with its field, and what is said beside."""
    page = client.get(f"{address}/mapping").text
    chosen: dict[str, str] = {}
    for place, part in enumerate(page.split('name="column.')[1:]):
        options = part.partition("</select>")[0]
        picked = [one for one in options.split("<option ") if " selected" in one]
        chosen[f"column.{place}"] = picked[0].split('"')[1] if picked else ""
    return {**chosen, **fields}


def test_a_file_goes_from_the_form_to_the_fleet_and_back(
    signed_in: FlaskClient, upload: Callable[..., str], send: Send, connection: psycopg.Connection
) -> None:
    address = upload(FLEET)
    page = signed_in.get(f"{address}/mapping").text
    assert "semicolon" in page
    assert "M-AB 101" in page
    assert send(f"{address}/mapping", **name_columns(signed_in, address), check="1").location == address
    report = signed_in.get(address).text
    assert "Import 2 rows" in report
    assert list_fleet(connection) == []
    send(f"{address}/commit")
    assert list_fleet(connection) == [
        ("101", "M-AB 101", "bus", 300.0, ""),
        ("102", "M-AB 102", "minibus", 120.0, "=1+1"),
    ]
    assert "Take it back" in signed_in.get(address).text
    history = signed_in.get(find_vehicle(connection, "101")).text
    assert f'href="{address}"' in history
    send(f"{address}/undo")
    assert list_fleet(connection) == []
    assert "Every record is as it was before." in signed_in.get(address).text


def test_what_is_no_file_of_rows_is_said_at_the_form_and_not_kept(
    signed_in: FlaskClient, send: Send, connection: psycopg.Connection
) -> None:
    sent = {
        "The file is empty": (io.BytesIO(b""), "empty.csv"),
        "This is no file of rows": (io.BytesIO(b"%PDF-1.7 \x00\x01"), "paper.pdf"),
    }
    for said, file in sent.items():
        answer = send("/imports", kind="vehicles", file=file)
        assert answer.status_code == 422
        assert said in answer.text
    assert "Choose a file first." in send("/imports", kind="vehicles").text
    assert "Choose what the file has in it." in send("/imports", file=(io.BytesIO(b"a,b"), "a.csv")).text
    assert connection.execute("SELECT count(*) FROM import_history").fetchone() == (0,)


def test_what_can_be_read_in_two_ways_is_asked_before_anything_is_checked(
    signed_in: FlaskClient, upload: Callable[..., str], send: Send
) -> None:
    address = upload("Fleet number;Tank\n101;1,234\n102;3,500\n")
    page = signed_in.get(f"{address}/mapping").text
    assert "1,234 is 1.234" in page
    assert "1,234 is 1234" in page
    fields = name_columns(signed_in, address)
    asked = send(f"{address}/mapping", **fields, check="1")
    assert asked.status_code == 422
    assert "can be read in two ways" in asked.text
    assert send(f"{address}/mapping", **fields, decimals=".", check="1").status_code == 303
    assert "1,234 L" in signed_in.get(f"{address}?verdict=new").text


def test_where_the_file_leaves_no_doubt_it_is_shown_and_not_asked(
    signed_in: FlaskClient, upload: Callable[..., str]
) -> None:
    address = upload("Fleet number;Tank\n101;12,5\n")
    page = signed_in.get(f"{address}/mapping").text
    assert "12,5 is 12.5" in page
    assert 'name="decimals"' not in page


def test_a_needed_field_without_a_column_is_asked_for_and_may_be_the_same_in_every_row(
    signed_in: FlaskClient, upload: Callable[..., str], send: Send
) -> None:
    address = upload("Plate\nM-AB 101\n")
    asked = send(f"{address}/mapping", **name_columns(signed_in, address), check="1")
    assert asked.status_code == 422
    assert "Say which column this is" in asked.text
    fixed = {"fixed.fleet_number": "101", "key": "fleet_number"}
    send(f"{address}/mapping", **{**name_columns(signed_in, address), **fixed}, check="1")
    assert "Import 1 row" in signed_in.get(address).text


def test_a_fixed_text_that_cannot_be_read_stops_the_check_with_its_reason(
    signed_in: FlaskClient, upload: Callable[..., str], send: Send
) -> None:
    address = upload(FLEET)
    fields = {**name_columns(signed_in, address), "fixed.year": "last year"}
    assert "Year: last year is no number" in send(f"{address}/mapping", **fields).text
    send(f"{address}/mapping", **fields, check="1")
    assert "Year: last year is no number" in signed_in.get(address).text
    assert "could not be read" in signed_in.get(address).text


def test_a_field_that_is_picked_for_a_second_column_leaves_the_first(
    signed_in: FlaskClient, upload: Callable[..., str], send: Send
) -> None:
    address = upload("Fleet number,Model,Description\n101,Citaro,articulated\n")
    fields = name_columns(signed_in, address)
    assert fields == {"column.0": "fleet_number", "column.1": "model", "column.2": ""}
    send(f"{address}/mapping", **{**fields, "column.2": "model"})
    assert name_columns(signed_in, address)["column.1"] == ""
    assert name_columns(signed_in, address)["column.2"] == "model"


def test_words_that_stand_for_no_choice_are_asked_and_the_others_known(
    signed_in: FlaskClient, upload: Callable[..., str], send: Send, connection: psycopg.Connection
) -> None:
    address = upload("Fleet number,Fuel\n101,Diésel\n102,Elektrisch\n103,Gasoil\n")
    page = signed_in.get(f"{address}/mapping").text
    assert 'value="Gasoil"' in page
    assert 'value="Diésel"' not in page
    assert 'value="Elektrisch"' not in page
    fields = {**name_columns(signed_in, address), "word.fuel": "Gasoil", "meaning.fuel": "diesel"}
    send(f"{address}/mapping", **fields, check="1")
    send(f"{address}/commit")
    found = connection.execute("SELECT fuel FROM vehicles ORDER BY fleet_number").fetchall()
    assert found == [("diesel",), ("electric",), ("diesel",)]


def test_the_file_can_be_read_another_way(
    signed_in: FlaskClient, upload: Callable[..., str], send: Send
) -> None:
    address = upload("Our fleet;\nFleet number;Make\n101;Škoda\n".encode("cp1252"))
    send(f"{address}/reading", encoding="cp850", header_line="2", delimiter=";", quote="")
    page = signed_in.get(f"{address}/mapping").text
    assert "CP850" in page
    assert "Škoda" not in page
    assert send(f"{address}/reading", header_line="-1").status_code == 422
    assert send(f"{address}/reading", encoding="klingon").status_code == 422
    assert send(f"{address}/reading", encoding="utf-16").status_code == 422
    assert "CP850" in signed_in.get(f"{address}/mapping").text


def test_the_same_file_again_says_who_imported_it_when(
    signed_in: FlaskClient, check: Callable[..., str], upload: Callable[..., str], send: Send
) -> None:
    first = check(FLEET)
    send(f"{first}/commit")
    page = signed_in.get(f"{upload(FLEET)}/mapping").text
    assert "This very file was imported before, by dispatcher@example.org" in page
    assert f'href="{first}"' in page


def test_the_report_tells_each_change_as_people_read_it(
    signed_in: FlaskClient, check: Callable[..., str], connection: psycopg.Connection
) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    connection.execute("INSERT INTO vehicles (fleet_number, depot_id, tank_l) VALUES ('101', 1, 300)")
    long = "حافلة " + "<b>" * 100
    page = signed_in.get(check(f"Fleet number;Depot;Tank;Notes\n101;South;280;\n102;North;;{long}\n")).text
    assert "<del><bdi>North</bdi></del> → <ins><bdi>South</bdi></ins>" in page
    assert "<del><bdi>300 L</bdi></del> → <ins><bdi>280 L</bdi></ins>" in page
    new = signed_in.get("/imports/1?verdict=new").text
    assert "حافلة &lt;b&gt;" in new
    assert "<b><b>" not in new


def test_rejected_rows_are_a_file_with_the_reason_beside_each_and_can_be_sent_again(
    signed_in: FlaskClient, upload: Callable[..., str], send: Send, connection: psycopg.Connection
) -> None:
    bad = "Bus;Sort of bus;Tank;Notes\n101;Bus;1,234;\n102;boat;2,000;=1+1\n103;bus;much;-\n"
    address = upload(bad)
    fields = {**name_columns(signed_in, address), "column.1": "kind", "decimals": "."}
    send(f"{address}/mapping", **fields, check="1")
    send(f"{address}/commit")
    answer = signed_in.get(f"{address}/rejected.csv")
    assert answer.mimetype == "text/csv"
    text = answer.data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Line", "Reason", "Bus", "Sort of bus", "Tank", "Notes"]
    assert rows[1][0] == "3"
    assert rows[1][1].startswith("Kind: This must be one of: ")
    assert rows[1][2:] == ["102", "boat", "2,000", "'=1+1"]
    assert rows[2][2:] == ["103", "bus", "much", "'-"]

    rows[1][3], rows[2][4] = "Bus", "1,000"
    mended = io.StringIO()
    csv.writer(mended).writerows(rows)
    again = upload(mended.getvalue(), name="rejected 1.csv")
    page = signed_in.get(f"{again}/mapping").text
    assert "Reason" not in page
    assert name_columns(signed_in, again)["column.1"] == "kind"
    send(f"{again}/check")
    send(f"{again}/commit")
    assert list_fleet(connection) == [
        ("101", "", "bus", 1234.0, ""),
        ("102", "", "bus", 2000.0, "=1+1"),
        ("103", "", "bus", 1000.0, "-"),
    ]


def test_rejected_rows_of_a_workbook_keep_their_types_and_go_round_again(
    signed_in: FlaskClient, check: Callable[..., str], upload: Callable[..., str]
) -> None:
    address = check("Fleet number,Year,Notes\n101,1234,=1+1\n")
    with signed_in.get(f"{address}/rejected.xlsx") as answer:
        again = upload(answer.data, name="rejected.xlsx")
    page = signed_in.get(f"{again}/mapping").text
    assert "Reason" not in page
    assert "=1+1" in page
    assert signed_in.get(f"{address}/rejected.pdf").status_code == 404


def test_a_check_waits_for_the_job_where_the_file_is_large_and_tells_how_far_it_is(
    signed_in: FlaskClient,
    upload: Callable[..., str],
    send: Send,
    connection: psycopg.Connection,
    importer: Any,
) -> None:
    rows = "".join(f"{number};{'x' * 1000}\n" for number in range(300))
    address = upload(f"Fleet number;Notes\n{rows}")
    assert len(rows) > steps.SMALL_BYTES
    send(f"{address}/check")
    asks = {"HX-Request": "true", "HX-Target": "progress"}
    part = signed_in.get(address, headers=asks)
    assert "Every row is being checked" in part.text
    assert "<html" not in part.text
    assert "HX-Refresh" not in part.headers
    assert send(f"{address}/stop").status_code == 303
    assert "It is being stopped" in signed_in.get(address).text
    assert send(f"{address}/commit").status_code == 409
    importer.let_work(1)
    assert signed_in.get(address, headers=asks).headers["HX-Refresh"] == "true"
    assert "cancelled" in signed_in.get(address).text
    assert connection.execute("SELECT count(*) FROM vehicles").fetchone() == (0,)


def test_an_import_that_is_cancelled_changes_nothing_and_can_be_taken_up_again(
    signed_in: FlaskClient, check: Callable[..., str], send: Send, connection: psycopg.Connection
) -> None:
    address = check(FLEET)
    assert send(f"{address}/cancel").location == "/imports"
    assert "cancelled" in signed_in.get("/imports").text
    assert send(f"{address}/commit").status_code == 409
    send(f"{address}/check")
    send(f"{address}/commit")
    assert len(list_fleet(connection)) == 2
    assert send(f"{address}/cancel").status_code == 409


def test_what_stands_in_the_way_of_taking_it_back_is_named_with_a_link(
    signed_in: FlaskClient, check: Callable[..., str], send: Send, connection: psycopg.Connection
) -> None:
    address = check(FLEET)
    send(f"{address}/commit")
    vehicle = find_vehicle(connection, "101")
    send(vehicle, version="1", fleet_number="101", kind="bus", fuel="diesel", status="spare")
    send(f"{address}/undo")
    page = signed_in.get(address).text
    assert f'<a href="{vehicle}"><bdi>101</bdi></a>: It has been changed since.' in page
    assert len(list_fleet(connection)) == 2


def test_nobody_changes_by_a_file_what_they_do_not_reach(
    signed_in: FlaskClient, check: Callable[..., str], connection: psycopg.Connection
) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    connection.execute("INSERT INTO vehicles (fleet_number, depot_id) VALUES ('101', 1), ('102', 2)")
    connection.execute("UPDATE users SET scope = 'depot' WHERE role = 'dispatcher'")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id) SELECT id, 1 FROM users WHERE role = 'dispatcher'"
    )
    address = check(
        "Fleet number,Depot,Make\n101,North,MAN\n102,,MAN\n103,South,MAN\n104,North,MAN\n105,,MAN\n"
    )
    page = signed_in.get(f"{address}?verdict=rejected").text
    assert "This must be one that you look after." in page
    assert "There is no such record." in page
    found = connection.execute("SELECT verdict, count(*) FROM import_rows GROUP BY 1 ORDER BY 1").fetchall()
    assert found == [("changed", 1), ("new", 1), ("rejected", 3)]


def test_an_import_is_its_own_persons_and_the_admins_to_see(
    signed_in: FlaskClient,
    check: Callable[..., str],
    send: Send,
    sign_in: Callable[..., Any],
    connection: psycopg.Connection,
) -> None:
    address = check(FLEET)
    connection.execute(
        "INSERT INTO users (email, role, password_hash, scope)"
        " SELECT 'second@example.org', role, password_hash, scope FROM users WHERE role = 'dispatcher'"
    )
    sign_in("second@example.org")
    for page in ("", "/mapping", "/rejected.csv"):
        assert signed_in.get(f"{address}{page}").status_code == 404
    for step in ("check", "commit", "undo", "stop", "cancel", "mapping", "reading"):
        assert send(f"{address}/{step}").status_code == 404
    assert "fleet.csv" not in signed_in.get("/imports").text
    assert signed_in.get("/imports/99999999999").status_code == 404
    sign_in("admin@example.org")
    assert "fleet.csv" in signed_in.get("/imports").text
    assert "Import 2 rows" not in signed_in.get(address).text
    assert send(f"{address}/commit").status_code == 403
    sign_in("accountant@example.org")
    assert "Nothing to import yet" in signed_in.get("/imports").text
    assert send("/imports", kind="vehicles", file=(io.BytesIO(b"a,b"), "a.csv")).status_code == 403
    sign_in("viewer@example.org")
    assert signed_in.get("/imports").status_code == 403
    assert "/imports" not in signed_in.get("/vehicles").text


def test_the_history_is_paged_and_a_list_leads_to_its_kind(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    connection.execute(
        "INSERT INTO import_history (kind, user_id, file_name, file_bytes, file_sha256, reading, mapping)"
        " SELECT 'vehicles', (SELECT id FROM users WHERE role = 'dispatcher'), 'file ' || n, 1,"
        " repeat('0', 64), '{}', '{}' FROM generate_series(1, 60) n"
    )
    page = signed_in.get("/imports?kind=vehicles").text
    assert "50 of 60" in page
    assert "file 60<" in page
    assert "file 10<" not in page
    assert 'value="vehicles" checked' in page
    rest = signed_in.get("/imports?after=11&shown=50", headers={"HX-Request": "true"}).text
    assert "60 of 60" in rest
    assert "file 10<" in rest
    assert 'href="/imports?kind=vehicles"' in signed_in.get("/vehicles").text


def test_a_file_that_is_too_large_or_a_strangers_is_not_taken(
    signed_in: FlaskClient, send: Send, app: Any
) -> None:
    app.config["IMPORT_MAX_BYTES"] = 1 << 20
    large = send("/imports", kind="vehicles", file=(io.BytesIO(b"a,b\n" * 600_000), "large.csv"))
    assert large.status_code == 413
    assert "This file is larger than 1 MB." in large.text
    form = {"kind": "vehicles", "file": (io.BytesIO(b"a,b\n" * 100_000), "fits.csv")}
    assert app.test_client().post("/imports", data=form).status_code == 413
    fits = send("/imports", kind="vehicles", file=(io.BytesIO(b"a,b\n" * 100_000), "fits.csv"))
    assert fits.status_code == 303


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("vehicles", {"word.kind": "Midibus", "meaning.kind": "minibus"}),
        ("drivers", {"dates": "dmy", "word.status": "parental leave", "meaning.status": "on leave"}),
        ("devices", {}),
        ("assignments", {"dates": "dmy"}),
        ("positions", {"unit.speed_mps": "km/h"}),
    ],
)
def test_the_sample_of_every_kind_goes_through_every_page(
    kind: str, answers: dict[str, str], signed_in: FlaskClient, upload: Callable[..., str], send: Send
) -> None:
    made = {"vehicles": "S101", "devices": "356307042441001"}
    send("/vehicles", fleet_number=made["vehicles"], kind="bus", fuel="diesel", status="spare")
    send("/drivers", name="Ana O'Hara", status="active")
    send("/devices", uid=made["devices"])
    with signed_in.get(f"/imports/samples/{kind}") as sample:
        name = str(sample.headers["Content-Disposition"]).partition("filename=")[2]
        address = upload(sample.data, name=name, kind=kind)
    checked = send(f"{address}/mapping", **name_columns(signed_in, address), **answers, check="1")
    assert checked.status_code == 303, checked.text
    page = signed_in.get(address).text
    assert "checked, not imported yet" in page
    for verdict in ("rejected", "changed", "new"):
        assert signed_in.get(f"{address}?verdict={verdict}").status_code == 200
    send(f"{address}/commit")
    assert "Take it back" in signed_in.get(address).text
    send(f"{address}/undo")
    assert "Every record is as it was before." in signed_in.get(address).text


def test_a_track_is_understood_without_a_word(
    signed_in: FlaskClient, upload: Callable[..., str], send: Send
) -> None:
    send("/devices", uid="gps-1")
    track = (
        '<?xml version="1.0"?><gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"><trk>'
        '<trkseg><trkpt lat="48.1" lon="11.5"><time>2026-03-02T05:50:00Z</time></trkpt></trkseg></trk></gpx>'
    )
    address = upload(track, name="gps-1.gpx", kind="positions")
    page = signed_in.get(f"{address}/mapping").text
    assert "GPX" in page
    assert "Mar 2, 2026" in page
    fields = {**name_columns(signed_in, address), "fixed.device": "gps-1"}
    assert send(f"{address}/mapping", **fields, check="1").status_code == 303
    assert signed_in.get(address).status_code == 200
