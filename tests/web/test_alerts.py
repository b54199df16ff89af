"""Alerts on pages, over the API and over the live connection: who sees what, and who may do what."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import socketio
from flask.testing import FlaskClient

from sql.alerts import STORM_ALERTS, raise_silences
from sql.users import add_user

NOTHING: dict[str, Any] = {}


@pytest.fixture
def buses(fleet: Any) -> Any:
    """Three vehicles with their devices."""
    for number in range(1, 4):
        fleet.add(f"bus-{number}", f"Bus {number}")
    return fleet


def read_state(connection: psycopg.Connection, id: int) -> tuple[str, int]:
    row = connection.execute("SELECT state, version FROM alerts WHERE id = %s", (id,)).fetchone()
    assert row
    return row[0], row[1]


def read_rows(page: str) -> list[str]:
    """The sentences of the list, in its order."""
    return [re.sub(r"\s+", " ", text) for text in re.findall(r'class="row-link" [^>]*>([^<]+)</a>', page)]


def test_the_list_says_what_happened_in_the_readers_units(
    buses: Any, incidents: Any, connection: psycopg.Connection, signed_in: FlaskClient
) -> None:
    incidents.happen("bus-1", "overspeed", value=31.1, limit_value=25)
    incidents.happen("bus-2", "sos", "critical")
    incidents.happen("bus-3", "tow", "critical", value=1250, limit_value=200)
    page = signed_in.get("/alerts").text
    assert read_rows(page) == [
        "Moved by 1.2 km without ignition",
        "Emergency call",
        "Faster than allowed: 112 km/h where 90 km/h are",
    ]
    assert "3 of 3" in page
    connection.execute("UPDATE users SET units = 'imperial', language = 'de' WHERE role = 'dispatcher'")
    assert "Schneller als erlaubt: 70 mph, wo 56 mph gelten" in read_rows(signed_in.get("/alerts").text)


def test_the_list_is_narrowed_by_what_is_asked(
    buses: Any, incidents: Any, connection: psycopg.Connection, signed_in: FlaskClient
) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    connection.execute("UPDATE vehicles SET depot_id = 1 WHERE fleet_number = 'Bus 1'")
    first = incidents.happen("bus-1", "sos", "critical")
    incidents.happen("bus-2", "low_battery", value=12)
    third = incidents.happen("bus-3", "idling", "info")
    (me,) = connection.execute("SELECT id FROM users WHERE role = 'dispatcher'").fetchone() or (0,)
    connection.execute("UPDATE alerts SET assigned_to = %s WHERE id = %s", (me, first))
    connection.execute("UPDATE alerts SET snoozed_until = now() + interval '1 h' WHERE id = %s", (third,))

    def count(**asked: Any) -> int:
        return len(read_rows(signed_in.get("/alerts", query_string=asked).text))

    assert (count(), count(state="all"), count(state="snoozed")) == (2, 3, 1)
    assert (count(kind="sos"), count(severity="warning"), count(depot_id=1)) == (1, 1, 1)
    assert (count(search="bus 2"), count(assigned_to=me), count(vehicle_id=2)) == (1, 1, 1)
    assert signed_in.get("/alerts?state=loud").status_code == 422
    assert signed_in.get("/alerts?after=x").status_code == 422


def test_a_long_list_is_shown_in_parts_without_gap_or_repetition(
    fleet: Any, incidents: Any, connection: psycopg.Connection, signed_in: FlaskClient
) -> None:
    for number in range(7):
        fleet.add(f"bus-{number}")
        incidents.happen(f"bus-{number}", ["sos", "tow"][number % 2], ["critical", "warning"][number % 2])
    page, found = signed_in.get("/alerts?limit=3").text, []
    while True:
        found += re.findall(r'id="alert-(\d+)"', page)
        more = re.search(r'id="more"><a class="btn" href="([^"]+)"', page)
        if more is None:
            break
        page = signed_in.get(more[1].replace("&amp;", "&")).text
    assert len(found) == len(set(found)) == 7
    assert "7 of 7" in page


def test_a_dispatcher_takes_an_alert_its_whole_way(
    buses: Any,
    incidents: Any,
    connection: psycopg.Connection,
    signed_in: FlaskClient,
    send: Callable[..., Any],
) -> None:
    id = incidents.happen("bus-1", "overspeed", value=31.1, limit_value=25)
    (me,) = connection.execute("SELECT id FROM users WHERE role = 'dispatcher'").fetchone() or (0,)
    for version, (action, fields) in enumerate(
        [
            ("acknowledge", NOTHING),
            ("assign", {"to": me}),
            ("note", {"note": "called <b>Ana</b>"}),
            ("snooze", {"for": "morning"}),
            ("resolve", {"note": "all is well"}),
            ("reopen", NOTHING),
        ],
        1,
    ):
        assert send(f"/alerts/{id}/{action}", version=version, **fields).status_code == 303
    assert read_state(connection, id) == ("open", 7)
    page = signed_in.get(f"/alerts/{id}").text
    assert "called &lt;b&gt;Ana&lt;/b&gt;" in page
    for word in (
        "reopened",
        "resolved",
        "snoozed",
        "noted",
        "assigned",
        "acknowledged",
        "escalated",
        "raised",
    ):
        assert f"</b> {word}" in page


def test_a_rest_until_tomorrow_ends_at_six_by_the_readers_clock(
    buses: Any,
    incidents: Any,
    connection: psycopg.Connection,
    signed_in: FlaskClient,
    send: Callable[..., Any],
) -> None:
    connection.execute("UPDATE users SET time_zone = 'Asia/Tokyo'")
    id = incidents.happen("bus-1", "sos")
    send(f"/alerts/{id}/snooze", version=1, **{"for": "morning"})
    row = connection.execute(
        "SELECT to_char(snoozed_until AT TIME ZONE 'Asia/Tokyo', 'HH24:MI'), snoozed_until > now()"
        " FROM alerts"
    ).fetchone()
    assert row == ("06:00", True)


def test_who_was_slower_is_told_and_changes_nothing(
    buses: Any,
    incidents: Any,
    connection: psycopg.Connection,
    signed_in: FlaskClient,
    send: Callable[..., Any],
) -> None:
    id = incidents.happen("bus-1", "sos")
    send(f"/alerts/{id}/acknowledge", version=1)
    send(f"/alerts/{id}/resolve", version=1, note="late")
    assert read_state(connection, id) == ("acknowledged", 2)
    assert "Somebody has changed this in the meantime" in signed_in.get(f"/alerts/{id}").text
    send(f"/alerts/{id}/acknowledge", version=2)
    assert "This has been acknowledged already." in signed_in.get(f"/alerts/{id}").text


def test_a_storm_is_one_line_that_unfolds_and_is_acknowledged_as_one(
    fleet: Any,
    incidents: Any,
    connection: psycopg.Connection,
    signed_in: FlaskClient,
    send: Callable[..., Any],
) -> None:
    for number in range(STORM_ALERTS):
        fleet.add(f"bus-{number}")
        incidents.happen(f"bus-{number}", "offline")
    page = signed_in.get("/alerts").text
    assert read_rows(page) == [f"{STORM_ALERTS} alerts at once: Offline"]
    assert f"{STORM_ALERTS} of {STORM_ALERTS}" in page
    assert len(read_rows(signed_in.get("/alerts?storm_id=1").text)) == STORM_ALERTS
    send("/alerts/many", change="acknowledge", picked="storm.1")
    states = connection.execute("SELECT DISTINCT state FROM alerts").fetchall()
    assert states == [("acknowledged",)]
    assert f"{STORM_ALERTS} alerts have been changed." in signed_in.get("/alerts").text


def test_the_page_shows_who_drove_then_and_the_way(
    buses: Any, incidents: Any, connection: psycopg.Connection, signed_in: FlaskClient
) -> None:
    connection.execute("INSERT INTO drivers (name) VALUES ('Ana'), ('Ben')")
    connection.execute(
        "INSERT INTO driver_assignments (vehicle_id, driver_id, during) VALUES"
        " (1, 1, tstzrange(now() - interval '2 h', now() - interval '1 h')),"
        " (1, 2, tstzrange(now() - interval '1 h', NULL))"
    )
    page = signed_in.get(f"/alerts/{incidents.happen('bus-1', 'sos', minutes_ago=90)}").text
    assert "Ana" in page
    assert "Ben" not in page
    assert "[11.575, 48.137]" in page


def test_a_silence_is_shown_where_the_last_fix_was(
    buses: Any, connection: psycopg.Connection, signed_in: FlaskClient
) -> None:
    fleet_time = buses.report("bus-1", 48.25, 11.75)
    raise_silences(connection, fleet_time + timedelta(hours=1))
    page = signed_in.get("/alerts/1").text
    assert "Silent since" in page
    assert "[11.75, 48.25]" in page


def test_the_bell_counts_what_waits_and_tells_of_each_alert_once(
    buses: Any, incidents: Any, signed_in: FlaskClient
) -> None:
    first = incidents.happen("bus-1", "sos", "critical")
    told = signed_in.get("/alerts/bell").text
    assert f'data-newest="{first}"' in told
    assert "toast-card" not in told
    second = incidents.happen("bus-2", "tow", "warning")
    incidents.happen("bus-3", "idling", "info")
    told = signed_in.get(f"/alerts/bell?after={first}").text
    assert told.count("toast-card") == 1
    assert f'href="/alerts/{second}"' in told
    assert "toast-card" not in signed_in.get(f"/alerts/bell?after={second + 1}").text


def test_a_bell_that_has_no_session_any_more_takes_nobody_away(
    signed_in: FlaskClient, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE sessions SET ended_at = now(), end_reason = 'revoked'")
    answer = signed_in.get("/alerts/bell", headers={"HX-Request": "true", "Accept": "text/html"})
    assert (answer.status_code, answer.headers.get("HX-Redirect")) == (401, None)


def test_whoever_reaches_one_depot_meets_only_its_alerts(
    buses: Any,
    incidents: Any,
    connection: psycopg.Connection,
    sign_in: Callable[..., Any],
    client: FlaskClient,
    tools: Any,
) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    connection.execute("UPDATE vehicles SET depot_id = CASE fleet_number WHEN 'Bus 1' THEN 1 ELSE 2 END")
    add_user(connection, "north@example.org", "dispatcher", tools.PASSWORD, depots=["North"])
    mine, other = incidents.happen("bus-1", "sos"), incidents.happen("bus-2", "sos")
    sign_in("north@example.org")
    assert re.findall(r'id="alert-(\d+)"', client.get("/alerts").text) == [str(mine)]
    assert 'class="bell-count' in client.get("/alerts/bell").text
    assert client.get(f"/alerts/{other}").status_code == 404
    cookie = client.get_cookie("csrf_access_token")
    assert cookie
    for action in ("acknowledge", "resolve"):
        sent = {"csrf_token": cookie.value, "version": "1"}
        assert client.post(f"/alerts/{other}/{action}", data=sent).status_code == 404
    client.post(
        "/alerts/many", data={"csrf_token": cookie.value, "change": "resolve", "picked": [mine, other]}
    )
    assert (read_state(connection, mine)[0], read_state(connection, other)[0]) == ("resolved", "open")


def test_a_viewer_sees_alerts_and_has_nothing_to_press(
    buses: Any, incidents: Any, client: FlaskClient, sign_in: Callable[..., Any]
) -> None:
    id = incidents.happen("bus-1", "sos")
    sign_in("viewer@example.org")
    assert read_rows(client.get("/alerts").text) == ["Emergency call"]
    page = client.get(f"/alerts/{id}").text
    assert "/acknowledge" not in page
    assert "/alerts/many" not in client.get("/alerts").text


def test_an_admin_says_who_is_told_and_nonsense_is_refused(
    connection: psycopg.Connection, client: FlaskClient, sign_in: Callable[..., Any], send: Callable[..., Any]
) -> None:
    sign_in("admin@example.org")
    assert 'value="30"' in client.get("/alerts/escalations").text
    wanted = {"warning_after": ["2,5", "0"], "warning_role": ["admin", "mechanic"]}
    assert send("/alerts/escalations", version=0, **wanted).status_code == 303
    rows = connection.execute(
        "SELECT severity, level, after_s, role FROM escalations ORDER BY 1, 2"
    ).fetchall()
    assert rows == [("warning", 1, 0, "mechanic"), ("warning", 2, 150, "admin")]
    send("/alerts/escalations", version=0, **wanted)
    assert "Somebody has changed this in the meantime" in client.get("/alerts/escalations").text
    refused = send("/alerts/escalations", version=1, warning_after="soon", warning_role="admin")
    assert refused.status_code == 422
    assert "Minutes must be a number" in refused.text


# The API.


@pytest.fixture
def bearer(client: FlaskClient, app: Any, tools: Any) -> dict[str, str]:
    """The header of a dispatcher's device."""
    login = {"email": "dispatcher@example.org", "password": tools.PASSWORD, "device_id": "test"}
    answer = client.post("/api/v1/auth/login", json=login)
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def test_the_api_lists_in_parts_and_acts(
    buses: Any, incidents: Any, client: FlaskClient, bearer: dict[str, str], connection: psycopg.Connection
) -> None:
    for uid, kind, severity in (
        ("bus-1", "sos", "critical"),
        ("bus-2", "tow", "warning"),
        ("bus-3", "idling", "info"),
    ):
        incidents.happen(uid, kind, severity)
    first = client.get("/api/v1/alerts?limit=2", headers=bearer).json
    assert (first["total"], [one["kind"] for one in first["items"]]) == (3, ["sos", "tow"])
    rest = client.get(f"/api/v1/alerts?limit=2&after={first['next']}", headers=bearer).json
    assert ([one["kind"] for one in rest["items"]], rest["next"]) == (["idling"], None)
    alert = first["items"][0]
    assert (alert["vehicle"], alert["state"], alert["sentence"]) == ("Bus 1", "open", "Emergency call")

    def act(action: str, **given: Any) -> Any:
        return client.post(f"/api/v1/alerts/{alert['id']}/{action}", json=given, headers=bearer)

    assert act("acknowledge", version=1).json["state"] == "acknowledged"
    refused = act("note", version=1, note="late")
    assert (refused.status_code, refused.json["current"]["version"]) == (409, 2)
    assert act("assign", version=2, to=10**6).status_code == 422
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert act("snooze", version=2, until=until).json["state"] == "snoozed"
    assert act("snooze", version=3, until="2020-01-01T00:00Z").json["errors"] == {
        "until": "This must be in the future."
    }
    resolved = act("resolve", version=3, note="done").json
    assert (resolved["state"], resolved["steps"][0]["detail"]) == ("resolved", "done")
    assert act("reopen", version=4).json["state"] == "open"
    assert client.get("/api/v1/alerts?state=open&kind=sos", headers=bearer).json["total"] == 1
    assert client.get("/api/v1/alerts?severity=loud", headers=bearer).status_code == 422


