"""What kind of file of rows a file is: by its content first, by its name where that leaves it open."""

import codecs
import re
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from flask_babel import gettext as _

from web.tables import workbook
from web.tables.archives import GZIP, MOST_BYTES, OTHERS, ZIP, find_inside, open_stream, open_zip
from web.tables.archives import is_workbook as holds_workbook
from web.tables.dialects import Dialect, Row, cut, find_header, guess_dialect
from web.tables.encodings import MARK, guess_encoding
from web.tables.table import Reading, Unreadable

START = 256 * 1024
JUDGED_ROWS = 200
WORKBOOK, GPX, NMEA, REC, DELIMITED = "workbook", "gpx", "nmea", "rec", "delimited"
BY_NAME = {".gpx": GPX, ".nmea": NMEA, ".nma": NMEA, ".rec": REC}
MOST_CONTROLS = 0.05

_PAGE = re.compile(r"\s*(?:<\?xml[^>]*>)?\s*<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE)
_JSON = re.compile(r"\s*(?:\[\s*)?\{\s*\"")
_GPX = re.compile(r"<(?:\w+:)?gpx[\s>]")
_SENTENCE = re.compile(r"[$!][A-Z]{2}[A-Z0-9]{2,5},[^*\r\n]*\*[0-9A-Fa-f]{2}\s*$")
_RECORD = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?\t[^\t]*\t")


def detect(file: BinaryIO, name: str, most: int = MOST_BYTES) -> Reading:
    """How a file is best read. `most` is how many bytes may come out of an archive. Raises Unreadable."""
    inside = find_inside(file, name)
    with open_stream(file, inside, most) as stream:
        start = stream.read_start(START)
    if not start:
        raise Unreadable(_("This file is empty."))
    if start.startswith((ZIP, workbook.COMPOUND)):
        return _detect_workbook(file, inside, most)
    if inside and start.startswith((GZIP, *OTHERS)):
        raise Unreadable(nested())
    encoding = guess_encoding(start)
    text = decode(start, encoding)
    if not text.strip():
        raise Unreadable(_("This file is empty."))
    _refuse_others(start, text)
    format = _recognise(text, inside or name)
    if format != DELIMITED:
        return Reading(format, inside, encoding)
    return _detect_delimited(text if len(start) < START else _whole_lines(text), inside, encoding)


def list_sheets(file: BinaryIO, reading: Reading, most: int = MOST_BYTES) -> list[str]:
    """The names of the sheets of a workbook that can be seen. Raises Unreadable."""
    with workbook.unpack(file, reading.inside, most) as unpacked:
        return workbook.list_names(unpacked)


def decode(start: bytes, encoding: str) -> str:
    """The text that these bytes begin; a character that is cut off at their end is left out."""
    return codecs.getincrementaldecoder(encoding)(MARK).decode(start)


def nested() -> str:
    """What is said of an archive within an archive."""
    return str(_("Inside this archive is another. Unpack the outer one and send what is inside."))


def _detect_workbook(file: BinaryIO, inside: str, most: int) -> Reading:
    with workbook.unpack(file, inside, most) as unpacked:
        unpacked.seek(0)
        if inside and unpacked.read(4) == ZIP:
            with open_zip(cast(BinaryIO, unpacked)) as archive:
                if not holds_workbook(archive):
                    raise Unreadable(nested())
        contents, found = workbook.peek(unpacked, JUDGED_ROWS)
    rows = [Row(row.number, ["" if cell is None else str(cell) for cell in row.cells]) for row in found]
    return Reading(WORKBOOK, inside, sheet=contents.sheet, header_line=_find_header(rows))


def _detect_delimited(text: str, inside: str, encoding: str) -> Reading:
    dialect: Dialect = guess_dialect(text)
    rows, _faults = cut(text, dialect, JUDGED_ROWS)
    return Reading(DELIMITED, inside, encoding, *dialect, header_line=_find_header(rows))


def _find_header(rows: list[Row]) -> int:
    if not rows:
        raise Unreadable(_("This file has no rows."))
    line = find_header(rows)
    if line and line == rows[-1].line:
        raise Unreadable(_("This file has headers, but no rows below them."))
    return line


def _recognise(text: str, name: str) -> str:
    if _GPX.search(text[:4096]) and text.lstrip("\ufeff \t\r\n").startswith("<"):
        return GPX
    lines = [line for line in text.splitlines()[:200] if line.strip()]
    for pattern, format in ((_SENTENCE, NMEA), (_RECORD, REC)):
        if 2 * sum(bool(pattern.match(line)) for line in lines) > len(lines):
            return format
    return BY_NAME.get(PurePosixPath(name.lower()).suffix, DELIMITED)


def _refuse_others(start: bytes, text: str) -> None:
    """Say what a file is that has no rows. Raises Unreadable."""
    if _PAGE.match(text):
        raise Unreadable(
            _("This is a web page, whatever its name says. Open it in a spreadsheet and save it as XLSX.")
        )
    if text.startswith("<?xml") and not _GPX.search(text[:4096]):
        raise Unreadable(_("This is an XML file. Open it in a spreadsheet and save it as XLSX."))
    controls = sum(sign < " " and sign not in "\t\r\n\x1e\x1f\x01" for sign in text[:4096])
    if start.startswith(b"%PDF-") or _JSON.match(text) or controls > MOST_CONTROLS * len(text[:4096]):
        raise Unreadable(
            _(
                "This is no file of rows. "
                "Rows can be read from CSV, XLSX, XLS, ODS, GPX, NMEA and OwnTracks files."
            )
        )


def _whole_lines(text: str) -> str:
    """Without the last line where there are more: it is cut off."""
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end > 0 else text
