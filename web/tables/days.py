"""Days and moments as people write them, in the order that a column has.

1/2/2024 is the first of February or the second of January; nothing in it tells. So the order is given, "dmy",
"mdy" or "ymd", and `guess_order` says which are possible for a whole column. What begins with a year of four
digits, as ISO 8601 does, and what names its month reads the same in any order.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

from flask_babel import gettext as _

from web.tables.months import FILLERS, MONTHS, fold

ORDERS = ("dmy", "mdy", "ymd")
LONGEST = 60
MOST_STRAY = 0.2
FIRST_SHORT_YEAR = 1970
EPOCH_BEGINS, EPOCH_ENDS = 946_684_800, 4_102_444_800  # the years 2000 and 2100
MILLISECONDS = 1000

_NUMBERS = re.compile(r"([0-9]{1,4})\s*([./\- ])\s*([0-9]{1,2})\s*\2\s*([0-9]{1,4})\.?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_WORDS = re.compile(r"[0-9]+|[^\W\d_]+")
_NAMED = re.compile(r"[\w\s.,/\-]+")
_EPOCH = re.compile(r"([0-9]{9,13})(?:[.,]([0-9]{1,9}))?")
_TIME = re.compile(
    r"""(?:^|[\sT,]+|(?<=[0-9])T)(?P<hour>[0-9]{1,2})
    (?:\s*[:h]\s*(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<part>[0-9]{1,9}))?)?)?
    \s*(?P<half>[ap]\.?\s?m\.?)?(?:\s*(?:Uhr|h))?
    \s*(?P<zone>Z|UTC|GMT|(?:UTC|GMT)?[+\-\u2212][0-9]{2}(?::?[0-9]{2})?)?$""",
    re.VERBOSE | re.IGNORECASE,
)


def guess_order(texts: Iterable[str]) -> set[str]:
    """Which orders fit all these texts; {"ymd"} where each reads the same in any order.

    Where most are days or moments, a few that are none do not count. An empty set says that these are no
    days, or that some are written in one order and some in another.
    """
    possible, count, stray, is_open = set(ORDERS), 0, 0, False
    for text in filter(None, map(str.strip, texts)):
        count += 1
        day = _split(text)[0]
        fitting = _list_orders(day)
        if fitting:
            possible &= fitting
            is_open = is_open or _depends(day)
        elif not _is_epoch(text):
            stray += 1
    if not count or stray > MOST_STRAY * count:
        return set()
    return possible if is_open else {"ymd"}


def read_day(text: str, order: str) -> date:
    """A day. Raises ValueError with a sentence for whoever wrote it."""
    text = text.strip()
    day, clock = _split(text)
    if clock and _read_time(clock)[0] != time():
        raise ValueError(_("%(text)s has a time of day, but only a day is wanted.", text=_show(text)))
    return _read_date(day, order)


def read_moment(text: str, order: str) -> datetime:
    """A moment, with a time zone where the text has an offset; a day alone begins at midnight.

    Numbers are seconds or milliseconds since 1970 where that falls into 2000 to 2100. Raises ValueError with
    a sentence for whoever wrote it.
    """
    if (text[4:5] == "-" and text[7:8] == "-") or text[8:9] == "T":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    text = text.strip()
    if _is_epoch(text):
        return _read_epoch(text)
    day, clock = _split(text)
    on = _read_date(day, order)
    if clock is None:
        return datetime.combine(on, time())
    at, zone = _read_time(clock)
    return datetime.combine(on, at, zone)


def _split(text: str) -> tuple[str, re.Match[str] | None]:
    """The day of a text, and the time of day behind it."""
    if len(text) > LONGEST:
        return text, None
    for clock in _TIME.finditer(text):
        if clock.start() > 0 and (clock["minute"] or clock["half"]):
            return text[: clock.start()].rstrip(" ,"), clock
    return text, None


@lru_cache(maxsize=8192)
def _read_date(text: str, order: str) -> date:
    parts = _find_parts(text, order)
    if parts is None:
        raise ValueError(_("%(text)s is no day, such as 2026-11-23.", text=_show(text)))
    year, month, day = parts
    if not 1 <= month <= 12:
        raise ValueError(_("%(text)s: there is no month %(month)s.", text=_show(text), month=month))
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(
            _(
                "%(text)s: there is no day %(day)s in month %(month)s of %(year)s.",
                text=_show(text),
                day=day,
                month=month,
                year=year,
            )
        ) from error


def _find_parts(text: str, order: str) -> tuple[int, int, int] | None:
    """Year, month and day; None where a text has none in this order."""
    compact = _COMPACT.fullmatch(text)
    if compact:
        return int(compact[1]), int(compact[2]), int(compact[3])
    numbers = _NUMBERS.fullmatch(text)
    if numbers is None:
        return _find_named(text) if len(text) <= LONGEST else None
    first, second, third = numbers[1], numbers[3], numbers[4]
    if len(first) == 4 and len(third) <= 2:
        return int(first), int(second), int(third)
    year = first if order == "ymd" else third
    if len(year) not in (2, 4) or len(first) > 2 or (order == "ymd" and len(third) > 2):
        return None
    if order == "ymd":
        return _widen(year), int(second), int(third)
    month, day = (second, first) if order == "dmy" else (first, second)
    return _widen(year), int(month), int(day)


def _find_named(text: str) -> tuple[int, int, int] | None:
    """Year, month and day of a text that names its month, as 1. Februar 2024 or Feb 1, 2024."""
    if not _NAMED.fullmatch(text):
        return None
    words = [fold(word) for word in _WORDS.findall(text)]
    numbers = [word for word in words if word.isdecimal()]
    months = [MONTHS[word] for word in words if word in MONTHS]
    rest = [word for word in words if not word.isdecimal() and word not in MONTHS and word not in FILLERS]
    if len(numbers) != 2 or len(months) != 1 or rest:
        return None
    day, year = reversed(numbers) if len(numbers[0]) == 4 else numbers
    return (_widen(year), months[0], int(day)) if len(year) in (2, 4) and len(day) <= 2 else None


def _widen(year: str) -> int:
    """A year of two digits lies from 1970 to 2069."""
    if len(year) == 4:
        return int(year)
    return FIRST_SHORT_YEAR + (int(year) - FIRST_SHORT_YEAR) % 100


@lru_cache(maxsize=8192)
def _list_orders(day: str) -> frozenset[str]:
    fitting = set()
    for order in ORDERS:
        try:
            _read_date(day, order)
        except ValueError:
            continue
        fitting.add(order)
    return frozenset(fitting)


def _depends(day: str) -> bool:
    """Whether a day reads differently in another order."""
    numbers = _NUMBERS.fullmatch(day)
    return numbers is not None and len(numbers[1]) != 4


def _read_time(clock: re.Match[str]) -> tuple[time, timezone | None]:
    hour, minute, second = (int(clock[name] or 0) for name in ("hour", "minute", "second"))
    if clock["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(_("%(text)s is no time of day.", text=clock[0].strip()))
        hour = hour % 12 + (12 if clock["half"][0] in "pP" else 0)
    micro = int((clock["part"] or "0").ljust(6, "0")[:6])
    try:
        return time(hour, minute, second, micro), _read_zone(clock["zone"])
    except ValueError as error:
        raise ValueError(_("%(text)s is no time of day.", text=clock[0].strip())) from error


def _read_zone(text: str | None) -> timezone | None:
    if not text:
        return None
    digits = re.sub(r"[^0-9]", "", text)
    if not digits:
        return UTC
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(offset if "+" in text else -offset)


def _is_epoch(text: str) -> bool:
    found = _EPOCH.fullmatch(text)
    if found is None:
        return False
    seconds = int(found[1])
    return any(EPOCH_BEGINS * unit <= seconds < EPOCH_ENDS * unit for unit in (1, MILLISECONDS))


def _read_epoch(text: str) -> datetime:
    whole, _point, part = text.replace(",", ".").partition(".")
    micro = int(part.ljust(6, "0")[:6] or 0)
    if int(whole) < EPOCH_ENDS:
        return datetime.fromtimestamp(int(whole), UTC) + timedelta(microseconds=micro)
    seconds, milli = divmod(int(whole), MILLISECONDS)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(milliseconds=milli)


def _show(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
