"""Rules: one of each kind for the fleet, others for single vehicles, with fields and units of its kind."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from sql.rules import USES
from web.event_kinds import EVENT_KINDS
from web.records.rules import MEANINGS

Send = Callable[..., Any]


@pytest.fixture
def admin(client: FlaskClient, sign_in: Callable[..., Any], fleet: Any) -> FlaskClient:
    """An admin of a fleet of one vehicle, number 7."""
    fleet.add("tracker-7", "7")
    sign_in("admin@example.org")
    return client


@pytest.fixture
def post(admin: FlaskClient) -> Send:
    """Send a form as the admin."""

    def send(page: str, **fields: Any) -> Any:
        cookie = admin.get_cookie("csrf_access_token")
        assert cookie
        return admin.post(page, data={"csrf_token": cookie.value, **fields})

    return send


def find(connection: psycopg.Connection, kind: str) -> str:
    """The address of the fleet's rule of a kind."""
    row = connection.execute(
        "SELECT id FROM rules WHERE kind = %s AND vehicle_id IS NULL", (kind,)
    ).fetchone()
    assert row
    return f"/rules/{row[0]}"


def names(page: str) -> set[str]:
    """The fields of a form."""
    form = page[page.index('<form class="card"') :]
    return set(re.findall(r'name="(\w+)"', form)) - {"csrf_token", "version"}


ALWAYS = {"kind", "vehicle_id", "is_on", "raises_alert", "severity", "fresh_s", "schedule_id"}


def test_every_kind_that_the_database_knows_has_its_words(connection: psycopg.Connection) -> None:
    kinds = {kind for (kind,) in connection.execute("SELECT kind FROM rules")}
    assert kinds == set(USES) == set(EVENT_KINDS) == set(MEANINGS)


def test_every_rule_that_a_fleet_begins_with_can_be_saved(
    admin: FlaskClient, connection: psycopg.Connection
) -> None:
    rules = admin.get("/api/v1/rules").json
    assert rules["total"] == len(USES)
    token = admin.get_cookie("csrf_access_token")
    assert token
    for rule in rules["items"]:
        sent = {"version": 1, "is_on": False, "threshold": rule["threshold"], "lasting_s": rule["lasting_s"]}
        answer = admin.patch(f"/api/v1/rules/{rule['id']}", json=sent, headers={"X-CSRF-TOKEN": token.value})
        assert (answer.status_code, answer.json.get("is_on")) == (200, False), rule["kind"]
        assert (answer.json["threshold"], answer.json["lasting_s"]) == (rule["threshold"], rule["lasting_s"])


@pytest.mark.parametrize("kind", USES)
def test_a_form_has_the_fields_that_its_kind_uses_and_no_other(
    kind: str, admin: FlaskClient, connection: psycopg.Connection
) -> None:
    uses = USES[kind]
    wanted = ALWAYS | ({"threshold"} if uses.unit else set()) | ({"lasting_s"} if uses.lasts else set())
    for address in (f"{find(connection, kind)}/edit", f"/rules/new?kind={kind}"):
        assert names(admin.get(address).text) == wanted
    assert str(MEANINGS[kind]) in admin.get(find(connection, kind)).text


@pytest.mark.parametrize(
    ("kind", "shown", "unit", "entry"),
    [
        ("overspeed", "90 km/h", "km/h", "90"),
        ("tow", "200 m", "m", "200"),
        ("low_battery", "20 %", "%", "20"),
        ("power_cut", "5 V", "V", "5"),
        ("harsh_braking", "3.5 m/s²", "m/s²", "3.5"),
    ],
)
def test_a_threshold_is_shown_and_entered_in_the_unit_of_its_kind(
    kind: str, shown: str, unit: str, entry: str, admin: FlaskClient, connection: psycopg.Connection
) -> None:
    page = find(connection, kind)
    assert f"<dd>{shown}</dd>" in admin.get(page).text
    form = admin.get(f"{page}/edit").text
    assert f'id="threshold-unit">{unit}<' in form
    assert re.search(rf'name="threshold"[^>]* value="{entry}"', form)
    assert shown in admin.get(f"/rules?kind={kind}").text


