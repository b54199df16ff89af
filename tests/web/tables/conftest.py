"""Files of rows made in memory, and what is read from them."""

import io
import zipfile
from collections.abc import Callable
from typing import NamedTuple

import pytest
import xlsxwriter

from web.tables.archives import MOST_BYTES
from web.tables.detection import detect
from web.tables.opening import open_table
from web.tables.table import Cell, Line, Reading


class Found(NamedTuple):
    """What has been read: how, under which headers, and the lines."""

    reading: Reading
    headers: list[str]
    lines: list[Line]

    @property
    def rows(self) -> list[list[Cell]]:
        """The cells of the lines that have no fault."""
        return [line.cells for line in self.lines if not line.fault]

    @property
    def faults(self) -> list[tuple[int, str]]:
        """The numbers of the lines that have one, and what is wrong."""
        return [(line.number, line.fault) for line in self.lines if line.fault]


@pytest.fixture(scope="session")
def read() -> Callable[..., Found]:
    """Reads a file: as it is detected, or as is said."""

    def read(
        content: bytes, name: str = "file.csv", reading: Reading | None = None, most: int = MOST_BYTES
    ) -> Found:
        file = io.BytesIO(content)
        reading = reading or detect(file, name, most)
        with open_table(file, reading, most) as table:
            lines = list(table)
            assert 0 <= table.share <= 1
            return Found(reading, table.headers, lines)

    return read


@pytest.fixture(scope="session")
def pack() -> Callable[..., bytes]:
    """Packs files into a zip archive."""

    def pack(**files: bytes) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name.replace("__dot__", "."), content)
        return packed.getvalue()

    return pack


@pytest.fixture(scope="session")
def make_xlsx() -> Callable[..., bytes]:
    """Makes an XLSX file: `fill` writes to its first sheet, and may use its workbook."""

    def make_xlsx(fill: Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], object]) -> bytes:
        content = io.BytesIO()
        workbook = xlsxwriter.Workbook(content, {"in_memory": True})
        fill(workbook, workbook.add_worksheet("Fleet"))
        workbook.close()
        return content.getvalue()

    return make_xlsx


@pytest.fixture(scope="session")
def change_member() -> Callable[..., bytes]:
    """Changes what is inside a member of an archive."""

    def change_member(archive: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
        changed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(changed, "w") as new:
            for member in old.namelist():
                content = old.read(member)
                if member == name:
                    assert change(content) != content
                    content = change(content)
                new.writestr(member, content, zipfile.ZIP_DEFLATED)
        return changed.getvalue()

    return change_member
