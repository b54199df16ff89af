"""What is inside .zip and .gz: one file, read as a stream and never trusted for its size.

An archive says how large its content is; it may lie, and a few kilobytes may unfold to gigabytes. So what
comes out is counted as it comes, and nothing is read whole.
"""

import gzip
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, BinaryIO, Protocol

from flask_babel import gettext as _

from web.tables.table import Unreadable

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
EMPTY_ZIP = b"PK\x05\x06"
OTHERS = (b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
GIB = 1024**3
MOST_BYTES = 4 * GIB
LONGEST_DIRECTORY = 1024**2
# Deflate makes at most 1,032 bytes of one; tables become a tenth to a fiftieth.
BOMB_RATIO = 500
INNOCENT_BYTES = 64 * 1024**2
ROWS = frozenset(
    f".{suffix}"
    for suffix in (
        *("csv", "txt", "tsv", "tab", "dat", "asc", "log", "nmea", "gpx", "rec"),
        *("xlsx", "xlsm", "xlsb", "xls", "ods", "zip", "gz"),
    )
)
BROKEN = (
    *(EOFError, OSError, ValueError, KeyError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int = ..., /) -> bytes: ...


class Stream:
    """The bytes of a file, or of what is inside an archive, in the order that they stand in.

    `share` is how much of them has been read, from 0 to 1. Reading raises Unreadable.
    """

    def __init__(self, source: Readable, share: Callable[[], float]) -> None:
        self._source, self._share = source, share

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        return self._source.read(size)

    def read_start(self, size: int) -> bytes:
        """So many bytes, or fewer where there are no more."""
        pieces, wanted = [], size
        while wanted > 0 and (piece := self.read(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    @property
    def share(self) -> float:
        """How much has been read, from 0 to 1."""
        return min(1.0, self._share())


class Unpacked(Stream):
    """What comes out of an archive, up to `most` bytes; `packed` tells how many went in."""

    def __init__(
        self, source: Readable, share: Callable[[], float], packed: Callable[[], int], most: int
    ) -> None:
        super().__init__(source, share)
        self._packed, self._most, self._count = packed, most, 0

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        try:
            piece = self._source.read(size)
        except BROKEN as error:
            raise Unreadable(damaged()) from error
        self._count += len(piece)
        if self._count > self._most:
            raise Unreadable(
                _("What is inside this archive is larger than %(size)s.", size=show_size(self._most))
            )
        if is_bomb(self._count, self._packed()):
            raise Unreadable(_("This archive unfolds to far more than a file of rows can."))
        return piece


@contextmanager
def open_stream(file: BinaryIO, inside: str = "", most: int = MOST_BYTES) -> Iterator[Stream]:
    """The bytes of a file, or of the file `inside` it, where it is an archive. Raises Unreadable."""
    size = max(1, measure(file))
    if not inside:
        yield Stream(file, lambda: file.tell() / size)
    elif file.read(2) == GZIP:
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as unzipped:
            yield Unpacked(unzipped, lambda: file.tell() / size, file.tell, most)
    else:
        with open_zip(file) as archive:
            entry = _find(archive, inside)
            with _open_member(archive, entry) as member:
                yield Unpacked(
                    member,
                    lambda: member.tell() / max(1, entry.file_size),
                    lambda: entry.compress_size,
                    most,
                )


@contextmanager
def open_zip(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """A zip archive, whose list of content is not too long to be read. Raises Unreadable."""
    try:
        _check_directory(file)
        archive = zipfile.ZipFile(file)
    except BROKEN as error:
        raise Unreadable(damaged()) from error
    with archive:
        yield archive


def find_inside(file: BinaryIO, name: str) -> str:
    """The name of the one file of rows inside an archive; "" where this is none. Raises Unreadable."""
    file.seek(0)
    start = file.read(8)
    if start.startswith(OTHERS):
        raise Unreadable(_("Of archives only .zip and .gz can be read. Unpack this one, or pack it as .zip."))
    if start.startswith(GZIP):
        last = PurePosixPath(name.replace("\\", "/")).name
        return (last[:-3] if last.lower().endswith(".gz") else last) or "file"
    if not start.startswith((ZIP, EMPTY_ZIP)):
        return ""
    with open_zip(file) as archive:
        return "" if is_workbook(archive) else _choose(archive)


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Whether this archive is what XLSX and ODS files are inside."""
    names = set(archive.namelist())
    return "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= names


def measure(file: BinaryIO) -> int:
    """How many bytes a file has; it stands at its begin then."""
    size = file.seek(0, 2)
    file.seek(0)
    return size


def is_bomb(unpacked: int, packed: int) -> bool:
    """Whether so much came out of so little that it can be no table."""
    return unpacked > INNOCENT_BYTES and unpacked > BOMB_RATIO * max(1, packed)


def damaged() -> str:
    """What is said of an archive that cannot be read."""
    return str(_("This archive is damaged or was not sent whole. Pack it again and send it again."))


def show_size(count: int) -> str:
    """A number of bytes as people say it."""
    return f"{count / GIB:.0f} GB" if count >= GIB else f"{max(1, count // 1024**2)} MB"


def _choose(archive: zipfile.ZipFile) -> str:
    entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_hidden(entry.filename)]
    found = [entry for entry in entries if PurePosixPath(entry.filename).suffix.lower() in ROWS] or entries
    if not found:
        raise Unreadable(_("This archive is empty."))
    if len(found) > 1:
        names = ", ".join(entry.filename for entry in found[:5]) + (", …" if len(found) > 5 else "")
        raise Unreadable(
            _("This archive has %(count)s files: %(names)s. Send one of them.", count=len(found), names=names)
        )
    _check(found[0])
    return found[0].filename


def _find(archive: zipfile.ZipFile, inside: str) -> zipfile.ZipInfo:
    try:
        entry = archive.getinfo(inside)
    except KeyError as error:
        raise Unreadable(_("This archive has no file %(name)s.", name=inside)) from error
    _check(entry)
    return entry


def _open_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return archive.open(entry)
    except BROKEN as error:
        raise Unreadable(damaged()) from error


def _check(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 1:
        raise Unreadable(_("This archive is locked with a password. Pack it again without one."))
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable(_("This archive is packed in an unusual way. Pack it again as a usual .zip."))


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)


def _check_directory(file: BinaryIO) -> None:
    """Refuse a list of content that would fill the memory: zipfile reads it whole."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557 - 76))
    tail = file.read()
    file.seek(0)
    place = tail.rfind(EMPTY_ZIP)
    if place < 0:
        raise zipfile.BadZipFile
    (length,) = struct.unpack_from("<L", tail, place + 12)
    if tail[max(0, place - 20) : place].startswith(b"PK\x06\x07"):
        (record,) = struct.unpack_from("<Q", tail, place - 12)
        file.seek(min(record, size))
        (length,) = struct.unpack("<Q", file.read(56)[40:48])
        file.seek(0)
    if length > LONGEST_DIRECTORY:
        raise Unreadable(_("This archive has too many files."))
