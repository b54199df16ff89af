"""What surrounds every page: the way to the others as far as rights go, and what templates know."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, make_response, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from sql.users import User
from web import tokens
from web.languages import LANGUAGES, choose_time_zone, list_words_of_scripts
from web.rights import find_right, may


@dataclass(frozen=True)
class Place:
    """One line of the navigation: shown to whoever has the right of its endpoint."""

    endpoint: str
    label: Any
    icon: str


# In the order in which they are shown; the first that a person may see is where they begin.
PLACES = (
    Place("live_map.show", _l("Live map"), "map"),
    Place("alerts.list_all", _l("Alerts"), "bell"),
    Place("trips.list_all", _l("Trips"), "route"),
    Place("assignments.list_all", _l("Assignments"), "calendar"),
    Place("vehicles.list_all", _l("Vehicles"), "bus"),
    Place("drivers.list_all", _l("Drivers"), "wheel"),
    Place("devices.list_all", _l("Devices"), "tracker"),
    Place("depots.list_all", _l("Depots"), "building"),
    Place("geofences.list_all", _l("Geofences"), "fence"),
    Place("rules.list_all", _l("Rules"), "rule"),
    Place("imports.list_all", _l("Import"), "import"),
    Place("exports.list_all", _l("Exports"), "export"),
    Place("users.list_all", _l("Users"), "users"),
    Place("system.overview.show", _l("System"), "pulse"),
)


def set_up(app: Flask) -> None:
    """Tell the templates."""
    app.context_processor(describe)


def describe() -> dict[str, Any]:
    """What every template may use."""
    user = g.get("user")
    session_id = g.get("session_id")
    locale = get_locale()
    return {
        "user": user,
        "places": list_places(user) if user else [],
        "is_here": lambda place: (
            (request.endpoint or "").partition(".")[0] == place.endpoint.partition(".")[0]
        ),
        "may": lambda right: user is not None and may(user.role, right),
        "form_token": tokens.make_form_token(session_id) if session_id else "",
        "language": locale.language if locale else "en",
        "languages": LANGUAGES,
        "time_zone": choose_time_zone(),
        "list_words_of_scripts": list_words_of_scripts,
    }


def list_places(user: User) -> list[Place]:
    """Where this person may go."""
    return [place for place in PLACES if may(user.role, find_right(place.endpoint) or "")]


def find_first_page(user: User) -> str:
    """Where this person begins."""
    places = list_places(user)
    return url_for(places[0].endpoint if places else "account.show")


def render_part(page: str, part: str, **values: Any) -> Response:
    """The page, or for htmx only the part of it that changes."""
    is_part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    response = make_response(render_template(part if is_part else page, **values))
    response.headers["Vary"] = "HX-Request"
    return response
