"""Every word that a page says can be said in another language, and German proves it."""

import re
import tomllib
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import psycopg
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from flask.testing import FlaskClient

from web.languages import FOLDER, LANGUAGES, read_po_file

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "web" / "templates").rglob("*.html"))
SPOKEN_ATTRIBUTES = {"aria-label", "title", "placeholder", "alt"}
# Names of things, the same in every language.
NAMES = {
    "Motorpool",
    "API",
    "Authorization",
    "Bearer",
    "ACCESS_TOKEN",
    "VIN",
    "CSV",
    "UTC",
    "ID",
    "required",
    "autofocus",
}


def extract() -> set[Any]:
    """Every word of the code that `make words` finds, one and many as a pair."""
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in asked]
    keywords = {**DEFAULT_KEYWORDS, "_l": None, "say": None}
    found = extract_from_dir(
        ROOT / "web", [(p.removeprefix("web/"), m) for p, m in methods], keywords=keywords
    )
    return {message for _file, _line, message, _comments, _context in found if message}


@pytest.fixture(params=sorted(set(LANGUAGES) - {"en"}))
def catalog(request: pytest.FixtureRequest) -> Catalog:
    catalog = read_po_file(request.param)
    assert catalog, f"{request.param}.po is missing in {FOLDER}"
    return catalog


def test_a_language_has_every_word_of_the_code_and_no_other(catalog: Catalog) -> None:
    assert {message.id for message in catalog if message.id} == extract()


def test_no_word_is_left_untranslated_or_doubtful(catalog: Catalog) -> None:
    for message in catalog:
        if message.id:
            said = message.string if isinstance(message.string, tuple) else (message.string,)
            assert all(said), message.id
            assert not message.fuzzy, message.id


def test_translations_name_the_same_values(catalog: Catalog) -> None:
    for message in catalog:
        if message.id and isinstance(message.id, str):
            values = re.findall(r"%\(\w+\)[sd]|\{\w+[^}]*\}", message.id)
            assert sorted(values) == sorted(re.findall(r"%\(\w+\)[sd]|\{\w+[^}]*\}", message.string)), (
                message.id
            )


class Spoken(HTMLParser):
    """Collects what a reader sees or hears of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.words += [value or "" for name, value in attributes if name in SPOKEN_ATTRIBUTES]


def list_literals(template: Path) -> Iterator[str]:
    """The words that stand in a template themselves instead of in `_()`."""
    tokens = jinja2.Environment(autoescape=True).lex(template.read_text())
    reader = Spoken()
    shown = {"data": lambda value: value, "variable_end": lambda _: "0"}
    reader.feed("".join(shown[kind](value) for _line, kind, value in tokens if kind in shown))
    for text in reader.words:
        text = re.sub(r'[\w-]+="[^"]*"', "", text)  # attributes that a macro puts together
        yield from set(re.findall(r"[^\W\d]{2,}", text)) - NAMES


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_that_cannot_be_translated(template: Path) -> None:
    assert list(list_literals(template)) == []


def test_whoever_is_signed_out_reads_the_browsers_language(client: FlaskClient) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}).text
    assert '<html lang="de"' in page
    assert "Anmelden" in page
    assert "Sign in" in client.get("/sign-in", headers={"Accept-Language": "fr"}).text


def test_a_person_reads_their_own_language_whatever_the_browser_says(
    client: FlaskClient, connection: psycopg.Connection, sign_in: Callable[..., Any]
) -> None:
    connection.execute("UPDATE users SET language = 'de' WHERE role = 'dispatcher'")
    sign_in("dispatcher@example.org")
    for path, word in (("/depots", "Neues Depot"), ("/map", "Fahrzeuge"), ("/account", "Einheiten")):
        assert word in client.get(path, headers={"Accept-Language": "en"}).text


def test_the_map_says_ages_and_states_in_german(
    client: FlaskClient, connection: psycopg.Connection, sign_in: Callable[..., Any]
) -> None:
    connection.execute("UPDATE users SET language = 'de', units = 'imperial' WHERE role = 'dispatcher'")
    sign_in("dispatcher@example.org")
    page = client.get("/map").text
    assert "vor %(count)s s" in page
    assert 'data-units="imperial"' in page


def test_times_are_the_browsers_until_a_person_chooses_a_zone(
    client: FlaskClient, connection: psycopg.Connection, sign_in: Callable[..., Any]
) -> None:
    sign_in("dispatcher@example.org")
    for told, shown in (("Asia/Tokyo", "Asia/Tokyo"), ("Nowhere/At all", "UTC"), ("x" * 4000, "UTC")):
        client.set_cookie("time_zone", told)
        assert f'data-time-zone="{shown}"' in client.get("/map").text
    connection.execute("UPDATE users SET time_zone = 'Europe/Berlin'")
    assert 'data-time-zone="Europe/Berlin"' in client.get("/map").text
