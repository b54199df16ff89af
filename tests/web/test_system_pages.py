"""The System pages: what an admin sees of the installation, and what nobody else does."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from psycopg.types.json import Jsonb

from sql import flags, job_runs, ledger, losses
from sql.audit import Author, record_change
from sql.processes import Process
from web.system.jobs import say_schedule
from web.system.overview import judge_broker, judge_ingest, judge_jobs
from web.system.quarantine import write_hex, write_text

TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)
NASTY = b'<script>alert(1)</script>\x00\xff\xe2\x80\xae{"lat": 99}'
ADDRESSES = (
    "/system",
    "/system/ingestion",
    f"/system/ingestion/{YESTERDAY}",
    f"/system/ingestion/{TODAY}",
    f"/system/ingestion/{TODAY}/1",
    "/system/quarantine",
    "/system/quarantine/1",
    "/system/jobs",
    "/system/jobs/losses",
    "/system/connections",
    "/system/features",
    "/system/audit",
)


@pytest.fixture
def admin(client: FlaskClient, sign_in: Callable[..., Any]) -> FlaskClient:
    sign_in("admin@example.org")
    return client


@pytest.fixture
def send(admin: FlaskClient) -> Callable[..., Any]:
    """Post a form as our own pages do."""

    def post(address: str, **fields: Any) -> Any:
        cookie = admin.get_cookie("csrf_access_token")
        assert cookie
        return admin.post(address, data={"csrf_token": cookie.value, **fields})

    return post


def put_aside(
    connection: psycopg.Connection, count: int, reason: str, raw: bytes = b"x", **fields: Any
) -> None:
    values = {"uid": None, "topic": "fleet/bus/position", "detail": "no such thing", **fields}
    connection.execute(
        "INSERT INTO quarantine (received_at, source, topic, uid, reason, detail, size_bytes, raw)"
        " SELECT now() - n * interval '1 minute', 'mqtt', %s, %s, %s, %s, %s, %s"
        " FROM generate_series(1, %s) AS n",
        (values["topic"], values["uid"], reason, values["detail"], len(raw), raw, count),
    )


def enter(connection: psycopg.Connection, minute: datetime, stored: int, quarantined: int = 0) -> None:
    connection.execute(
        "INSERT INTO ingest_ledger (source, minute, received, stored, quarantined)"
        " VALUES ('mqtt', date_trunc('minute', %s), %s, %s, %s)",
        (minute, stored + quarantined, stored, quarantined),
    )


@pytest.fixture
def eventful(connection: psycopg.Connection, fleet: Any) -> None:
    """An installation with something on every page."""
    for number in range(1, 31):
        fleet.add(f"bus-{number:03}", f"Bus {number}")
    for seconds in (0, 10, 20, 200, 210):
        fleet.report("bus-001", 48.1, 11.5, seconds_ago=seconds)
    connection.execute("DELETE FROM ingest_ledger")
    now = datetime.now(UTC)
    for minutes in range(60):
        enter(connection, now - timedelta(minutes=minutes), 300 + 37 * minutes % 211, minutes % 9)
    enter(connection, now - timedelta(days=3), 40_000)
    losses.record_day(connection, YESTERDAY)
    put_aside(connection, 1, "invalid JSON", NASTY, uid="bus-003", detail="not JSON: <b>x</b>")
    put_aside(
        connection, 130, "unknown device", b'{"lat": 48.1}', uid="stranger", topic="fleet/stranger/position"
    )
    job_runs.tell_schedule(
        connection,
        {
            "losses": ("cron[hour='2-23', minute='20']", now + timedelta(minutes=7)),
            "retention": ("cron[hour='3', minute='10']", now + timedelta(hours=7)),
        },
    )
    run = job_runs.begin_run(connection, "losses")
    job_runs.end_run(connection, "losses", run, None)
    run = job_runs.begin_run(connection, "retention")
    job_runs.end_run(connection, "retention", run, RuntimeError("on purpose"))
    Process("jobs", None, lambda: "runs the jobs").report(connection)
    Process("ingest", None, lambda: "stores positions", "broker:1883", lambda: True).report(connection)
    slow = {"query": "list_tracks", "count": 3, "total_s": 4.2, "longest_s": 2.5, "cancelled": 0}
    connection.execute(
        "UPDATE process_status SET slow = %s WHERE process = 'jobs'",
        (Jsonb([{**slow, "last_at": now.isoformat()}]),),
    )
    depot = {"id": 1, "name": "North", "address": "1 Elm Street"}
    record_change(connection, Author(1, "request-0001"), "add", "depots", None, depot)
    record_change(
        connection, Author(1, "request-0002"), "change", "depots", depot, {**depot, "name": "<i>South</i>"}
    )
    record_change(
        connection, Author(), "change", "users", {"id": 2, "role": "viewer"}, {"id": 2, "role": "admin"}
    )


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_page_is_shown_with_and_without_anything_on_it(
    address: str, admin: FlaskClient, request: pytest.FixtureRequest
) -> None:
    without = admin.get(address)
    assert without.status_code == (404 if address.endswith(("/1", "/losses")) else 200)
    request.getfixturevalue("eventful")
    page = admin.get(address)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert " style=" not in page.text
    part = admin.get(address, headers={"HX-Request": "true"})
    assert ("<html" in part.text) == address.endswith(("/1", "/losses", "/features"))


def test_the_services_are_told_with_their_state(admin: FlaskClient, eventful: None) -> None:
    page = admin.get("/system").text
    states = dict(re.findall(r'data-service="(\w+)" data-state="(\w+)"', page))
    assert states == {
        "Database": "good",
        "Broker": "good",
        "Ingestion": "good",
        "Jobs": "warn",
        "Web": "good",
    }
    for word in ("TimescaleDB", "Apache edition", "up to date", "broker:1883", "run, but some failed"):
        assert word in page


def row(process: str, **told: Any) -> dict[str, Any]:
    quiet = {
        "behind_s": 0.0,
        "waiting_records": 0,
        "paused": False,
        "broker": "b:1",
        "broker_connected": True,
    }
    return {"process": process, "is_silent": False, "doing": "stands by", **quiet, **told}


def test_a_service_is_judged_by_what_its_processes_say() -> None:
    assert judge_broker([]).state == "unknown"
    assert judge_broker([row("ingest"), row("ingest", broker_connected=False)]).state == "warn"
    assert judge_broker([row("ingest", broker_connected=False)]).state == "bad"
    assert judge_ingest([]).state == "unknown"
    assert judge_ingest([row("ingest", is_silent=True)]).state == "bad"
    assert judge_ingest([row("ingest"), row("ingest", behind_s=42.0)]).said == "is 42 s behind"
    assert judge_ingest([row("ingest", paused=True)]).state == "warn"
    assert judge_jobs([row("jobs")], 0).state == "warn"
    assert judge_jobs([row("jobs"), row("jobs", doing="runs the jobs")], 0).state == "good"


@pytest.fixture(autouse=True)
def _in_a_request(request: pytest.FixtureRequest) -> Any:
    """Sentences are translated, which needs an app around them."""
    if request.function is not test_a_service_is_judged_by_what_its_processes_say:
        yield
        return
    with request.getfixturevalue("app").test_request_context():
        yield


def test_a_day_that_is_over_lists_the_greatest_losses_first_and_today_is_measured(
    admin: FlaskClient, eventful: None, connection: psycopg.Connection
) -> None:
    connection.execute(
        "UPDATE device_days SET gaps = 1, missing_fixes = 55"
        " WHERE device_id = (SELECT id FROM devices WHERE uid = 'bus-017')"
    )
    recorded = admin.get(f"/system/ingestion/{YESTERDAY}").text
    assert re.findall(r">(bus-\d+)</a>", recorded)[0] == "bus-017"
    assert "30 of 30" in recorded
    measured = admin.get(f"/system/ingestion/{TODAY}").text
    assert "measured now" in measured
    assert re.findall(r">(bus-\d+)</a>", measured) == [f"bus-{number:03}" for number in range(1, 26)]
    assert "25 of 30" in measured
    rest = follow(admin, measured)
    assert re.findall(r">(bus-\d+)</a>", rest) == [f"bus-{number:03}" for number in range(26, 31)]
    assert "30 of 30" in rest
    assert "1 of 1" in admin.get(f"/system/ingestion/{YESTERDAY}?search=BUS 17").text


def follow(client: FlaskClient, page: str) -> str:
    """What "show more" brings."""
    more = re.search(r'hx-get="([^"]*after=[^"]*)"', page)
    assert more
    return str(client.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).text)


def test_the_gaps_of_a_device_are_listed_and_come_to_what_its_ledger_says(
    admin: FlaskClient, eventful: None, fleet: Any, connection: psycopg.Connection
) -> None:
    noon = datetime(YESTERDAY.year, YESTERDAY.month, YESTERDAY.day, 12, tzinfo=UTC)
    ago = (datetime.now(UTC) - noon).total_seconds()
    for seconds in (0, *range(100, 400, 10), *range(1000, 1100, 10), 5000):
        fleet.report("bus-002", 48.1, 11.5, seconds_ago=ago + seconds)
    gaps = ledger.list_gaps(connection, 2, YESTERDAY, 100)
    measured = losses.measure_device_day(connection, "bus-002", YESTERDAY)
    assert [round(gap["pause_s"]) for gap in gaps] == [3910, 610, 100]
    assert len(gaps) == measured.gaps
    assert sum(gap["missing_fixes"] for gap in gaps) == measured.missing_fixes
    assert sum(gap["pause_s"] for gap in gaps) == pytest.approx(measured.missing_s, rel=1e-5)
    page = admin.get(f"/system/ingestion/{YESTERDAY}/2").text
    assert "3 of 3" in page
    assert "65 min" in page
    assert admin.get(f"/system/ingestion/{TODAY}/99999999999").status_code == 404


@pytest.mark.parametrize("day", ["yesterday", "1999-12-31", "9999-01-01", "2026-02-30"])
def test_a_day_that_is_none_is_not_found(day: str, admin: FlaskClient) -> None:
    assert admin.get(f"/system/ingestion/{day}").status_code == 404


def test_the_quarantine_is_searched_filtered_and_paged_by_key(admin: FlaskClient, eventful: None) -> None:
    first = admin.get("/system/quarantine").text
    assert "100 of 131" in first
    assert "131 of 131" in follow(admin, first)
    assert "1 of 1" in admin.get("/system/quarantine?reason=invalid JSON").text
    assert "130 of 130" in follow(admin, admin.get("/system/quarantine?search=STRANGER").text)
    nothing = admin.get("/system/quarantine?search=nothing of the kind").text
    assert "Nothing matches" in nothing
    assert '<option value="unknown device">unknown device</option>' in nothing


def test_what_was_put_aside_is_shown_and_never_run(admin: FlaskClient, eventful: None) -> None:
    page = admin.get("/system/quarantine/1").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\x00\\xff\\u202e" in page
    assert "000000  3c 73 63 72 69 70 74" in page
    assert "<b>x</b>" not in page
    assert admin.get("/system/quarantine/99999999999999999999").status_code == 404


def test_bytes_are_written_so_that_every_one_can_be_told() -> None:
    assert write_text("a\nü\t\u2028".encode()) == "a\nü\\t\\u2028"
    assert write_hex(bytes(range(17))).splitlines()[1] == f"000010  {'10':47}  ."


@pytest.mark.parametrize("role", ["dispatcher", "mechanic"])
def test_who_looks_after_devices_sees_why_but_not_what(
    role: str, client: FlaskClient, sign_in: Callable[..., Any], eventful: None
) -> None:
    sign_in(f"{role}@example.org")
    page = client.get("/system/quarantine").text
    assert "unknown device" in page
    assert "/system/quarantine/1" not in page
    assert client.get("/system/quarantine/1").status_code == 403
    assert client.get("/system/audit").status_code == 403
    assert "Run now" not in client.get("/system/jobs").text
    tabs = re.findall(r'href="/system[^"]*"[^>]*>(\w+)</a></li>', page)
    assert tabs == ["Services", "Ingestion", "Quarantine", "Jobs"]


def test_a_person_of_one_depot_sees_the_devices_of_that_depot_only(
    client: FlaskClient, sign_in: Callable[..., Any], eventful: None, connection: psycopg.Connection
) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North')")
    connection.execute("UPDATE vehicles SET depot_id = 1 WHERE fleet_number = 'Bus 3'")
    connection.execute("UPDATE users SET scope = 'depot' WHERE role = 'mechanic'")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id) SELECT id, 1 FROM users WHERE role = 'mechanic'"
    )
    sign_in("mechanic@example.org")
    for address in (f"/system/ingestion/{YESTERDAY}", f"/system/ingestion/{TODAY}", "/system/quarantine"):
        page = client.get(address).text
        assert "1 of 1" in page, address
        assert "bus-003" in page
        assert "bus-004" not in page
        assert "stranger" not in page
    assert client.get(f"/system/ingestion/{TODAY}/3").status_code == 200
    assert client.get(f"/system/ingestion/{TODAY}/4").status_code == 404


def test_a_job_is_asked_to_run_once_and_the_page_says_so(
    admin: FlaskClient, send: Callable[..., Any], eventful: None, connection: psycopg.Connection
) -> None:
    page = admin.get("/system/jobs").text
    assert "RuntimeError: on purpose" in page
    assert "daily at 03:10 UTC" in page
    assert send("/system/jobs/losses/run").status_code == 303
    assert "asked for" in admin.get("/system/jobs").text
    assert job_runs.claim_requests(connection) == ["losses"]
    assert job_runs.claim_requests(connection) == []
    assert send("/system/jobs/no such job/run").status_code == 404


@pytest.mark.usefixtures("_translating")
@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("cron[hour='3', minute='40']", "daily at 03:40 UTC"),
        ("cron[hour='2-23', minute='20']", "hourly at minute 20, hours 2-23 UTC"),
        ("cron[second='30']", "each minute at second 30"),
        ("interval[0:00:02]", "interval[0:00:02]"),
    ],
)
def test_a_schedule_is_said_in_words(schedule: str, words: str) -> None:
    assert say_schedule(schedule) == words


@pytest.fixture
def _translating(app: Flask) -> Any:
    with app.test_request_context():
        yield


def test_a_flag_is_switched_with_its_line_in_the_audit_log(
    admin: FlaskClient, send: Callable[..., Any], connection: psycopg.Connection
) -> None:
    done = send("/system/features/driven_roads", version="1", enabled="1", role=["dispatcher", "admin"])
    assert done.status_code == 303
    assert "has been saved" in admin.get("/system/features").text
    (flag,) = flags.list_flags(connection)
    assert (flag["enabled"], flag["roles"], flag["version"]) == (True, ["admin", "dispatcher"], 2)
    log = admin.get("/system/audit?table=feature_flags&action=change").text
    assert "1 of 1" in log
    assert "admin@example.org" in log
    assert done.headers["X-Request-Id"] in log
    send("/system/features/driven_roads", version="1")
    assert "in the meantime" in admin.get("/system/features").text
    assert flags.list_flags(connection) == [flag]
    assert send("/system/features/driven_roads", version="2", role="king").status_code == 422
    assert send("/system/features/no_such_flag").status_code == 404


@pytest.mark.parametrize(("role", "roads"), [("viewer", 0), ("mechanic", 1)])
def test_a_flag_that_is_off_for_a_role_is_off_on_its_pages(
    role: str, roads: int, client: FlaskClient, sign_in: Callable[..., Any], connection: psycopg.Connection
) -> None:
    connection.execute("INSERT INTO driven_roads VALUES (48.1, 11.5, 48.1, 11.501, 1, now())")
    flags.change_flag(connection, Author(), "driven_roads", True, ["mechanic"])
    sign_in(f"{role}@example.org")
    assert len(client.get("/map/roads.geojson").json["features"]) == roads


def test_the_audit_log_is_found_by_person_table_action_and_day(admin: FlaskClient, eventful: None) -> None:
    everything = admin.get("/system/audit").text
    assert "3 of 3" in everything
    assert "&lt;i&gt;South&lt;/i&gt;" in everything
    assert "Command line" in everything
    for query, count in {
        "person=1": 2,
        "person=0": 1,
        "table=users": 1,
        "action=add": 1,
        f"from={TODAY}": 3,
        f"to={date(2026, 1, 1)}": 0,
        f"from={TODAY}&to={TODAY}&table=depots&action=change": 1,
    }.items():
        assert f"{count} of {count}" in admin.get(f"/system/audit?{query}").text, query
    for query in ("person=x", "person=99999999999", "from=soon", "to=9999-12-31", "after=-1"):
        assert admin.get(f"/system/audit?{query}").status_code == 422, query


def test_the_audit_log_is_paged_by_key(admin: FlaskClient, connection: psycopg.Connection) -> None:
    for number in range(130):
        record_change(connection, Author(), "add", "depots", None, {"id": number})
    first = admin.get("/system/audit").text
    assert "100 of 130" in first
    rest = follow(admin, first)
    assert "130 of 130" in rest
    assert rest.count("Command line") == 30


@pytest.fixture
def page(open_page: Callable[..., Page], eventful: None) -> Page:
    """A browser's page that is signed in as admin."""
    page = open_page("admin@example.org", viewport={"width": 900, "height": 600})
    page.goto("/system")
    page.wait_for_selector("#services")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_its_window_and_can_be_used_by_everybody(
    scheme: Any, width: int, page: Page, server: Any, complaints: list[str], tools: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for address in ADDRESSES:
        page.goto(server.url + address)
        widths = page.evaluate("[document.body.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], address
        assert tools.find_faults(page) == [], address
    assert complaints == []


def test_the_services_are_looked_at_again_by_themselves(
    page: Page, connection: psycopg.Connection, complaints: list[str]
) -> None:
    broker = page.locator('[data-service="Broker"]')
    expect(broker).to_have_attribute("data-state", "good")
    connection.execute("UPDATE process_status SET broker_connected = false WHERE process = 'ingest'")
    expect(broker).to_have_attribute("data-state", "bad", timeout=15_000)
    expect(page.locator('[data-service="Web"]')).to_contain_text("Processes")
    assert complaints == []


def test_a_switch_is_thrown_in_the_browser(page: Page, server: Any, connection: psycopg.Connection) -> None:
    page.goto(f"{server.url}/system/features")
    page.get_by_role("switch").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("has been saved")
    assert [flag["enabled"] for flag in flags.list_flags(connection)] == [False]


def test_filters_narrow_the_list_without_loading_the_page(page: Page, server: Any) -> None:
    page.goto(f"{server.url}/system/quarantine")
    page.get_by_label("Reason").select_option("invalid JSON")
    expect(page.locator("#tally")).to_contain_text("1 of 1")
    assert "reason=invalid" in page.url
    page.locator(".row-link").first.click()
    expect(page.locator(".raw").first).to_contain_text("<script>alert(1)</script>")


def test_the_page_says_when_the_server_is_gone(page: Page, server: Any) -> None:
    expect(page.locator(".cut-off")).to_be_hidden()
    server.stop()
    expect(page.locator(".cut-off")).to_be_visible(timeout=20_000)
    server.start()
    expect(page.locator(".cut-off")).to_be_hidden(timeout=20_000)
