"""Errors in an XLS sheet, which calamine gives as empty cells.

An XLS file is a small file system of sectors; one of its files, the workbook, is a row of records: where each
sheet begins, and then its cells. Source: [MS-CFB] and [MS-XLS]. That is looked through for what errors look
like first, and read record by record only where that occurs.
"""

import mmap
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from web.tables.marks import Marks

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
SHEET_BEGINS, FORMULA, BOOL_OR_ERROR, END = 0x85, 0x06, 0x205, 0x0A
ENTRY = 128
WORKBOOKS = {"Workbook", "Book"}
_SECTORS_END = 0xFFFFFFFA
_CODES = rb"[\x00\x07\x0f\x17\x1d\x24\x2a]"
_TELLING = re.compile(
    rb"\x05\x02\x08\x00.{6}" + _CODES + rb"\x01|\x06\x00.{8}\x02." + _CODES + rb".{3}\xff\xff",
    re.DOTALL,
)


def add_xls_errors(path: str, sheet: str, marks: Marks) -> None:
    """Mark the errors of a sheet; none where the file is another than it should be."""
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if not _TELLING.search(content):
            return
        try:
            workbook = read_workbook(content)
            for kind, data in read_records(workbook, _find_sheet(workbook, sheet)):
                _add_error(kind, data, marks)
        except (struct.error, IndexError, ValueError, LookupError):
            return


def read_workbook(content: mmap.mmap) -> bytes:
    """The workbook's own bytes. Raises LookupError where there is none."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    count, directory = struct.unpack_from("<L", content, 44)[0], struct.unpack_from("<L", content, 48)[0]
    tables = list(struct.unpack_from("<109L", content, 76))
    further: int = struct.unpack_from("<L", content, 68)[0]
    while further < _SECTORS_END and len(tables) < count:
        *more, further = struct.unpack_from(f"<{size // 4}L", content, (further + 1) * size)
        tables += more
    following: list[int] = []
    for table in tables[:count]:
        following += struct.unpack_from(f"<{size // 4}L", content, (table + 1) * size)
    entries = _read_chain(content, directory, following, size)
    for place in range(0, len(entries), ENTRY):
        length = struct.unpack_from("<H", entries, place + 64)[0]
        if entries[place : place + max(0, length - 2)].decode("utf-16-le", "replace") in WORKBOOKS:
            first, total = struct.unpack_from("<LL", entries, place + 116)
            return _read_chain(content, first, following, size)[:total]
    raise LookupError


def read_records(workbook: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    """The records from a place on to the end of what they tell of, by their kinds."""
    while place + 4 <= len(workbook):
        kind, length = struct.unpack_from("<HH", workbook, place)
        yield kind, workbook[place + 4 : place + 4 + length]
        if kind == END:
            return
        place += 4 + length


def _read_chain(content: mmap.mmap, first: int, following: list[int], size: int) -> bytes:
    pieces, sector = [], first
    while sector < _SECTORS_END:
        pieces.append(content[(sector + 1) * size : (sector + 2) * size])
        if len(pieces) > len(following):
            raise ValueError
        sector = following[sector]
    return b"".join(pieces)


def _find_sheet(workbook: bytes, name: str) -> int:
    """Where the records of a sheet begin. Raises LookupError."""
    for kind, data in read_records(workbook, 0):
        if kind == SHEET_BEGINS:
            letters, is_wide = data[6], data[7] & 1
            text = data[8 : 8 + letters * (1 + is_wide)]
            if text.decode("utf-16-le" if is_wide else "latin-1") == name:
                return int(struct.unpack_from("<L", data)[0])
    raise LookupError


def _add_error(kind: int, data: bytes, marks: Marks) -> None:
    if kind == BOOL_OR_ERROR and data[7]:
        code = data[6]
    elif kind == FORMULA and data[12:14] == b"\xff\xff" and data[6] == 2:
        code = data[8]
    else:
        return
    row, column = struct.unpack_from("<HH", data)
    marks.add_error(row, column, ERRORS.get(code, "#N/A"))