# The live connection.


class Listener:
    """A page that hears of alerts; `told` are the events `alert` and `snapshot`, in order."""

    def __init__(self, url: str, cookie: str, event: str) -> None:
        self.alerts: list[dict[str, Any]] = []
        self.snapshots: list[dict[str, Any]] = []
        self.client = socketio.Client(reconnection=False)
        self.client.on("alert", self.alerts.append, namespace="/live")
        self.client.on("snapshot", self.snapshots.append, namespace="/live")
        self.client.connect(url, headers={"Cookie": cookie}, transports=["websocket"], namespaces=["/live"])
        self.client.call(event, {"bounds": None} if event == "view" else {}, "/live", timeout=10)

    def heard(self) -> list[tuple[int, str]]:
        return [(one["id"], one["standing"]) for told in self.alerts for one in told["alerts"]]


@pytest.fixture
def listen(server: Any) -> Iterator[Callable[..., Listener]]:
    """Open live connections; all are closed in the end."""
    listeners: list[Listener] = []

    def open_one(email: str = "viewer@example.org", event: str = "alerts") -> Listener:
        listeners.append(Listener(server.url, server.sign_in(email), event))
        return listeners[-1]

    yield open_one
    for listener in listeners:
        listener.client.disconnect()


def test_a_page_hears_of_an_alert_and_of_what_becomes_of_it(
    buses: Any, incidents: Any, connection: psycopg.Connection, listen: Callable[..., Listener], tools: Any
) -> None:
    listener = listen()
    id = incidents.happen("bus-1", "sos", "critical")
    tools.until(lambda: (id, "open") in listener.heard(), "the alert")
    told = listener.alerts[-1]
    assert told["total"] == 1
    assert (told["alerts"][0]["label"], told["alerts"][0]["severity"]) == ("Bus 1", "critical")
    assert "depot_id" not in told["alerts"][0]
    connection.execute("UPDATE alerts SET state = 'resolved', resolved_at = now()")
    tools.until(lambda: (id, "resolved") in listener.heard(), "its end")
    assert listener.alerts[-1]["total"] == 0
    assert listener.snapshots == []


