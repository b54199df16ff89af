"""Rows of a workbook: XLSX, XLS or ODS. A child process reads it (web.tables.sheet); nothing is kept here.

Measured with 100,000 rows of 13 columns: see docs/decisions.md.
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import islice
from typing import IO, BinaryIO, cast

import msgspec
from flask_babel import gettext as _

from web.tables import headers, sheet
from web.tables.archives import BROKEN, EMPTY_ZIP, MOST_BYTES, ZIP, is_bomb, measure, open_stream, open_zip
from web.tables.marks import NEVER_RECKONED
from web.tables.sheet import Contents, Fault, Row
from web.tables.table import Line, Reading, Unreadable

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# An encrypted XLSX file is wrapped in a compound file; in an XLS file a record says so behind the first one.
LOCKED_XLS = re.compile(
    re.escape("EncryptedPackage".encode("utf-16-le"))
    + rb"|\x09\x08\x10\x00\x00\x06\x05\x00.{12}(?:\x86\x00\x00\x00)?\x2f\x00",
    re.DOTALL,
)
LOCKED_ODS = b"encryption-data"
MANIFEST = "META-INF/manifest.xml"
OVERLAP = 64
PROGRAM = [sys.executable, "-P", "-m", "web.tables.sheet"]
LARGEST = 256 * 1024**2
LARGEST_UNPACKED = 1024**3
PIECE = 1024**2
PEEKED = 100
_EXTENSIONS = {
    sheet.DAY: date.fromisoformat,
    sheet.MOMENT: datetime.fromisoformat,
    sheet.TIME: time.fromisoformat,
}
_decode_rows = msgspec.msgpack.Decoder(
    list[Row], ext_hook=lambda code, text: _EXTENSIONS[code](bytes(text).decode())
).decode
_decode_first = msgspec.msgpack.Decoder(Contents | str).decode


class WorkbookTable:
    """The rows of one sheet."""

    def __init__(self, contents: Contents, rows: Iterator[Row], header_line: int) -> None:
        self._count, self._number = max(1, contents.rows), 0
        below = (row for row in rows if row.number >= header_line)
        header = next(below, None) if header_line else None
        if header_line and (header is None or header.number != header_line):
            raise Unreadable(_("There are no headers in line %(line)s.", line=header_line))
        peeked, self._rows = headers.peek(below, PEEKED)
        self.headers = headers.name_columns(header and header.cells, [row.cells for row in peeked])

    def __iter__(self) -> Iterator[Line]:
        for number, cells, fault in self._rows:
            self._number = number
            yield headers.fit(Line(number, cells, explain(fault) if fault else ""), len(self.headers))

    @property
    def share(self) -> float:
        """How much of the sheet has been read, from 0 to 1."""
        return min(1.0, self._number / self._count)


@contextmanager
def open_workbook(file: BinaryIO, reading: Reading, most: int = MOST_BYTES) -> Iterator[WorkbookTable]:
    """The rows of a sheet. Raises Unreadable."""
    line = reading.header_line
    with (
        unpack(file, reading.inside, most) as workbook,
        start(workbook, reading.sheet, str(line)) as (contents, rows),
    ):
        yield WorkbookTable(contents, rows, line)


def peek(workbook: IO[bytes], count: int, name: str = "") -> tuple[Contents, list[Row]]:
    """What is in an unpacked workbook, and the first rows of a sheet. Raises Unreadable."""
    with start(workbook, name, sheet.RAW) as (contents, rows):
        return contents, list(islice(rows, count))


def list_names(workbook: IO[bytes]) -> list[str]:
    """The sheets of an unpacked workbook. Raises Unreadable."""
    with start(workbook, "", sheet.NAMES) as (contents, _rows):
        return contents.sheets


@contextmanager
def unpack(file: BinaryIO, inside: str, most: int = MOST_BYTES) -> Iterator[IO[bytes]]:
    """A workbook as a file of its own, which holds no more than a process can bear. Raises Unreadable."""
    with tempfile.TemporaryFile() as workbook:
        with open_stream(file, inside, most) as stream:
            while piece := stream.read(PIECE):
                if workbook.tell() + len(piece) > LARGEST:
                    raise Unreadable(too_large())
                workbook.write(piece)
        check(workbook)
        yield workbook


def check(workbook: IO[bytes]) -> None:
    """Refuse a workbook that is locked, or unfolds to more than a workbook has. Raises Unreadable."""
    workbook.seek(0)
    begin = workbook.read(8)
    workbook.seek(0)
    if begin.startswith((ZIP, EMPTY_ZIP)):
        _check_members(workbook)
    elif begin == COMPOUND and _is_locked(workbook):
        raise Unreadable(locked())


@contextmanager
def start(workbook: IO[bytes], name: str, header_line: str) -> Iterator[tuple[Contents, Iterator[Row]]]:
    """A process that reads a sheet, for as long as somebody wants its rows. Raises Unreadable."""
    workbook.seek(0)
    with subprocess.Popen(
        [*PROGRAM, name, header_line], stdin=workbook, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout is not None
            first = _read_frame(process.stdout)
            contents = _decode_first(first) if first else sheet.TOO_LARGE
            if isinstance(contents, str):
                raise Unreadable(_explain_end(contents))
            yield contents, _read_rows(process)
        finally:
            process.kill()


def explain(fault: Fault) -> str:
    """What is wrong with a cell, for whoever sent it."""
    column = headers.letter(fault.column)
    if fault.text == NEVER_RECKONED:
        return str(
            _(
                "Cell %(column)s has a formula without its value. "
                "Open the file in a spreadsheet and save it again.",
                column=column,
            )
        )
    if sheet.is_control(fault.text[0]):
        code = f"{ord(fault.text):04X}"
        return str(_("Cell %(place)s has the control character U+%(code)s.", place=column, code=code))
    return str(_("Cell %(column)s has the error %(error)s.", column=column, error=fault.text))


def too_large() -> str:
    """What is said of a workbook that does not fit into memory."""
    return str(_("This workbook is too large to be read at once. Save it as CSV and send that."))


def locked() -> str:
    """What is said of a workbook that is encrypted."""
    return str(_("This workbook is locked with a password. Save it without one and send it again."))


def _read_rows(process: "subprocess.Popen[bytes]") -> Iterator[Row]:
    assert process.stdout is not None
    while frame := _read_frame(process.stdout):
        if frame[0] >> 5 == 0b101 or frame[0] in (0xD9, 0xDA, 0xDB):  # a text: what went wrong on the way
            raise Unreadable(_explain_end(msgspec.msgpack.decode(frame)))
        yield from _decode_rows(frame)
    if process.wait():
        raise Unreadable(too_large())


def _read_frame(source: IO[bytes]) -> bytes:
    length = int.from_bytes(source.read(4), "big")
    frame = source.read(length)
    return frame if len(frame) == length else b""


def _explain_end(code: str) -> str:
    sentences = {
        sheet.MISSING: _("This workbook has no such sheet."),
        sheet.TOO_LARGE: too_large(),
    }
    return str(
        sentences.get(code)
        or _("This workbook is damaged or was not sent whole. Open it in a spreadsheet and save it again.")
    )


def _check_members(workbook: IO[bytes]) -> None:
    """Unfold every member and count, for what an archive says of itself may be a lie."""
    packed, total = measure(cast(BinaryIO, workbook)), 0
    with open_zip(cast(BinaryIO, workbook)) as archive:
        for entry in archive.infolist():
            if entry.flag_bits & 1:
                raise Unreadable(locked())
            for size in _unfold(archive, entry):
                total += size
                if total > LARGEST_UNPACKED or is_bomb(total, packed):
                    raise Unreadable(_("This workbook unfolds to far more than a workbook can."))
        if MANIFEST in archive.namelist() and LOCKED_ODS in archive.read(MANIFEST):
            raise Unreadable(locked())


def _unfold(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[int]:
    try:
        with archive.open(entry) as member:
            while piece := member.read(PIECE):
                yield len(piece)
    except BROKEN as error:
        raise Unreadable(_explain_end(sheet.BROKEN)) from error


def _is_locked(workbook: IO[bytes]) -> bool:
    rest = b""
    while piece := workbook.read(PIECE):
        if LOCKED_XLS.search(rest + piece):
            return True
        rest = piece[-OVERLAP:]
    return False
