"""Whose an import is: who began it sees it and goes on with it; admins see those of everybody."""

from flask import g
from flask_babel import gettext as _
from psycopg import Connection
from werkzeug.exceptions import Forbidden

from sql import imports
from sql.audit import Row
from sql.imports import ImportMissing
from sql.queries import fetch_rows, queries
from web.imports.kind import ImportKind
from web.imports.kinds import IMPORTS, KINDS
from web.rights import may

LARGEST_ID = 2**31 - 1


def list_kinds() -> list[ImportKind]:
    """What the person who asks may import."""
    return [kind for kind in IMPORTS if may(g.user.role, kind.right)]


def find_kind(name: str) -> ImportKind:
    """A kind that the person who asks may import. Raises ImportMissing, Forbidden."""
    kind = KINDS.get(name)
    if kind is None:
        raise ImportMissing(f"There is no kind {name}.")
    if not may(g.user.role, kind.right):
        raise Forbidden(_("As %(role)s, you may not %(right)s.", role=_(g.user.role), right=_(kind.right)))
    return kind


def find(connection: Connection, id: int) -> Row:
    """An import that the person who asks may see. Raises ImportMissing, Forbidden."""
    missing = ImportMissing(f"There is no import {id}.")
    if id > LARGEST_ID:
        raise missing
    row = imports.get(connection, id)
    if not is_seen(row):
        raise missing
    find_kind(row["kind"])
    return row


def find_own(connection: Connection, id: int) -> Row:
    """An import that the person who asks may go on with. Raises ImportMissing, Forbidden."""
    row = find(connection, id)
    if not is_own(row):
        raise Forbidden(_("Only who began this import goes on with it: what it changes is in their name."))
    return row


def is_seen(row: Row) -> bool:
    """Whether the person who asks may see it."""
    return is_own(row) or g.user.role == "admin"


def is_own(row: Row) -> bool:
    """Whether the person who asks began it."""
    return bool(row["user_id"] == g.user.id)


def list_page(connection: Connection, after: int | None, most: int) -> tuple[list[Row], int]:
    """The imports that the person who asks may see, the newest first, and how many there are."""
    asked = {
        "kinds": [kind.name for kind in list_kinds()],
        "user_id": None if g.user.role == "admin" else g.user.id,
    }
    place = after if after is None else min(after, LARGEST_ID)
    rows = fetch_rows(connection, "list_imports", **asked, after=place, most=most)
    return rows, int(queries.count_imports(connection, **asked))
