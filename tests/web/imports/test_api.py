"""Imports by a program: the same steps as in the wizard, and errors that name the field."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

IMPORTS = "/api/v1/imports"
FLEET = "Fleet number;Plate;Tank\n101;M-AB 101;1,234\n102;;2,000\n;M-AB 103;\n"
Ask = Callable[..., Any]


@pytest.fixture
def sign_in_device(client: FlaskClient, tools: Any) -> Callable[[str], dict[str, str]]:
    """The header of a person's device."""

    def post(email: str) -> dict[str, str]:
        login = {"email": email, "password": tools.PASSWORD, "device_id": "test"}
        answer = client.post("/api/v1/auth/login", json=login)
        return {"Authorization": f"Bearer {answer.json['access_token']}"}

    return post


@pytest.fixture
def ask(client: FlaskClient, sign_in_device: Callable[[str], dict[str, str]]) -> Ask:
    """Ask the API as a person, the dispatcher unless another is said."""
    headers: dict[str, dict[str, str]] = {}

    def send(method: str, path: str = "", role: str = "dispatcher", **more: Any) -> Any:
        if role not in headers:
            headers[role] = sign_in_device(f"{role}@example.org")
        return client.open(f"{IMPORTS}{path}", method=method, headers=headers[role], **more)

    return send


def post_file(ask: Ask, content: str = FLEET, kind: str = "vehicles", role: str = "dispatcher") -> Any:
    file = (io.BytesIO(content.encode()), "fleet.csv")
    return ask("POST", role=role, data={"kind": kind, "file": file})


def test_a_program_sends_says_checks_commits_and_takes_back(ask: Ask, client: FlaskClient) -> None:
    made = post_file(ask)
    assert made.status_code == 201
    draft = made.json
    assert draft["reading"]["delimiter"] == ";"
    assert draft["columns"][1] == {
        "place": 1,
        "header": "Plate",
        "first_values": ["M-AB 101", "M-AB 103"],
        "field": "plate",
    }
    assert list(draft["questions"]) == ["decimals"]
    address = f"/{draft['id']}"
    asked = ask("POST", f"{address}/check")
    assert asked.status_code == 422
    assert list(asked.json["errors"]) == ["mapping.decimals"]
    said = ask("PATCH", address, json={"mapping": {"decimals": "."}})
    assert said.json["questions"] == {}
    checked = ask("POST", f"{address}/check")
    assert checked.status_code == 202
    assert checked.json["state"] == "checked"
    assert checked.json["rows"] == {"read": 3, "new": 2, "changed": 0, "same": 0, "rejected": 1}
    new = ask("GET", f"{address}/rows?verdict=new&limit=1").json
    assert new["items"][0]["changes"]["tank_l"] == [None, 1234.0]
    assert new["total"] == 2
    rest = ask("GET", f"{address}/rows?verdict=new&after={new['next']}").json
    assert [one["name"] for one in rest["items"]] == ["102"]
    assert rest["next"] is None
    rejected = ask("GET", f"{address}/rows?verdict=rejected").json["items"]
    assert rejected[0]["reasons"] == [["fleet_number", "This is needed."]]
    assert "Fleet number: This is needed." in ask("GET", f"{address}/rejected.csv").text
    assert ask("POST", f"{address}/commit").json["state"] == "done"
    listed = ask("GET").json
    assert (listed["total"], listed["items"][0]["state"], listed["next"]) == (1, "done", None)
    assert ask("POST", f"{address}/undo").json["state"] == "undone"
    assert ask("GET", address).json["undone_at"]


def test_another_reading_is_guessed_anew(ask: Ask) -> None:
    address = f"/{post_file(ask).json['id']}"
    changed = ask("PATCH", address, json={"reading": {"delimiter": ",", "header_line": 0}}).json
    assert changed["columns"][0]["header"] == "A"
    assert changed["mapping"]["columns"] == {}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"reading": {"encoding": "klingon"}}, "reading.encoding"),
        ({"reading": {"delimiter": ""}}, "reading.delimiter"),
        ({"reading": {"header_line": -1}}, "reading.header_line"),
        ({"mapping": {"columns": {"wheels": 0}}}, "mapping.columns"),
        ({"mapping": {"columns": {"plate": 3}}}, "mapping.columns"),
        ({"mapping": {"key": "make"}}, "mapping.key"),
        ({"mapping": {"dates": "ydm"}}, "mapping.dates"),
        ({"mapping": {"decimals": "x"}}, "mapping.decimals"),
        ({"mapping": {"time_zone": "Mars/Base"}}, "mapping.time_zone"),
        ({"mapping": {"units": {"tank_l": "km"}}}, "mapping.units"),
        ({"mapping": {"words": {"fuel": {"Gasoil": "tea"}}}}, "mapping.words"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_name(ask: Ask, said: dict[str, Any], field: str) -> None:
    address = f"/{post_file(ask).json['id']}"
    answer = ask("PATCH", address, json=said)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert answer.content_type == "application/problem+json"


def test_a_step_that_is_not_its_turn_is_a_conflict_that_tells_where_it_stands(ask: Ask) -> None:
    address = f"/{post_file(ask).json['id']}"
    for step in ("commit", "undo", "stop"):
        answer = ask("POST", f"{address}/{step}")
        assert answer.status_code == 409
        assert answer.json["state"] == "mapping"
        assert answer.json["type"].endswith("not-ready")


def test_what_is_no_file_or_kind_is_refused_at_its_name(ask: Ask) -> None:
    assert list(post_file(ask, "").json["errors"]) == ["file"]
    assert post_file(ask, kind="unicorns").status_code == 404
    missing = ask("POST", data={"kind": "vehicles"})
    assert missing.status_code == 422
    assert list(missing.json["errors"]) == ["file"]


def test_an_import_of_somebody_else_is_not_there(ask: Ask) -> None:
    address = f"/{post_file(ask, role='admin').json['id']}"
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("GET", "/rows?verdict=new"),
        ("GET", "/rejected.csv"),
        ("POST", "/check"),
        ("POST", "/commit"),
        ("POST", "/undo"),
        ("POST", "/stop"),
    ):
        more = {"json": {}} if method == "PATCH" else {}
        assert ask(method, f"{address}{path}", **more).status_code == 404, path
    assert ask("GET").json["total"] == 0
    mine = post_file(ask).json["id"]
    assert ask("GET", f"/{mine}", role="admin").json["who"] == "dispatcher@example.org"
    assert ask("POST", f"/{mine}/check", role="admin").status_code == 403


def test_whoever_may_not_edit_a_kind_may_not_import_it(ask: Ask) -> None:
    assert post_file(ask, role="mechanic").status_code == 403
    assert post_file(ask, role="viewer").status_code == 403
    assert ask("GET", role="viewer").status_code == 403
