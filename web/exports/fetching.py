"""Fetching a file that was made before: by whoever asked for it, and only what they may still see."""

from collections.abc import Iterator

from flask import Response, g, stream_with_context
from flask_babel import gettext as _
from werkzeug.exceptions import Forbidden, NotFound

from sql.audit import Row
from sql.exports import find_run
from sql.queries import queries
from sql.users import list_reach
from web import database
from web.exports.desk import find_desk
from web.exports.formats import FORMATS
from web.exports.wanted import Wanted
from web.records.kind import is_shown

LARGEST_ID = 2**63 - 1


def get_run(id: int) -> Row:
    """An export of the person who asks. Raises NotFound."""
    with database.connection() as connection:
        run = find_run(connection, id, g.user.id) if id <= LARGEST_ID else None
    if run is None:
        raise NotFound
    return run


def fetch(id: int) -> Response:
    """The file of an export. Raises NotFound, Forbidden."""
    run = get_run(id)
    if run["kept_until"] is None:
        raise NotFound(_("This file is not kept any more. Make it again."))
    check_right(run)
    wanted = Wanted.load(run["wanted"])
    response = Response(stream_with_context(read_pieces(id)))
    response.content_type = FORMATS[wanted.format].media_type
    response.content_length = run["bytes"]
    response.headers["Content-Disposition"] = f'attachment; filename="{run["file_name"]}"'
    return response


def check_right(run: Row) -> None:
    """Rights and reach may have become less since a file was made. Raises Forbidden."""
    exportable = find_desk().find(run["kind"])
    asked = {name for name, _text in run["wanted"]["asked"]}
    shown = {field.name for field in (*exportable.shown, *filter(is_shown, exportable.asks))}
    with database.connection() as connection:
        reach = list_reach(connection, g.user)
    is_within = reach is None or (run["depot_ids"] is not None and set(run["depot_ids"]) <= set(reach))
    if not is_within or not {*run["wanted"]["columns"], *asked} <= shown:
        raise Forbidden(_("This file holds more than you may see now. Make it again."))


def read_pieces(id: int) -> Iterator[bytes]:
    """The pieces of a file, each by a connection that is given back before it is sent."""
    number = 0
    while True:
        with database.connection() as connection:
            piece = queries.find_export_piece(connection, run_id=id, number=number)
        if piece is None:
            return
        yield bytes(piece)
        number += 1
