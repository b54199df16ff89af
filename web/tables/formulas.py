"""Texts that a spreadsheet would take for formulas: marked with an apostrophe when written, freed when read.

One rule both ways, so that every text comes back as it was: what begins with apostrophes and then a sign that
begins a formula gets one apostrophe more, and loses one again. Numbers are no texts, and are left alone.
"""

import re

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_PROTECTED = re.compile(r"'+[=+\-@\t\r]")


def protect(text: str) -> str:
    """The text as a cell of a CSV file may hold it."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unprotect(text: str) -> str:
    """The text of such a cell."""
    return text[1:] if _PROTECTED.match(text) else text
