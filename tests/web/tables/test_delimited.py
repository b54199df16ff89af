"""Delimited text as it comes: uneven, odd, cut off; each row is read right, or named with its fault."""

import io
import resource
from collections.abc import Callable

import pytest

from web.tables.opening import open_table
from web.tables.table import MOST_COLUMNS, Reading, Unreadable


def test_a_line_has_the_number_that_an_editor_shows(read: Callable) -> None:
    found = read(b'name,note\r\nA,"two\r\nlines"\r\n\r\nB,\r\n,\r\nC,"x\ny\rz"\r\nD,\r\n', reading=Reading())
    assert [(line.number, line.cells[0]) for line in found.lines] == [(2, "A"), (5, "B"), (7, "C"), (10, "D")]


def test_spaces_around_a_cell_are_none_of_it(read: Callable) -> None:
    found = read(" name ;km\n A\u00a0; 1\u202f\n\u00a0;x\n".encode(), reading=Reading(delimiter=";"))
    assert found.headers == ["name", "km"]
    assert found.rows == [["A", "1"], [None, "x"]]


def test_a_protected_formula_is_the_text_that_it_was(read: Callable) -> None:
    found = read(b"name,note\n'=1+1,'tis\n''-5,-5\n", reading=Reading())
    assert found.rows == [["=1+1", "'tis"], ["'-5", "-5"]]


def test_a_short_row_is_filled_and_a_long_one_has_a_fault(read: Callable) -> None:
    found = read(b"a,b,c\n1\n1,2,3,,\n1,2,3,4\n1,2,3\n", reading=Reading())
    assert found.rows == [["1", None, None], ["1", "2", "3"], ["1", "2", "3"]]
    assert found.faults == [(4, "This row has 4 cells, but there are 3 columns.")]


def test_a_file_that_ends_in_a_row_says_so(read: Callable) -> None:
    found = read(b"a,b,c\n1,2,3\n1,2", reading=Reading())
    assert found.rows == [["1", "2", "3"]]
    assert found.faults == [(3, "The file ends in the middle of this row.")]


def test_a_last_line_without_its_end_may_be_whole(read: Callable) -> None:
    assert read(b"a,b\n1,2\n3,4", reading=Reading()).rows == [["1", "2"], ["3", "4"]]


def test_a_quote_that_never_closes_is_told_by_its_line() -> None:
    with open_table(io.BytesIO(b'a,b\n1,2\n3,"x\n4,5\n'), Reading()) as table:
        lines = iter(table)
        assert next(lines).cells == ["1", "2"]
        with pytest.raises(Unreadable, match="line 3"):
            next(lines)


def test_what_stands_before_an_open_quote_is_still_read(read: Callable) -> None:
    rows = b"".join(b"%d,x\n" % number for number in range(1000))
    with open_table(io.BytesIO(b"a,b\n" + rows + b'1,"x\n'), Reading()) as table:
        lines = iter(table)
        assert [next(lines).cells[0] for _ in range(1000)] == [str(number) for number in range(1000)]
        with pytest.raises(Unreadable, match="line 1002"):
            next(lines)


def test_a_quote_that_closes_wrongly_costs_its_own_lines_only(read: Callable) -> None:
    found = read(b'a,b\n1,"x\n2,y"z\n3,4\n', reading=Reading())
    assert found.rows == [["3", "4"]]
    assert found.faults == [(2, "Lines 2 to 3: a quote opens and does not close rightly.")]


@pytest.mark.parametrize(
    ("sign", "code"), [("\x00", "0000"), ("\x07", "0007"), ("\x1b", "001B"), ("\x85", "0085")]
)
def test_a_control_character_is_named(read: Callable, sign: str, code: str) -> None:
    found = read(f"a,b\n1,x{sign}\n2,y\n".encode(), reading=Reading())
    assert found.rows == [["2", "y"]]
    assert found.faults == [(2, f"Cell 2 has the control character U+{code}.")]


