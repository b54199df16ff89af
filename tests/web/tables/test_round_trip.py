"""Whatever is written as delimited text, however that is done, reads as it was."""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from web.tables.formulas import protect
from web.tables.table import Reading

DELIMITERS = [",", ";", "\t", "|", ":", "~", "^", " ", "!", "\x1f"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "cp850"]
ENDS = ["\n", "\r\n", "\r"]
thoroughly = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])

# Any text but controls and halves of characters; a tab and the ends of lines may stand in a cell.
texts = st.text(
    st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("\t\r\n\"'=+-@,;|: \u00a0"), max_size=12
).map(str.strip)
names = st.text(st.characters(categories=("Lu", "Ll")), min_size=1, max_size=8)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str | None]]]:
    headers = draw(st.lists(names, min_size=1, max_size=5, unique=True))
    cells = texts.map(lambda text: text or None)
    rows = draw(st.lists(st.lists(cells, min_size=len(headers), max_size=len(headers)), max_size=8))
    return headers, [row for row in rows if any(row)]


def write(
    headers: list[str], rows: list[list[str | None]], reading: Reading, end: str, wrap: str
) -> bytes | None:
    """The file; None where the encoding has not all the characters."""
    text = io.StringIO(newline="")
    # The csv module quotes only the ends of lines that it writes itself.
    quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    writer = csv.writer(
        text,
        delimiter=reading.delimiter,
        quotechar=reading.quote,
        lineterminator=end,
        quoting=quoting,
    )
    writer.writerow(headers)
    writer.writerows([None if cell is None else protect(cell) for cell in row] for row in rows)
    try:
        content = text.getvalue().encode(reading.encoding)
    except UnicodeEncodeError:
        return None
    if wrap == "gz":
        return gzip.compress(content)
    if wrap == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("rows.csv", content)
        return packed.getvalue()
    return content


@thoroughly
@given(
    tables(),
    st.sampled_from(DELIMITERS),
    st.sampled_from(['"', "'"]),
    st.sampled_from(ENCODINGS),
    st.sampled_from(ENDS),
    st.sampled_from(["", "zip", "gz"]),
)
def test_what_is_written_in_a_dialect_reads_as_it_was(
    read: Callable, table, delimiter: str, quote: str, encoding: str, end: str, wrap: str
) -> None:
    headers, rows = table
    reading = Reading("delimited", "rows.csv" if wrap else "", encoding, delimiter, quote)
    content = write(headers, rows, reading, end, wrap)
    if content is None:
        return
    found = read(content, "rows.csv", reading)
    assert found.headers == headers
    assert found.lines == [(line.number, row, "") for line, row in zip(found.lines, rows, strict=True)]


words = st.text(st.sampled_from("abcdefgh ABCDEF-éüñß"), min_size=1, max_size=12).map(str.strip).filter(bool)
COLUMNS = {
    "Name": words,
    "Kilometres": st.integers(0, 400_000).map(str),
    "Price": st.integers(0, 99_999).map(lambda cents: f"{cents // 100},{cents % 100:02}"),
    "Latitude": st.integers(-9_000_000, 9_000_000).map(lambda place: f"{place / 100_000:.5f}"),
    "Day": st.integers(0, 9999).map(lambda days: (date(2000, 1, 1) + timedelta(days)).isoformat()),
    "Clock": st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}"),
    "Note": st.none() | words,
}


@st.composite
def fleets(draw: st.DrawFn) -> tuple[list[str], list[list[str | None]]]:
    others = [name for name in COLUMNS if name != "Kilometres"]
    headers = ["Kilometres", *draw(st.lists(st.sampled_from(others), min_size=1, max_size=5, unique=True))]
    headers = draw(st.permutations(headers))
    row = st.tuples(*(COLUMNS[name] for name in headers)).map(list)
    return headers, draw(st.lists(row, min_size=5, max_size=30))


@thoroughly
@given(
    fleets(),
    st.sampled_from([sign for sign in DELIMITERS if sign != "!"]),
    st.sampled_from(['"', "'"]),
    st.sampled_from(ENCODINGS),
    st.sampled_from(ENDS),
    st.sampled_from(["", "zip", "gz"]),
)
def test_a_usual_table_is_detected(
    read: Callable, table, delimiter: str, quote: str, encoding: str, end: str, wrap: str
) -> None:
    headers, rows = table
    reading = Reading("delimited", "rows.csv" if wrap else "", encoding, delimiter, quote)
    content = write(headers, rows, reading, end, wrap)
    found = read(content, "rows.csv.gz" if wrap == "gz" else "rows.csv")
    assert found.headers == headers
    assert found.faults == []
    # Which of two one-byte encodings a lone letter is in cannot be known; everything else can.
    if encoding in ("cp1252", "latin-1", "cp850"):
        assert [list(map(fold, row)) for row in found.rows] == [list(map(fold, row)) for row in rows]
    else:
        assert found.rows == rows


def fold(text: str | None) -> str | None:
    return text and "".join(sign if sign.isascii() else "?" for sign in text)