def test_the_map_begins_with_what_is_open(
    buses: Any, incidents: Any, listen: Callable[..., Listener], tools: Any
) -> None:
    earlier = listen()
    id = incidents.happen("bus-1", "sos", "critical")
    tools.until(lambda: (id, "open") in earlier.heard(), "the alert to be known")
    listener = listen(event="view")
    tools.until(lambda: listener.snapshots, "the snapshot")
    told = listener.snapshots[0]["alerts"]
    assert (told["total"], [one["id"] for one in told["open"]]) == (1, [id])
    assert listener.alerts == []


def test_whoever_reaches_one_depot_hears_of_its_alerts_alone(
    buses: Any, incidents: Any, connection: psycopg.Connection, listen: Callable[..., Listener], tools: Any
) -> None:
    connection.execute("INSERT INTO depots (name) VALUES ('North')")
    connection.execute("UPDATE vehicles SET depot_id = 1 WHERE fleet_number = 'Bus 1'")
    add_user(connection, "north@example.org", "dispatcher", tools.PASSWORD, depots=["North"])
    listener = listen("north@example.org")
    other = incidents.happen("bus-2", "sos")
    mine = incidents.happen("bus-1", "sos")
    tools.until(lambda: (mine, "open") in listener.heard(), "the alert of the depot")
    assert other not in [id for id, _ in listener.heard()]
    assert listener.alerts[-1]["total"] == 1
    connection.execute("UPDATE vehicles SET depot_id = NULL")
    tools.until(lambda: (mine, "gone") in listener.heard(), "the alert to leave the reach")
