"""Sizes, durations and shares as people read them."""

from flask_babel import gettext as _

from web.formats import NOTHING, number

UNITS = ("B", "kB", "MB", "GB", "TB")


def size(value: int | None) -> str:
    """Bytes in the unit that suits them."""
    if value is None:
        return NOTHING
    amount, unit = float(value), UNITS[0]
    for larger in UNITS[1:]:
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{number(amount, 0 if unit == 'B' or amount >= 100 else 1)} {unit}"


def duration(seconds: float | None) -> str:
    """Seconds in the unit that suits them."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return str(_("%(count)s ms", count=number(seconds * 1000)))
    if seconds < 120:
        return str(_("%(count)s s", count=number(seconds, 1 if seconds < 10 else 0)))
    if seconds < 7200:
        return str(_("%(count)s min", count=number(seconds / 60)))
    return str(_("%(count)s h", count=number(seconds / 3600, 1)))


def share(part: float, whole: float) -> float:
    """A part in percent of the whole, for a bar; nothing of nothing is 0."""
    return round(100 * part / whole, 1) if whole else 0.0
