"""Files that people send: only where a route takes them, and only what their content says that they are.

Every other request may be 64 KiB. A route that takes a file reads somewhat more than a file may have, so
that one that is too large is answered at its field, with the rest of the form still there.
"""

from flask import Flask, request
from flask_babel import gettext as _

from web import pictures

LARGEST = 10 * 1024 * 1024
LARGEST_REQUEST = 32 * 1024 * 1024
LONGEST_NAME = 200
# An outline of 2,000 corners, however it is written.
LARGEST_OUTLINE = 512 * 1024
OUTLINES = frozenset(
    f"{room}.{view}" for room in ("geofences", "api_geofences") for view in ("add", "change")
)
ROUTES = frozenset(
    {
        "vehicle_photo.replace",
        *(f"{owner}_documents.{view}" for owner in ("vehicle", "driver") for view in ("add", "change")),
    }
)


class BadUpload(Exception):
    """A file that is not taken; the message is for the person who sent it."""


class Upload:
    """A file as it is kept."""

    def __init__(self, name: str, media_type: str, content: bytes) -> None:
        self.name, self.media_type, self.content = name, media_type, content


def set_up(app: Flask) -> None:
    """Let the routes that take a file have it, before anybody reads the request."""
    app.before_request(widen)


def widen() -> None:
    """More room for a request that brings a file, and some for one that brings an outline."""
    if request.endpoint in ROUTES:
        request.max_content_length = LARGEST_REQUEST
    elif request.endpoint in OUTLINES:
        request.max_content_length = request.max_form_memory_size = LARGEST_OUTLINE


def read(field: str, longest_side: int, takes_pdf: bool = False) -> Upload | None:
    """The file of this field; None where none was chosen. Raises BadUpload."""
    sent = request.files.get(field)
    if sent is None or not sent.filename:
        return None
    with sent.stream as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise BadUpload(_("This file is larger than 10 MB. Choose a smaller one."))
    name = clean_name(sent.filename)
    if takes_pdf and content.startswith(b"%PDF-"):
        return Upload(name, "application/pdf", content)
    try:
        media_type, redrawn = pictures.redraw(content, longest_side)
    except pictures.NoPicture as error:
        if takes_pdf:
            raise BadUpload(_("This is no PDF, JPEG, PNG or WebP file. Choose another.")) from error
        raise BadUpload(_("This is no JPEG, PNG or WebP picture. Choose another.")) from error
    return Upload(name, media_type, redrawn)


def clean_name(name: str) -> str:
    """A file's name without folders and signs that no name needs."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable()).strip()[-LONGEST_NAME:] or "file"
