"""Texts and numbers within XML: escaped, and without the control characters that XML cannot hold."""

import re
from xml.sax.saxutils import escape, quoteattr

_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_text(text: str) -> str:
    """A text between tags."""
    return escape(_IMPOSSIBLE.sub("", text))


def write_attribute(text: str) -> str:
    """A text as an attribute, in its quotes."""
    return quoteattr(_IMPOSSIBLE.sub("", text))


def write_number(number: float) -> str:
    """A number with all its digits and without an exponent, which the formats' decimals do not know."""
    text = repr(float(number))
    return f"{number:.15f}".rstrip("0") if "e" in text else text