def test_people_who_read_miles_enter_miles_an_hour_and_feet(
    admin: FlaskClient, post: Send, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE users SET units = 'imperial'")
    page = find(connection, "overspeed")
    assert "<dd>56 mph</dd>" in admin.get(page).text
    sent = {"version": "1", "kind": "overspeed", "is_on": "true", "lasting_s": "10", "severity": "info"}
    assert post(page, threshold="60", fresh_s="2", **sent).location == page
    kept = connection.execute("SELECT threshold, fresh_s FROM rules WHERE kind = 'overspeed'").fetchone()
    assert kept == (26.8224, 120)
    assert '<option value="fence_leave"' in admin.get("/rules").text
    assert "<dd>656 ft</dd>" in admin.get(find(connection, "tow")).text


def test_a_vehicle_gets_a_rule_of_its_own_that_begins_as_the_fleets(
    admin: FlaskClient, post: Send, connection: psycopg.Connection
) -> None:
    form = admin.get("/rules/new?kind=overspeed").text
    assert re.search(r'name="threshold"[^>]* value="90"', form)
    sent = {"kind": "overspeed", "is_on": "true", "severity": "critical", "fresh_s": "2", "lasting_s": "5"}
    page = post("/rules", vehicle_id="7", threshold="72", **sent).location
    shown = admin.get(page).text
    assert "Speeding · 7" in shown
    assert "<dd>72 km/h</dd>" in shown
    assert connection.execute("SELECT threshold FROM rules WHERE vehicle_id IS NOT NULL").fetchone() == (20,)
    again = post("/rules", vehicle_id="7", threshold="80", **sent)
    assert again.status_code == 422
    assert "has such a rule already" in again.text
    post(f"{page}/archive", version="1")
    assert "the fleet&#39;s rule holds again" in admin.get(page).text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("threshold", "", "This is needed."),
        ("threshold", "fast", "must be a number"),
        ("threshold", "1", "from 3.6 to 360 km/h"),
        ("lasting_s", "", "This is needed."),
        ("severity", "huge", "must be one of"),
        ("vehicle_id", "", "This is needed."),
        ("vehicle_id", "999", "no such record"),
        ("fresh_s", "", "This is needed."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(field: str, value: str, sentence: str, post: Send) -> None:
    sent = {
        "kind": "overspeed",
        "vehicle_id": "7",
        "threshold": "72",
        "lasting_s": "5",
        "severity": "info",
        "fresh_s": "2",
    }
    answer = post("/rules", **{**sent, field: value})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">[^<]*{re.escape(sentence)}', answer.text), answer.text


def test_which_kind_is_asked_first_and_an_unknown_one_asks_again(admin: FlaskClient, post: Send) -> None:
    for page in (admin.get("/rules/new"), admin.get("/rules/new?kind=x"), post("/rules", kind="x")):
        assert "What is the rule about?" in page.text
        assert 'href="/rules/new?kind=overspeed"' in page.text


def test_the_fleets_rules_stay(admin: FlaskClient, post: Send, connection: psycopg.Connection) -> None:
    page = find(connection, "tow")
    assert "/archive" not in admin.get(page).text
    assert post(f"{page}/archive", version="1").location == page
    assert "switch it off instead" in admin.get(page).text
    sent = {"version": "1", "lasting_s": "5", "severity": "info", "fresh_s": "2", "threshold": "90"}
    changed = post(page, kind="overspeed", **sent)
    assert changed.status_code == 422
    assert "A rule stays what it is about" in changed.text
    owned = post(page, kind="tow", vehicle_id="7", **sent)
    assert "A rule stays what it is about" in owned.text
    assert connection.execute(
        "SELECT kind, vehicle_id, archived_at, version FROM rules WHERE id = %s", (page.rpartition("/")[2],)
    ).fetchone() == ("tow", None, None, 1)


def test_two_people_at_one_rule_choose_in_its_units(
    admin: FlaskClient, post: Send, connection: psycopg.Connection
) -> None:
    page = find(connection, "overspeed")
    sent = {"version": "1", "kind": "overspeed", "lasting_s": "10", "severity": "warning", "fresh_s": "2"}
    post(page, threshold="72", is_on="true", raises_alert="true", **sent)
    answer = post(page, threshold="108", is_on="true", raises_alert="true", **sent)
    assert answer.status_code == 409
    assert re.findall(r'type="radio" name="(\w+)" value="([^"]*)"', answer.text) == [
        ("threshold", "108"),
        ("threshold", "72"),
    ]
    assert "<b>108 km/h</b>" in answer.text
    assert "<del>90 km/h</del> → <ins>72 km/h</ins>" in admin.get(page).text


def test_the_api_refuses_what_the_kind_cannot_have(
    admin: FlaskClient, connection: psycopg.Connection
) -> None:
    token = admin.get_cookie("csrf_access_token")
    assert token
    for values, field in (
        ({"kind": "overspeed", "threshold": 0.5, "lasting_s": 5}, "threshold"),
        ({"kind": "overspeed", "threshold": None, "lasting_s": 5}, "threshold"),
        ({"kind": "low_battery", "threshold": 150}, "threshold"),
        ({"kind": "idling"}, "lasting_s"),
        ({"kind": "nothing"}, "kind"),
    ):
        sent = {"vehicle_id": 1, "severity": "info", **values}
        answer = admin.post("/api/v1/rules", json=sent, headers={"X-CSRF-TOKEN": token.value})
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field]), values
    done = admin.post(
        "/api/v1/rules",
        json={
            "kind": "sos",
            "vehicle_id": 1,
            "severity": "critical",
            "threshold": 5,
            "lasting_s": 5,
            "is_on": True,
        },
        headers={"X-CSRF-TOKEN": token.value},
    )
    assert (done.status_code, done.json["threshold"], done.json["lasting_s"]) == (201, None, None)


def test_whoever_looks_after_one_depot_sees_the_fleets_rules_and_those_of_its_vehicles(
    client: FlaskClient, sign_in: Callable[..., Any], fleet: Any, connection: psycopg.Connection
) -> None:
    for number in ("7", "8"):
        fleet.add(f"tracker-{number}", number)
    connection.execute("INSERT INTO depots (name) VALUES ('North')")
    connection.execute("UPDATE vehicles SET depot_id = 1 WHERE fleet_number = '7'")
    connection.execute(
        "INSERT INTO rules (kind, vehicle_id, lasting_s) SELECT 'idling', id, 60 FROM vehicles"
    )
    connection.execute("UPDATE users SET scope = 'depot' WHERE role = 'mechanic'")
    connection.execute(
        "INSERT INTO user_scopes (user_id, depot_id) SELECT id, 1 FROM users WHERE role = 'mechanic'"
    )
    sign_in("mechanic@example.org")
    seen = client.get("/api/v1/rules?kind=idling").json["items"]
    assert [rule["vehicle_id"] for rule in seen] == [None, 1]
    assert client.get("/api/v1/rules?whose=vehicle").json["total"] == 1
