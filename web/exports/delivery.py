"""An export for somebody who waits: sent while it is made, or made first where its format must be complete.

It has a connection of its own, never one of the pool: however slow the reader, pages go on. What was taken is
written down, whether it arrived or not.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import cast

from flask import Response, current_app, g, stream_with_context
from psycopg_pool import ConnectionPool

from sql.exports import add_run, end_run
from sql.pieces import cut
from sql.users import list_reach
from web import database
from web.exports.desk import find_desk
from web.exports.exportable import Exportable
from web.exports.formats import FORMATS
from web.exports.making import FOLDER, Export, TooManyRows, open_export
from web.exports.wanted import Wanted
from web.rights import N_

MOST_ROWS = 20_000
BROKEN_OFF = N_("It was broken off before the end.")


class Delivery:
    """What has been sent of an export, and all that is let go of when it ends, whole or not."""

    def __init__(self, export: Export, run_id: int, pool: ConnectionPool, held: ExitStack) -> None:
        self._export, self._run_id, self._pool, self._held = export, run_id, pool, held
        self._size, self._problem = 0, BROKEN_OFF
        held.callback(self._write_down)

    def pass_on(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces, weighed; nothing is held for longer than they last."""
        try:
            for piece in pieces:
                self._size += len(piece)
                yield piece
            self._problem = ""
        finally:
            self._held.close()

    def _write_down(self) -> None:
        """What was taken."""
        with self._pool.connection() as connection:
            rows, name = self._export.rows, self._export.file_name
            end_run(connection, self._run_id, rows, self._size, self._problem, name)


def deliver(exportable: Exportable, wanted: Wanted, template_id: int | None = None) -> Response | None:
    """The answer with the file; None where it is too much to be made while somebody waits.

    Raises InvalidFields, TooManyRequests, DatabaseAway, DatabaseSlow.
    """
    with ExitStack() as stack:
        held = stack.enter_context(ExitStack())
        held.enter_context(find_desk().take_place(g.user.id))
        try:
            response = answer(exportable, wanted, template_id, held)
        except TooManyRows:
            return None
        stack.pop_all()
        response.call_on_close(held.close)
    return response


def answer(exportable: Exportable, wanted: Wanted, template_id: int | None, held: ExitStack) -> Response:
    """The answer with the file; what it needs is `held` until it has been sent. Raises TooManyRows."""
    is_streamed = FORMATS[wanted.format].is_streamed
    with database.answering_for_it():
        opened = open_export(find_desk().url, exportable, wanted, None if is_streamed else MOST_ROWS)
        export = held.enter_context(opened)
        if is_streamed:
            pieces = export.stream()
            first = next(pieces)  # what is wrong shows now, while it can still be said
            pieces, size = chain((first,), pieces), None
        else:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix=FOLDER)))
            export.write(folder / "file")
            size = (folder / "file").stat().st_size
            pieces = read_pieces(folder / "file")
    pool = cast(ConnectionPool, current_app.extensions["pool"])
    delivery = Delivery(export, begin(wanted, template_id), pool, held)
    response = Response(stream_with_context(delivery.pass_on(pieces)))
    response.content_type = FORMATS[wanted.format].media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{export.file_name}"'
    if size is not None:
        response.content_length = size
    return response


def begin(wanted: Wanted, template_id: int | None) -> int:
    """Write that the person who asks takes this; the id of the run."""
    with database.connection() as connection:
        reach = list_reach(connection, g.user)
        return add_run(connection, "at once", g.user.id, wanted.dump(), reach, template_id)


def read_pieces(path: Path) -> Iterator[bytes]:
    """A file, piece by piece."""
    with path.open("rb") as file:
        yield from cut(file)