def test_bytes_that_are_no_text_are_a_fault_of_their_line(read: Callable) -> None:
    found = read(b"a,b\n1,x\n2,\xff\n3,y\n", reading=Reading())
    assert [row[0] for row in found.rows] == ["1", "3"]
    assert found.faults == [(3, "Cell 2 has bytes that are no text in this encoding.")]


def test_a_file_without_headers_has_columns_called_after_letters(read: Callable) -> None:
    found = read(b"1,2,3\n4,5,6\n7,8,9\n")
    assert found.reading.header_line == 0
    assert found.headers == ["A", "B", "C"]
    assert len(found.rows) == 3


def test_headers_that_are_missing_or_come_twice_get_names(read: Callable) -> None:
    found = read(b"name,,name,,\n1,2,3,,\n", reading=Reading())
    assert found.headers == ["name", "B", "name (2)"]


def test_titles_above_the_headers_are_skipped(read: Callable) -> None:
    found = read(b"Fleet list\nas of today\n\nname;km\nA;1\nB;2\n")
    assert found.headers == ["name", "km"]
    assert found.lines[0].number == 5


def test_more_columns_than_are_read_are_refused(read: Callable) -> None:
    header = ",".join(f"c{number}" for number in range(16_000)).encode()
    with pytest.raises(Unreadable, match="16000 columns; at most 500"):
        read(header + b"\n" + b"1," * 16_000 + b"\n")
    most = ",".join(f"c{number}" for number in range(MOST_COLUMNS)).encode()
    assert len(read(most + b"\n" + b"1," * 499 + b"1\n", reading=Reading()).rows[0]) == MOST_COLUMNS


def test_one_row_of_very_many_cells_is_its_own_fault(read: Callable) -> None:
    found = read(b"a,b\n1,2\n" + b"1," * 16_000 + b"1\n3,4\n", reading=Reading())
    assert found.rows == [["1", "2"], ["3", "4"]]
    assert found.faults == [(3, "This row has 16001 cells, but there are 2 columns.")]


def test_a_cell_may_be_a_mebibyte_and_no_longer(read: Callable) -> None:
    long = b"x" * 1024**2
    assert read(b"a,b\n1," + long + b"\n", reading=Reading()).rows == [["1", long.decode()]]
    with pytest.raises(Unreadable, match="line 2"):
        read(b'a,b\n1,"' + long + b'x"\n', reading=Reading())


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    class Endless(io.RawIOBase):
        """A file of 10 GB in one line."""

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            return 10 * 1024**3 if whence == 2 else offset

        def tell(self) -> int:
            return 0

        def read(self, size: int = -1) -> bytes:
            return b"x" * size

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Unreadable, match="line 1"), open_table(Endless(), Reading()) as table:  # type: ignore[arg-type]
        list(table)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"name,km\n", "headers, but no rows"),
        (b"<!DOCTYPE html><html><table>", "web page"),
        (b"<?xml version='1.0'?><Workbook/>", "XML"),
        (b"%PDF-1.7\n", "no file of rows"),
        (b'[{"name": "A"}, {"name": "B"}]', "no file of rows"),
        (b"\x7fELF" + bytes(range(32)) * 20, "no file of rows"),
    ],
)
def test_what_is_no_table_is_refused_in_words(read: Callable, content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read(content, "fleet.xls")


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (Reading("parquet"), "no format parquet"),
        (Reading(encoding="rot13"), "no encoding rot13"),
        (Reading(delimiter=";;"), "one sign"),
        (Reading(delimiter="\n"), "one sign"),
        (Reading(quote=","), "another than the one between"),
    ],
)
def test_a_reading_that_cannot_be_is_refused(read: Callable, reading: Reading, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read(b"a,b\n1,2\n", reading=reading)


def test_headers_are_wanted_where_the_reading_says_that_they_are(read: Callable) -> None:
    with pytest.raises(Unreadable, match="no headers in line 9"):
        read(b"a,b\n1,2\n", reading=Reading(header_line=9))
