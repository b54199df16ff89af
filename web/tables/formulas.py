"""Text that a spreadsheet would take for a formula: one rule for writing it, and its reverse for reading.

A text that begins with = + - @, a tab or a carriage return runs as a formula when its file is opened. An
apostrophe in front stops that. What already has apostrophes in front gets one more, so that reading what was
written gives the very same text: OWASP's "CSV Injection", made reversible.
"""

import re

_RUNS = re.compile(r"'*[=+\-@\t\r]")
_IS_PROTECTED = re.compile(r"'+[=+\-@\t\r]")


def protect(text: str) -> str:
    """A text as it is written to a file of rows: with an apostrophe in front where it would run."""
    return "'" + text if _RUNS.match(text) else text


def unprotect(text: str) -> str:
    """A text as it was before `protect`."""
    return text[1:] if _IS_PROTECTED.match(text) else text
