"""How values look to the person who reads them: in their language, time zone and units."""

from datetime import UTC, date, datetime
from typing import Any

from flask import Flask, current_app, g
from flask_babel import format_date, format_datetime, format_decimal, format_timedelta
from flask_babel import gettext as _
from markupsafe import Markup, escape

METRES_PER_MILE = 1609.344
NOTHING = "\u2013"


def set_up(app: Flask) -> None:
    """Make them filters of the templates."""
    for show in (moment, day, ago, number, distance, speed, place, plain, on_off, show_as, browser):
        app.add_template_filter(show)


def moment(value: datetime | str | None) -> Any:
    """Day and time, to the minute; a machine reads the whole of it beside."""
    if value is None:
        return NOTHING
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    shown = format_datetime(at, "medium" if at.second else "short")
    return Markup('<time datetime="{}">{}</time>').format(at.astimezone(UTC).isoformat(), shown)


def day(value: date | str | None) -> str:
    """A day."""
    if not value:
        return NOTHING
    return str(
        format_date(date.fromisoformat(value) if isinstance(value, str) else value, "medium", rebase=False)
    )


def ago(value: datetime) -> Any:
    """How long ago, with the moment itself beside."""
    shown = _("%(time)s ago", time=format_timedelta(datetime.now(UTC) - value, threshold=1.2))
    title = format_datetime(value, "medium")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), title, shown)


def number(value: float | None, digits: int = 0) -> str:
    """A number, with as many decimals."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return NOTHING if value is None else str(format_decimal(value, pattern))


def distance(metres: float | None) -> str:
    """Kilometres or miles."""
    if metres is None:
        return NOTHING
    if uses_miles():
        return f"{number(metres / METRES_PER_MILE, 1)} mi"
    return f"{number(metres / 1000, 1)} km"


def speed(mps: float | None) -> str:
    """Kilometres or miles per hour."""
    if mps is None:
        return NOTHING
    return f"{number(mps * 3600 / METRES_PER_MILE)} mph" if uses_miles() else f"{number(mps * 3.6)} km/h"


def place(value: float | None) -> str:
    """Degrees, to about a metre."""
    return NOTHING if value is None else f"{value:.5f}"


def plain(value: Any) -> Any:
    """A value as it is."""
    return NOTHING if value is None or value == "" else escape(value)


def on_off(value: bool | None) -> str:
    """Whether something is switched on."""
    return str(_("on") if value else _("off"))


def uses_miles() -> bool:
    """Whether the person reads miles."""
    user = g.get("user")
    return user is not None and user.units == "imperial"


def show_as(value: Any, name: str) -> Any:
    """A value through the filter of this name: how a declared field is shown."""
    return current_app.jinja_env.filters[name](value)


def browser(agent: str) -> str:
    """Which browser on which system, as far as a User-Agent tells."""
    browsers = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
    systems = {
        "Android": "Android",
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Windows": "Windows",
        "Mac OS": "macOS",
        "Linux": "Linux",
    }
    found = [
        next((name for word, name in words.items() if word in agent), "") for words in (browsers, systems)
    ]
    return " · ".join(filter(None, found)) or agent[:40] or NOTHING
