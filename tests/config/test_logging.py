"""What a log must not tell: passwords, tokens, addresses of people, however deep they lie."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from config.logging import redact, set_up
from config.settings import load

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
SECRETS = {
    "a password by its name": ({"password": "marmalade"}, "marmalade"),
    "a token by its name": ({"refresh_token": "marmalade"}, "marmalade"),
    "an address by its name": ({"email": "ana"}, "ana"),
    "a number by its name": ({"phone": "0171 123"}, "0171"),
    "a name deep inside": ({"asked": [{"Authorization": "Bearer marmalade"}]}, "marmalade"),
    "a token in words": (f"refused {TOKEN} today", "eyJ"),
    "a bearer in words": ("Authorization: Bearer marmalade", "marmalade"),
    "an e-mail address in words": ("Key (lower(email))=(ana.lima@example.org) exists", "ana.lima"),
    "a telephone number in words": ("call +49 (0)171 123-4567 now", "4567"),
    "an address with its password": ("postgresql://fleet:marmalade@db:5432/x", "marmalade"),
    "a link that lets its reader in": ("GET /password/new/marmalade_-9 failed", "marmalade"),
}
HARMLESS = [
    "2026-11-25T09:29:27.123456+00:00",
    "192.0.2.1",
    "48.13712, +11.57540",
    "eb793a9cd40742b096555eadf19747a7",
    "fleet/bus-1/position",
    "https://fleet.example.org:8000/map",
    "50000 of 50000",
]


@pytest.mark.parametrize("kind", SECRETS)
def test_what_must_not_be_read_is_hidden(kind: str) -> None:
    said, secret = SECRETS[kind]
    assert secret not in str(redact(said))
    assert "***" in str(redact(said))


@pytest.mark.parametrize("said", HARMLESS)
def test_what_may_be_read_stays(said: str) -> None:
    assert redact({"said": [said]}) == {"said": [said]}


@pytest.fixture
def log_as(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Log in a format; what was written."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    kept = structlog.get_config()

    def write(log_format: str) -> str:
        set_up(load({"LOG_FORMAT": log_format}), "test")
        try:
            raise ValueError("ana.lima@example.org said marmalade", {"password": "x"})
        except ValueError:
            structlog.get_logger("one").error("failed", exc_info=True, user=7, email="ana.lima@example.org")
            logging.getLogger("two").exception("ana.lima@example.org at %s", "+49 171 1234567")
        return capsys.readouterr().err

    yield write
    root.handlers[:], root.level = handlers, level
    structlog.configure(**kept)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_neither_format_shows_people_even_in_a_traceback(log_format: str, log_as: Any) -> None:
    written = log_as(log_format)
    assert "ValueError" in written
    assert "said marmalade" in written
    assert "ana.lima" not in written
    assert "1234567" not in written


def test_each_line_stays_one_object(log_as: Any) -> None:
    lines = [json.loads(line) for line in log_as("json").splitlines()]
    assert [line["event"] for line in lines] == ["failed", "*** at ***"]
    assert lines[0]["user"] == 7
    assert lines[0]["exception"][0]["exc_type"] == "ValueError"
