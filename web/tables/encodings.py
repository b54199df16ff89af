"""Which characters the bytes of a text mean, where nothing says so.

A byte order mark decides, then the zeros of UTF-16, then whether the bytes are UTF-8, which other encodings
are not by chance. What is left are the one-byte encodings of the West. Each makes letters of the same bytes,
so each byte above 127 is judged with its neighbours: an é among small letters is likely, a Ú after a small
letter is not, and neither is a letter between two digits, where a no-break space belongs.
"""

import codecs
import re

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ONE_BYTE = ("cp1252", "latin-1", "cp850")
# What a text may be read in; those after the first line are never guessed.
ENCODINGS = (
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", *ONE_BYTE),
    *("cp437", "cp852", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "mac-roman"),
    *("iso-8859-2", "iso-8859-5", "iso-8859-7", "iso-8859-9", "iso-8859-15", "koi8-r"),
    *("gb18030", "big5", "shift_jis", "euc-jp", "euc-kr"),
)
MARK = "motorpool.mark"
UNREADABLE_SIGN = "\udcff"  # a lone surrogate, which no text holds
JUDGED = 4_000

_HIGH = re.compile(rb"[\x80-\xff]")
_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_FREQUENT = "éèàçäöüñáíóúêô"
_RARE = "ëâîïûùåæøœìòãÿžš"
_NEVER_FIRST = "èëïùû"  # no word begins with these: what would be èkoda is Škoda
_JOINS = "\u2019\u00b7\u00ad"
_SIGNS = "\u2018\u201c\u201d\u201e\u2039\u203a«»\u2013\u2014…•€£°²³§®©™ºª½¼¾±µ\u00d7¿¡‰†" + _JOINS


def mark(error: UnicodeError) -> tuple[str, int]:
    """Put a sign where bytes mean nothing, so that their line can be told; an error handler of codecs."""
    assert isinstance(error, UnicodeDecodeError)
    return UNREADABLE_SIGN, error.end


codecs.register_error(MARK, mark)


def guess_encoding(start: bytes) -> str:
    """The most plausible encoding of a text that begins with these bytes."""
    for sign, encoding in BYTE_ORDER_MARKS:
        if start.startswith(sign):
            return encoding
    return _guess_utf_16(start) or _guess_utf_8(start) or max(ONE_BYTE, key=lambda name: judge(start, name))


def judge(start: bytes, encoding: str) -> float:
    """How well this one-byte encoding explains the bytes above 127; more is better."""
    text = start.decode(encoding, MARK)
    places = [match.start() for match in _HIGH.finditer(start)][:JUDGED]
    return sum(
        _weigh(text[place], text[place - 1] if place else " ", text[place + 1 : place + 2] or " ")
        for place in places
    )


def _guess_utf_16(start: bytes) -> str:
    at_even, at_odd = start[::2].count(0), start[1::2].count(0)
    most, least = max(at_even, at_odd), min(at_even, at_odd)
    if most == 0 or most * 10 < len(start) or most < 5 * least:
        return ""
    return "utf-16-be" if at_even > at_odd else "utf-16-le"


def _guess_utf_8(start: bytes) -> str:
    """UTF-8 where the bytes are, or where four of five stretches above ASCII are and a few are damaged."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        sound = len(_CHARACTER.findall(start))
        damaged = len(_HIGH.findall(_CHARACTER.sub(b"", start)))
        return "utf-8" if sound > 4 * damaged else ""
    return "utf-8"


def _weigh(sign: str, before: str, after: str) -> float:
    """How likely this character is between these two."""
    if sign < "\u00a0" or sign == UNREADABLE_SIGN:
        return -20.0
    if sign == "\u00a0":
        return -2.0 if before.isalpha() and after.isalpha() else 1.0
    if sign in _SIGNS:
        return _weigh_sign(sign, before, after)
    if sign == "ß":
        return 2.5 if before in "aeiouäöüAEIOU" and not after.isdigit() else -2.0
    if not sign.isalpha() or sign.lower() not in _FREQUENT + _RARE:
        return -3.0
    if before.isdigit() or after.isdigit():
        return -2.0
    if sign.isupper() and (before.islower() or (before.isupper() and after.islower())):
        return -3.0
    if sign in _NEVER_FIRST and not before.isalpha() and after.isalpha():
        return -2.0
    if sign in _NEVER_FIRST and not before.isalpha():
        return -2.0
    weight = 2.0 if sign.lower() in _FREQUENT else 1.0
    return weight if before.isalpha() or after.isalpha() or sign == "à" else weight / 4


def _weigh_sign(sign: str, before: str, after: str) -> float:
    if before.isalpha() and after.isalpha():
        return 1.0 if sign in _JOINS else -2.0
    return 1.5 if sign == "°" and before in "nN0123456789" else 0.5
