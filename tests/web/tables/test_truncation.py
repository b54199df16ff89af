"""A file that is cut off anywhere is read as far as it goes, or refused in words; nothing else happens."""

import gzip
import io
from collections.abc import Callable

import pytest
import xlwt

from web.tables.detection import detect
from web.tables.opening import open_table
from web.tables.table import Line, Reading, Unreadable

TEXT = 'name;note;km\r\nA;"l\u00e9 1";1\r\nB;"two\r\nlines";22\r\n\u00c4;x;333\r\n'
TRACK = (
    '<?xml version="1.0"?><gpx><trk><name>x</name><trkseg>'
    + '<trkpt lat="48.1" lon="11.5"><time>2026-11-23T07:12:03Z</time></trkpt>\n' * 2
    + "</trkseg></trk></gpx>"
)
SENTENCES = (
    "$GPRMC,145243.000,A,3401.9764,N,11744.8274,W,0.00,,030610,,,A*6D\r\n"
    "$GPGGA,145243.000,3401.9764,N,11744.8274,W,1,09,0.9,260.1,M,-32.3,M,,0000*5F\r\n"
)
RECORDS = (
    '2023-11-14T22:13:20Z\t*                 \t{"_type":"location","tst":1700000000,"lat":48.1,"lon":11.5}\n'
    * 2
)
FILES = {
    "fleet.csv": TEXT.encode(),
    "fleet16.csv": TEXT.encode("utf-16"),
    "fleet850.csv": TEXT.encode("cp850"),
    "track.gpx": TRACK.encode(),
    "track.nmea": SENTENCES.encode(),
    "track.rec": RECORDS.encode(),
    "fleet.csv.gz": gzip.compress(TEXT.encode()),
}


def read_as_far(content: bytes, name: str, reading: Reading | None = None) -> list[Line]:
    """The lines up to the end, or to where the rest cannot be read."""
    lines: list[Line] = []
    try:
        file = io.BytesIO(content)
        with open_table(file, reading or detect(file, name)) as table:
            for line in table:
                lines.append(line)
    except Unreadable:
        return lines
    return lines


@pytest.mark.parametrize("name", FILES)
def test_a_file_may_end_after_any_byte(name: str) -> None:
    content = FILES[name]
    reading = detect(io.BytesIO(content), name)
    whole = read_as_far(content, name)
    assert len(whole) >= 1
    for end in range(len(content)):
        read_as_far(content[:end], name)
        lines = read_as_far(content[:end], name, reading)
        # Only the last line can be another one than in the whole file.
        assert lines[:-1] == whole[: max(0, len(lines) - 1)]


def test_an_archive_may_end_after_any_byte(pack: Callable, make_xlsx: Callable) -> None:
    workbook = make_xlsx(lambda _book, sheet: [sheet.write_row(row, 0, ["a", "b", row]) for row in range(3)])
    for content in (pack(**{"fleet.csv": TEXT.encode()}), workbook):
        assert read_as_far(content, "fleet")
        for end in range(len(content)):
            assert read_as_far(content[:end], "fleet") == []


def test_a_workbook_of_the_old_kind_may_end_anywhere() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Fleet")
    for row in range(20):
        sheet.write(row, 0, f"bus {row}")
        sheet.write(row, 1, row if row else "km")
    content = io.BytesIO()
    book.save(content)
    whole = read_as_far(content.getvalue(), "fleet.xls")
    assert len(whole) == 19
    for end in range(0, len(content.getvalue()), 211):
        lines = read_as_far(content.getvalue()[:end], "fleet.xls")
        assert lines == whole[: len(lines)]


def test_a_file_may_have_any_byte_changed() -> None:
    for name, content in FILES.items():
        for place in range(len(content)):
            read_as_far(content[:place] + b"\xff" + content[place + 1 :], name)
            read_as_far(content[:place] + b"\x00" + content[place + 1 :], name)
