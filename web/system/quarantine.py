"""What was put aside: the list by its reasons, and one entry with its bytes as text and in hexadecimal.

The bytes came from outside and may be anything: they are shown, never interpreted, and every character that
does not print is written as its code.
"""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from werkzeug.exceptions import NotFound

from sql import quarantine
from sql.quarantine import Matching
from sql.users import list_reach
from web import database
from web.shell import render_part
from web.system.place import PAGE, read_id, read_words

pages = Blueprint("quarantine", __name__, url_prefix="/quarantine")
SHOWN_BYTES = 4096
ROW_BYTES = 16


@pages.get("")
def list_all() -> Response:
    """The list, the latest first, or only its rows for htmx."""
    search, reason = read_words(request.args, "search"), read_words(request.args, "reason")
    after = read_id(request.args, "after")
    with database.connection() as connection:
        matching = Matching(search, reason, list_reach(connection, g.user))
        rows = quarantine.list_page(connection, matching, after, PAGE + 1)
        total, size_bytes = quarantine.count(connection, matching)
        reasons = quarantine.list_reasons(connection)
    rows, has_more = rows[:PAGE], len(rows) > PAGE
    shown = (read_id(request.args, "shown") or 0) + len(rows)
    wanted: dict[str, Any] = {"search": search or None, "reason": reason or None}
    more = url_for(".list_all", **wanted, after=rows[-1]["id"], shown=shown) if has_more else None
    values: dict[str, Any] = {"rows": rows, "total": total, "size_bytes": size_bytes, "more": more}
    return render_part(
        "system/quarantine.html",
        "system/quarantine_results.html",
        **{**values, "shown": shown, "search": search, "reason": reason, "reasons": reasons},
    )


@pages.get("/<int:id>")
def show(id: int) -> Response:
    """One entry with its bytes."""
    with database.connection() as connection:
        entry = quarantine.find(connection, id) if id < 2**63 else None
    if entry is None:
        raise NotFound
    raw = bytes(entry["raw"])
    shown = raw[:SHOWN_BYTES]
    page = render_template(
        "system/quarantined.html",
        entry=entry,
        kept=len(raw),
        shown=len(shown),
        text=write_text(shown),
        hexadecimal=write_hex(shown),
    )
    return make_response(page)


def write_text(raw: bytes) -> str:
    """Bytes as text: what does not print is written as its code, but for ends of lines."""
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(
        letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text
    )


def write_hex(raw: bytes) -> str:
    """Bytes in hexadecimal, sixteen a line with their place before and what prints of them behind."""
    lines = []
    for start in range(0, len(raw), ROW_BYTES):
        row = raw[start : start + ROW_BYTES]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:06x}  {row.hex(' '):<{3 * ROW_BYTES - 1}}  {letters}")
    return "\n".join(lines)
