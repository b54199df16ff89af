"""Files that every page needs: compressed once, and kept by the browser until they change."""

import gzip
import mimetypes
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request, send_from_directory
from werkzeug.exceptions import NotFound

YEAR_S = 365 * 24 * 3600
TEXTS = (".css", ".js", ".svg")
ENCODINGS = {"br": ".br", "gzip": ".gz"}
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("font/woff2", ".woff2")


def set_up(app: Flask) -> None:
    """Serve web/static, and let addresses change when files do."""
    app.add_url_rule("/static/<path:filename>", "static", send)
    app.url_defaults(name_version)


def name_version(endpoint: str, values: dict[str, Any]) -> None:
    """Add to a file's address what changes with its content; `bare=1` leaves it as style sheets name it."""
    if endpoint == "static" and not values.pop("bare", None):
        version = read_version(current_app.config["STATIC_FOLDER"] / values["filename"])
        if version:
            values["v"] = version


def read_version(file: Path) -> str:
    """What changes when a file does."""
    return f"{file.stat().st_mtime_ns // 1_000_000:x}" if file.is_file() else ""


def send(filename: str) -> Response:
    """A file, compressed where the build did so and the browser takes it."""
    folder = current_app.config["STATIC_FOLDER"]
    if filename.endswith((".br", ".gz")):
        raise NotFound
    for encoding, suffix in ENCODINGS.items():
        if request.accept_encodings[encoding] and has_twin(folder / filename, suffix):
            response = send_from_directory(folder, filename + suffix, mimetype=find_type(filename))
            response.headers["Content-Encoding"] = encoding
            break
    else:
        response = send_from_directory(folder, filename, mimetype=find_type(filename))
        if filename.endswith(TEXTS) and request.accept_encodings["gzip"] and response.status_code == 200:
            response.direct_passthrough = False
            response.set_data(compress(response.get_data()))
            response.headers["Content-Encoding"] = "gzip"
            response.set_etag(response.get_etag()[0] or "", weak=True)  # the same file, other bytes
    response.headers["Vary"] = "Accept-Encoding"
    if "v" in request.args or filename.endswith(".woff2"):
        response.cache_control.max_age, response.cache_control.no_cache = YEAR_S, None
        response.cache_control.public = response.cache_control.immutable = True
    return response


def has_twin(file: Path, suffix: str) -> bool:
    """Whether a file has a compressed twin that is no older than it."""
    twin = file.with_name(file.name + suffix)
    return twin.is_file() and twin.stat().st_mtime >= file.stat().st_mtime


@lru_cache(maxsize=128)
def compress(content: bytes) -> bytes:
    """One of our own scripts or styles as it travels; each is compressed once."""
    return gzip.compress(content, mtime=0)


@cache
def find_type(filename: str) -> str:
    """The media type of a file's name."""
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"
