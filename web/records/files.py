"""Handing out what people have uploaded: never as anything but the picture or PDF that it is."""

from io import BytesIO

import psycopg
from flask import Response, send_file

from sql.queries import queries
from sql.records import RecordMissing
from web.uploads import Upload

SEALED = "default-src 'none'; sandbox"
A_YEAR_S = 365 * 24 * 3600


def keep(connection: psycopg.Connection, upload: Upload) -> int:
    """Keep a file; its id."""
    return int(
        queries.add_file(connection, name=upload.name, media_type=upload.media_type, content=upload.content)
    )


def find(connection: psycopg.Connection, file_id: int | None) -> Upload:
    """A file that is kept. Raises RecordMissing."""
    row = queries.get_file(connection, id=file_id) if file_id is not None else None
    if row is None:
        raise RecordMissing("There is no such file.")
    return Upload(*row)


def hand_out(upload: Upload) -> Response:
    """A picture to look at, a PDF to save; the address of a file never shows another."""
    response = send_file(
        BytesIO(upload.content),
        mimetype=upload.media_type,
        download_name=upload.name,
        as_attachment=upload.media_type == "application/pdf",
    )
    response.headers["Content-Security-Policy"] = SEALED
    response.headers["Cache-Control"] = f"private, max-age={A_YEAR_S}, immutable"
    return response
