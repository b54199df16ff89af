"""The languages of the pages. English is what the code says; the others are catalogs in `translations/`.

The catalogs are read as they are written (.po): nothing has to be compiled, and nothing can be out of date.
"""

from functools import cache
from io import BytesIO
from pathlib import Path
from zoneinfo import available_timezones

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, request
from flask_babel import Babel, Domain, get_locale

FOLDER = Path(__file__).parent / "translations"
LANGUAGES = {"en": "English", "de": "Deutsch"}


class Catalogs(Domain):  # type: ignore[misc]
    """The catalog of the request's language, read once."""

    def get_translations(self) -> NullTranslations:
        """The translations in force."""
        locale = get_locale()
        return read_catalog(locale.language if locale else "en")


def set_up(app: Flask) -> None:
    """Speak each person's language, or the one their browser asks for."""
    babel = Babel(app, locale_selector=choose_language, timezone_selector=choose_time_zone)
    babel.domain_instance = Catalogs()


@cache
def read_po_file(language: str) -> Catalog | None:
    """The catalog of a language as it is written; None for English."""
    file = FOLDER / f"{language}.po"
    if not file.exists():
        return None
    with file.open("rb") as text:
        return read_po(text, locale=language)


@cache
def read_catalog(language: str) -> NullTranslations:
    """What a language has for the words of the code."""
    catalog = read_po_file(language)
    if catalog is None:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled)


def list_words_of_scripts() -> dict[str, str]:
    """What the scripts of a page say, in the request's language; nothing where that is English."""
    locale = get_locale()
    catalog = read_po_file(locale.language if locale else "en") or ()
    return {
        str(message.id): str(message.string)
        for message in catalog
        if message.string and any(file.endswith(".js") for file, _line in message.locations)
    }


def choose_language() -> str:
    """The person's own language, else the first of the browser's that we speak."""
    user = g.get("user")
    if user is not None and user.language in LANGUAGES:
        return str(user.language)
    return request.accept_languages.best_match(LANGUAGES) or "en"


def choose_time_zone() -> str:
    """The person's own time zone, else the browser's, which web/static/theme.js tells in a cookie."""
    user = g.get("user")
    told = request.cookies.get("time_zone", "")
    return (user and user.time_zone) or (told if told in list_time_zones() else "UTC")


@cache
def list_time_zones() -> tuple[str, ...]:
    """The time zones by name, without the ones that are not called after a place."""
    return tuple(sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC"))
