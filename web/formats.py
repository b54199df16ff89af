"""How values look to the person who reads them: in their language, time zone and units."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask import Flask, current_app, g
from flask_babel import format_date, format_datetime, format_decimal, format_time, format_timedelta
from flask_babel import gettext as _
from markupsafe import Markup, escape

from web import clock

METRES_PER_MILE = 1609.344
METRES_PER_FOOT = 0.3048
LITRES_PER_GALLON = 3.785411784
SOON_DAYS = 30
TONES = {
    "green": "bg-green-lt",
    "yellow": "bg-yellow-lt",
    "red": "bg-red-lt",
    "secondary": "bg-secondary-lt",
}
NOTHING = "\u2013"


def set_up(app: Flask) -> None:
    """Make them filters of the templates."""
    shows: list[Callable[..., Any]] = [
        moment,
        day,
        weekday,
        span,
        ago,
        number,
        odometer,
        volume,
        expiry,
    ]
    shows += [picture, speed, metres, lasting, acceleration, percent, volts]
    shows += [place, plain, on_off, yes_no, show_as, browser, distance, hours]
    shows += [time_of_day, moment_short, weekday_short, decimal]
    for show in shows:
        app.add_template_filter(show)


def moment(value: datetime | str | None) -> Any:
    """Day and time, to the minute; a machine reads the whole of it beside."""
    if value is None:
        return NOTHING
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    shown = format_datetime(at, "medium") if at.second else minute(at)
    return Markup('<time datetime="{}">{}</time>').format(at.astimezone(UTC).isoformat(), shown)


def minute(at: datetime) -> str:
    """Day and time; the short form of a day, 3/2/26, would be read as another day by half of the world."""
    return f"{format_date(at, 'medium')}, {format_time(at, 'short')}"


def moment_short(value: datetime) -> Markup:
    """Day and time without seconds; a machine reads the whole of it beside."""
    machine = value.astimezone(UTC).isoformat()
    return Markup('<time datetime="{}">{}</time>').format(machine, format_datetime(value, "short"))


def day(value: date | str | None) -> str:
    """A day."""
    if not value:
        return NOTHING
    on = date.fromisoformat(value) if isinstance(value, str) else value
    return str(format_date(on, "medium", rebase=False))


def weekday(value: date) -> str:
    """A day with its weekday."""
    return str(format_date(value, "EEEE d MMMM y", rebase=False))


def weekday_short(value: datetime) -> str:
    """The weekday of a moment in the reader's time zone."""
    return str(format_datetime(value, "EEE"))


def ago(value: datetime | None) -> Any:
    """How long ago, with the moment itself beside."""
    if value is None:
        return NOTHING
    shown = _("%(time)s ago", time=format_timedelta(datetime.now(UTC) - value, threshold=1.2))
    title = format_datetime(value, "medium")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), title, shown)


def expiry(value: date | str | None) -> Any:
    """The day on which something ends, marked where that is past or soon."""
    if not value:
        return NOTHING
    on = date.fromisoformat(value) if isinstance(value, str) else value
    days = (on - clock.today()).days
    if days < 0:
        return badge(_("expired %(day)s", day=day(on)), "red")
    return badge(day(on), "yellow") if days <= SOON_DAYS else day(on)


def badge(text: Any, tone: str) -> Markup:
    """A word with a colour: green, yellow, red or secondary."""
    return Markup('<span class="badge {}">{}</span>').format(TONES[tone], text)


def span(starts_at: datetime, ends_at: datetime | None) -> str:
    """From when to when, as short as it can be said."""
    start, end = starts_at.astimezone(clock.zone()), ends_at and ends_at.astimezone(clock.zone())
    begin = minute(starts_at)
    if end is None or ends_at is None:
        return str(_("from %(begin)s on", begin=begin))
    if end.date() == start.date():
        return f"{begin} \u2013 {format_time(ends_at, 'short')}"
    return f"{begin} \u2013 {minute(ends_at)}"


def number(value: float | None, digits: int = 0) -> str:
    """A number, with as many decimals."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return NOTHING if value is None else str(format_decimal(value, pattern))


def odometer(metres: float | None) -> str:
    """Whole kilometres or miles."""
    if metres is None:
        return NOTHING
    return f"{number(metres / METRES_PER_MILE)} mi" if uses_miles() else f"{number(metres / 1000)} km"


def distance(metres: float | None) -> str:
    """Kilometres or miles, with a decimal below a hundred."""
    if metres is None:
        return NOTHING
    amount, unit = (metres / METRES_PER_MILE, "mi") if uses_miles() else (metres / 1000, "km")
    return f"{number(amount, 1 if amount < 99.95 else 0)} {unit}"


def hours(seconds: float | None) -> str:
    """Seconds below a minute, then minutes, then hours and minutes."""
    if seconds is None:
        return NOTHING
    if seconds < 59.5:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{number(hours)} h {minutes:02} min" if hours else f"{minutes} min"


def time_of_day(value: datetime) -> Markup:
    """Hours and minutes; a machine reads the whole moment beside."""
    machine = value.astimezone(UTC).isoformat()
    return Markup('<time datetime="{}">{}</time>').format(machine, format_time(value, "short"))


def volume(litres: float | None) -> str:
    """Litres or US gallons."""
    if litres is None:
        return NOTHING
    return f"{decimal(litres / LITRES_PER_GALLON)} gal" if uses_miles() else f"{decimal(litres)} L"


def decimal(value: float) -> str:
    """A number with a decimal where it has one."""
    return str(format_decimal(round(value, 1), "#,##0.#"))


def picture(id: int | None) -> str:
    """A photo, by its number."""
    return NOTHING if id is None else _("picture %(id)s", id=id)


def speed(mps: float | None) -> str:
    """Kilometres or miles per hour."""
    if mps is None:
        return NOTHING
    return f"{number(mps * 3600 / METRES_PER_MILE)} mph" if uses_miles() else f"{number(mps * 3.6)} km/h"


def metres(value: float | None) -> str:
    """Metres or feet."""
    if value is None:
        return NOTHING
    return f"{number(value / METRES_PER_FOOT)} ft" if uses_miles() else f"{decimal(value)} m"


def lasting(seconds: float | None) -> str:
    """How long something takes, as short as it can be said."""
    if seconds is None:
        return NOTHING
    sizes = (("h", 3600), ("min", 60), ("s", 1))
    parts = [(int(seconds % (60 * size) if size < 3600 else seconds) // size, unit) for unit, size in sizes]
    first = next((place for place, (count, _unit) in enumerate(parts) if count), 2)
    return " ".join(
        f"{number(count)} {unit}" for count, unit in parts[first : first + 2] if count or first == 2
    )


def acceleration(value: float | None) -> str:
    """Metres per second squared, as devices and their makers give it everywhere."""
    return NOTHING if value is None else f"{decimal(value)} m/s\u00b2"


def percent(value: float | None) -> str:
    """Percent."""
    return NOTHING if value is None else f"{decimal(value)} %"


def volts(value: float | None) -> str:
    """Volts."""
    return NOTHING if value is None else f"{decimal(value)} V"


def place(value: float | None) -> str:
    """Degrees, to about a metre."""
    return NOTHING if value is None else f"{value:.5f}"


def plain(value: Any) -> Any:
    """A value as it is."""
    return NOTHING if value is None or value == "" else escape(value)


def on_off(value: bool | None) -> str:
    """Whether something is switched on."""
    return str(_("on") if value else _("off"))


def yes_no(value: bool | None) -> str:
    """Whether something is so."""
    return str(_("yes") if value else _("no"))


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
