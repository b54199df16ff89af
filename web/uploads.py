"""Files that people send: only where a route takes them, and only what their content says that they are.

Every other request may be 64 KiB. A route that takes a file reads somewhat more than a file may have, so
that one that is too large is answered at its field, with the rest of the form still there.
"""

from flask import Flask, current_app, request
from flask_babel import gettext as _
from flask_jwt_extended import decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError
from werkzeug.exceptions import RequestEntityTooLarge

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


IMPORTS = frozenset({"imports.add", "api_imports.add"})
BESIDE_THE_FILE = 1 << 20  # what a form has besides its file, and more


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
    if request.endpoint in IMPORTS:
        widen_import()
    if request.endpoint in ROUTES:
        request.max_content_length = LARGEST_REQUEST
    elif request.endpoint in OUTLINES:
        request.max_content_length = request.max_form_memory_size = LARGEST_OUTLINE


def widen_import() -> None:
    """A large file is taken of those whom we have signed in once: of a stranger it would fill the disk.

    Whether they still are is asked as of everybody, when the request is read. Raises RequestEntityTooLarge.
    """
    most = current_app.config["IMPORT_MAX_BYTES"]
    if request.content_length is not None and request.content_length > most + BESIDE_THE_FILE:
        said = _("This file is larger than %(most)s MB. Split it into several.", most=most >> 20)
        raise RequestEntityTooLarge(said)
    if has_token():
        request.max_content_length = most + BESIDE_THE_FILE


def has_token() -> bool:
    """Whether a token of ours comes with the request, though it may have expired."""
    shown = [request.headers.get("Authorization", "").removeprefix("Bearer ").strip()]
    shown += [request.cookies.get(name, "") for name in ("access_token_cookie", "refresh_token_cookie")]
    return any(is_ours(token) for token in shown if token)


def is_ours(token: str) -> bool:
    """Whether we signed this."""
    try:
        decode_token(token, allow_expired=True)
    except (PyJWTError, JWTExtendedException, ValueError):
        return False
    return True


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
