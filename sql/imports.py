"""Imports as they are kept: the file in pieces, how it is read, what was found of its rows, how far it is.

An import is worked on by whoever holds its advisory lock, on two connections: what it brings is written in
one transaction on the one, how far it is on the other, where everybody sees it at once.
"""

import hashlib
import io
from collections.abc import Iterable
from typing import Any, BinaryIO

import psycopg
from psycopg.types.json import Jsonb

from sql.audit import Row, wrap
from sql.pieces import PIECE_BYTES, cut
from sql.queries import fetch_rows, queries

# From which states each can be asked for.
STEPS = {
    "checking": ["mapping", "checked", "cancelled", "failed"],
    "committing": ["checked"],
    "undoing": ["done"],
}


class ImportMissing(Exception):
    """There is no such import."""


class NotReady(Exception):
    """An import cannot be checked, committed or undone as it stands; `state` is where it stands."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the import is {state}")
        self.state = state


class KeptFile(io.RawIOBase):
    """An import's file, read piece by piece as it is wanted."""

    def __init__(self, connection: psycopg.Connection, import_id: int, size: int) -> None:
        super().__init__()
        self._connection, self._import_id, self._size = connection, import_id, size
        self._place, self._number, self._piece = 0, -1, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._place = base + offset
        return self._place

    def tell(self) -> int:
        """The place in the file."""
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the piece at this place goes."""
        if self._place >= self._size:
            return 0
        number, start = divmod(self._place, PIECE_BYTES)
        if number != self._number:
            asked = {"import_id": self._import_id, "number": number}
            self._piece = bytes(queries.get_import_piece(self._connection, **asked) or b"")
            self._number = number
        part = self._piece[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._place += len(part)
        return len(part)


def begin(
    connection: psycopg.Connection, kind: str, user_id: int | None, file_name: str, stream: BinaryIO
) -> Row:
    """Keep a file to import from, in the transaction of the caller; the new import."""
    id: int = queries.add_import(connection, kind=kind, user_id=user_id, file_name=file_name)
    digest, size = hashlib.sha256(), 0
    for number, piece in enumerate(cut(stream)):
        queries.add_import_piece(connection, import_id=id, number=number, content=piece)
        digest.update(piece)
        size += len(piece)
    queries.end_import_file(connection, id=id, file_bytes=size, file_sha256=digest.hexdigest())
    return get(connection, id)


def open_file(connection: psycopg.Connection, row: Row) -> BinaryIO:
    """The file of an import, to read and seek in; closed with or before the connection."""
    return io.BufferedReader(KeptFile(connection, row["id"], row["file_bytes"]), 1 << 16)


def get(connection: psycopg.Connection, id: int) -> Row:
    """One import. Raises ImportMissing."""
    rows = fetch_rows(connection, "get_import", id=id)
    if not rows:
        raise ImportMissing(f"There is no import {id}.")
    return rows[0]


def describe(connection: psycopg.Connection, id: int, reading: Row, mapping: Row, source: str) -> None:
    """Say how a file is read and what its columns mean. Raises NotReady where it is being worked on."""
    asked = {"id": id, "reading": Jsonb(reading), "mapping": Jsonb(mapping), "source": source}
    if queries.describe_import(connection, **asked) == 0:
        raise NotReady(get(connection, id)["state"])


def ask(connection: psycopg.Connection, id: int, state: str, user_id: int | None) -> None:
    """Let an import be checked, committed or undone: `checking`, `committing`, `undoing`. Raises NotReady."""
    asked = {"id": id, "state": state, "from_states": STEPS[state], "user_id": user_id}
    if queries.ask_for_import(connection, **asked) == 0:
        raise NotReady(get(connection, id)["state"])


def settle(connection: psycopg.Connection, id: int, state: str, **found: Any) -> None:
    """The work has ended: where the import stands now; `found` are columns of import_history."""
    nothing = {f"rows_{name}": None for name in ("read", "new", "changed", "same", "rejected")}
    obstacles = found.pop("obstacles", None)
    asked = {**nothing, "digest": None, "problem": "", **found}
    queries.settle_import(connection, id=id, state=state, obstacles=obstacles and Jsonb(obstacles), **asked)


def keep_rows(connection: psycopg.Connection, import_id: int, rows: Iterable[Row]) -> None:
    """Keep what was found of some rows: the columns of import_rows but the first."""
    names = ("line", "verdict", "name", "record_id", "changes", "reasons", "cells")
    statement = f"COPY import_rows (import_id, {', '.join(names)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            kept = [wrap(row[name]) if name in names[4:] else row[name] for name in names]
            copy.write_row([import_id, *kept])


def list_rows(
    connection: psycopg.Connection, import_id: int, verdict: str, after: int = 0, most: int = 100
) -> list[Row]:
    """What was found of the rows with a verdict, after a line of the file."""
    asked = {"import_id": import_id, "verdict": verdict, "after": after, "most": most}
    return fetch_rows(connection, "list_import_rows", **asked)
