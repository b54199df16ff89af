"""Numbers as people write them: 1,234.50 or 1.234,50 or 1 234,50 or (1'234.50) or 1 234,50-.

Which sign stands before decimals is a matter of the whole column: 1,234 alone may be a thousand or a little
more than one. So nothing is guessed in silence: `guess_decimal` says what is possible.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

from flask_babel import gettext as _

DECIMALS = (".", ",")
DASHES = ("-", "\u2212", "\u2013", "\u2014")
LONGEST = 60
MOST_STRAY = 0.2
_SPACES = "\u0020\u00a0\u2009\u202f"
_APOSTROPHES = "'\u2019"
_MINUSES = "-\u2212"
_SIGN = "[+\u2212-]"
_CURRENCY = r"(?:[$€£¥]|Fr\.|kr|[A-Z]{3})"
_PLAIN = {
    ".": re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?"),
    ",": re.compile(r"[+-]?[0-9]{1,18}(?:,[0-9]{1,18})?"),
}
_WRITTEN = {
    decimal: re.compile(
        rf"""(?P<open>\()?\s*(?P<sign>{_SIGN})?\s*
        (?P<whole>[0-9]+|[1-9][0-9]{{0,2}}(?P<by>[{"," if decimal == "." else "."}{_SPACES}{_APOSTROPHES}])
            [0-9]{{3}}(?:(?P=by)[0-9]{{3}})*)?
        (?:{re.escape(decimal)}(?P<part>[0-9]*))?(?P<power>[eE][+-]?[0-9]{{1,2}})?
        \s*(?P<after>{_SIGN})?\s*(?P<close>\))?""",
        re.VERBOSE,
    )
    for decimal in DECIMALS
}
_BEFORE = re.compile(rf"^([(+\u2212-]*)\s*{_CURRENCY}\s*(?=[0-9.,(+\u2212-])")
_AFTER = re.compile(r"(?<=[0-9.,)\s-])\s*(?:%|‰|°|[^\W\d_°][\w²³./°*]*(?:\s[^\W\d_]+)?|[$€£¥])$")
_GROUPED = re.compile(rf"[0-9][.,{_SPACES}{_APOSTROPHES}][0-9]")


def guess_decimal(texts: Iterable[str], units: bool = False) -> set[str]:
    """Which of "." and "," may stand before the decimals of all these texts; both where that is open.

    Where most are numbers, a few that are none do not count. An empty set says that these are no numbers, or
    that some are written one way and some the other. `units` as in `read_number`.
    """
    possible, count, stray = set(DECIMALS), 0, 0
    for text in filter(None, map(str.strip, texts)):
        if text in DASHES:
            continue
        fitting = {decimal for decimal in DECIMALS if _match(text, decimal, units)}
        count += 1
        if fitting:
            possible &= fitting
        else:
            stray += 1
    return possible if count and stray <= MOST_STRAY * count else set()


def read_number(text: str, decimal: str = ".", units: bool = False) -> Decimal:
    """A number with this sign before its decimals. Raises ValueError with a sentence for whoever wrote it.

    Thousands may be set apart by the other of dot and comma, by spaces or apostrophes, all by the same and by
    threes. A dash alone is 0, as accounts have it. With `units` a sign of currency in front and a unit behind
    (€, km, %) are left out.
    """
    text = text.strip()
    if _PLAIN[decimal].fullmatch(text):
        return Decimal(text if decimal == "." else text.replace(",", "."))
    if text in DASHES:
        return Decimal(0)
    written = _match(text, decimal, units)
    if written is None:
        raise ValueError(_explain(text, decimal))
    is_negative = written["open"] or (written["sign"] or written["after"] or "+") in _MINUSES
    whole = (written["whole"] or "0").replace(written["by"] or ",", "")
    part = f".{written['part']}" if written["part"] else ""
    number = Decimal(f"{whole}{part}{written['power'] or ''}")
    return -number if is_negative else number


def _match(text: str, decimal: str, units: bool) -> re.Match[str] | None:
    if len(text) > LONGEST:
        return None
    if units:
        text = _AFTER.sub("", _BEFORE.sub(r"\1", text, count=1), count=1)
    written = _WRITTEN[decimal].fullmatch(text)
    if written is None or not (written["whole"] or written["part"]):
        return None
    signs = sum(map(bool, (written["open"], written["sign"], written["after"])))
    return written if signs <= 1 and bool(written["open"]) == bool(written["close"]) else None


def _explain(text: str, decimal: str) -> str:
    shown = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    example = "1234.5" if decimal == "." else "1234,5"
    if _GROUPED.search(text) and not any(map(str.isalpha, text)):
        return str(
            _(
                "%(text)s is no number with %(decimal)s before its decimals and its thousands set apart by "
                "threes. Write it as %(example)s.",
                text=shown,
                decimal=decimal,
                example=example,
            )
        )
    return str(_("%(text)s is no number, such as %(example)s.", text=shown, example=example))
