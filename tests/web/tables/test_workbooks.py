"""Workbooks: cells keep their types, errors are told, and one that lies about its size harms nobody."""

import io
import os
import resource
import struct
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

from web.tables.detection import list_sheets
from web.tables.table import Reading, Unreadable

SEEN = datetime.fromisoformat("2024-01-02T03:04")
SHEET = "xl/worksheets/sheet1.xml"


def fill_usual(workbook, sheet) -> None:
    """A title, headers, and rows of every type."""
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    clock = workbook.add_format({"num_format": "hh:mm"})
    lasting = workbook.add_format({"num_format": "[h]:mm:ss"})
    sheet.write_string(0, 1, "Fleet")
    sheet.write_row(2, 1, ["name", "km", "price", "sold", "since", "seen", "starts", "driven", "total"])
    for row, name in ((3, "A"), (5, " B ")):
        sheet.write_string(row, 1, name)
        sheet.write_number(row, 2, 120)
        sheet.write_number(row, 3, 1.5)
        sheet.write_boolean(row, 4, True)
        sheet.write_datetime(row, 5, date(2024, 1, 2), day)
        sheet.write_datetime(row, 6, SEEN, moment)
        sheet.write_datetime(row, 7, time(3, 4), clock)
        sheet.write_datetime(row, 8, timedelta(hours=30), lasting)
        sheet.write_formula(row, 9, "=C4*2", None, 240)


def test_cells_keep_their_types_and_formulas_give_their_values(read: Callable, make_xlsx: Callable) -> None:
    found = read(make_xlsx(fill_usual), "fleet.xlsx")
    assert found.reading == Reading("workbook", sheet="Fleet", header_line=3)
    assert found.headers == ["name", "km", "price", "sold", "since", "seen", "starts", "driven", "total"]
    rest = [120, 1.5, True, date(2024, 1, 2), SEEN, time(3, 4), "30:00:00", 240]
    assert [(line.number, line.cells) for line in found.lines] == [(4, ["A", *rest]), (6, ["B", *rest])]
    assert [type(cell) for cell in found.rows[0]] == [str, int, float, bool, date, datetime, time, str, int]


def test_the_sheets_are_listed_and_the_first_with_rows_is_read(read: Callable, make_xlsx: Callable) -> None:
    def fill(workbook, _sheet) -> None:
        hidden, last = workbook.add_worksheet("Secret"), workbook.add_worksheet("Buses")
        hidden.hide()
        hidden.write(0, 0, "x")
        last.write_column(0, 0, ["name", "A"])

    content = make_xlsx(fill)
    found = read(content)
    assert found.reading.sheet == "Buses"
    assert list_sheets(io.BytesIO(content), found.reading) == ["Fleet", "Buses"]
    with pytest.raises(Unreadable, match="no such sheet"):
        read(content, reading=Reading("workbook", sheet="Trams"))


def test_errors_and_formulas_without_a_value_are_faults(
    read: Callable, make_xlsx: Callable, change_member: Callable
) -> None:
    def fill(_workbook, sheet) -> None:
        sheet.write_row(0, 0, ["name", "km"])
        sheet.write_row(1, 0, ["A", 1])
        sheet.write(2, 0, "B")
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        sheet.write_row(3, 0, ["C", "#REF!"])
        sheet.write(4, 0, "D")
        sheet.write_formula(4, 1, '=""', None, "")

    empty_text = b'<c r="B5" t="str"><f>'
    found = read(change_member(make_xlsx(fill), SHEET, lambda xml: xml.replace(b'<c r="B5"><f>', empty_text)))
    assert found.rows == [["A", 1], ["D", None]]
    assert found.faults == [(3, "Cell B has the error #DIV/0!."), (4, "Cell B has the error #REF!.")]
    book = openpyxl.Workbook()
    for row in (["name", "km"], ["A", "=1+1"], ["B", 2]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    found = read(content.getvalue())
    assert found.rows == [["B", 2]]
    assert "formula without its value" in found.faults[0][1]


def test_a_control_character_in_a_cell_is_a_fault(read: Callable, make_xlsx: Callable) -> None:
    found = read(
        make_xlsx(
            lambda _book, sheet: [
                sheet.write_row(row, 0, [f"bus {row}", text])
                for row, text in enumerate(["name", "x\x07", "y\nz"])
            ]
        )
    )
    assert found.rows == [["bus 2", "y\nz"]]
    assert found.faults == [(2, "Cell B has the control character U+0007.")]


def test_merged_cells_have_their_value_in_each_row(read: Callable, make_xlsx: Callable) -> None:
    def fill(_workbook, sheet) -> None:
        sheet.merge_range(0, 0, 0, 2, "Fleet")
        sheet.write(1, 0, "depot")
        sheet.merge_range(1, 1, 1, 2, "names")
        sheet.merge_range(2, 0, 4, 0, "North")
        for row in (2, 3, 4):
            sheet.write_row(row, 1, [f"bus {row}", "x"])
        sheet.write(5, 0, "South")
        sheet.merge_range(5, 1, 5, 2, "both")

    found = read(make_xlsx(fill), reading=Reading("workbook", header_line=2))
    assert found.headers == ["depot", "names"]
    assert found.faults[0] == (3, "This row has 3 cells, but there are 2 columns.")
    assert [line.cells for line in found.lines] == [
        ["North", "bus 2", "x"],
        ["North", "bus 3", "x"],
        ["North", "bus 4", "x"],
        ["South", "both", "both"],
    ]


def make_ods() -> bytes:
    """Merged cells, an error, repeated cells and rows."""
    document, sheet = OpenDocumentSpreadsheet(), Table(name="Fleet")

    def cell(text: str, **attributes) -> TableCell:
        made = TableCell(**{"valuetype": "string", **attributes})
        made.addElement(P(text=text))
        return made

    rows = [
        [cell("depot"), cell("name"), cell("km")],
        [cell("North", numberrowsspanned=2), cell("A"), cell("5", valuetype="float", value=5)],
        [CoveredTableCell(), cell("B"), cell("2024-01-02", valuetype="date", datevalue="2024-01-02")],
        [cell("x", numbercolumnsrepeated=3)],
        [cell("South"), cell("C"), cell("#REF!")],
        [TableCell(numbercolumnsrepeated=16_384)],
    ]
    for place, cells in enumerate(rows):
        row = TableRow(numberrowsrepeated=1_000_000) if place == 5 else TableRow()
        for one in cells:
            row.addElement(one)
        sheet.addElement(row)
    document.spreadsheet.addElement(sheet)
    content = io.BytesIO()
    document.write(content)
    return content.getvalue()


def test_ods_reads_like_the_others(read: Callable) -> None:
    found = read(make_ods(), "fleet.ods")
    assert found.headers == ["depot", "name", "km"]
    assert found.rows == [["North", "A", 5], ["North", "B", date(2024, 1, 2)], ["x", "x", "x"]]
    assert found.faults == [(5, "Cell C has the error #REF!.")]


def test_an_error_that_ods_only_marks_as_one_is_a_fault(read: Callable, change_member: Callable) -> None:
    def change(content: bytes) -> bytes:
        place = content.index(b"#REF!")
        before, after = content[:place], content[place:].replace(b"#REF!", b"Err:508", 1)
        start = before.rindex(b"<table:table-cell") + len(b"<table:table-cell")
        mark = b' xmlns:calcext="urn:x" calcext:value-type="error"'
        return before[:start] + mark + before[start:] + after

    found = read(change_member(make_ods(), "content.xml", change))
    assert found.faults == [(5, "Cell C has the error Err:508.")]


def make_xls() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Fleet")
    for place, header in enumerate(["name", "km", "since"]):
        sheet.write(1, place, header)
    sheet.write(2, 0, "A")
    sheet.write(2, 1, 5)
    sheet.write_merge(2, 3, 2, 2, date(2024, 1, 2), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    sheet.write(3, 0, "B")
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_xls_reads_like_the_others(read: Callable) -> None:
    found = read(make_xls(), "fleet.xls")
    assert found.reading.header_line == 2
    assert found.rows == [["A", 5, date(2024, 1, 2)], ["B", None, date(2024, 1, 2)]]


@pytest.mark.parametrize(("code", "error"), [(0x07, "#DIV/0!"), (0x17, "#REF!"), (0x2A, "#N/A")])
@pytest.mark.parametrize("rows", [2, 3000], ids=["few rows", "many rows"])
def test_an_error_in_xls_is_a_fault(read: Callable, code: int, error: str, rows: int) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Büs \u2713")
    for row in range(rows + 1):
        for column in range(3):
            sheet.write(row, column, f"header {column}" if row == 0 else f"{row} {column}")
    sheet.write(rows + 1, 0, "bad")
    sheet.write(rows + 1, 2, xlwt.Formula("1/0"))
    sheet.row(rows + 2).set_cell_text(0, "worse")
    sheet.row(rows + 2).set_cell_error(1, code)
    content = io.BytesIO()
    book.save(content)
    # xlwt does not reckon: 1/0 has the value 0 until another program gives it its error.
    unreckoned = struct.pack("<HHHHH", 0x06, 25 + 0, rows + 1, 2, 17)[4:8]
    place = content.getvalue().rindex(unreckoned) + 6
    changed = (
        content.getvalue()[:place] + bytes([2, 0, code, 0, 0, 0, 255, 255]) + content.getvalue()[place + 8 :]
    )
    found = read(changed, "fleet.xls")
    assert len(found.rows) == rows
    assert found.faults == [
        (rows + 2, f"Cell C has the error {error}."),
        (rows + 3, f"Cell B has the error {error}."),
    ]


@pytest.mark.parametrize("name", ["fleet.xls", "fleet.xlsx", "fleet.ods", "fleet.csv", "fleet"])
def test_the_content_decides_not_the_name(read: Callable, make_xlsx: Callable, name: str) -> None:
    for content in (make_xlsx(fill_usual), make_xls(), make_ods()):
        assert read(content, name).reading.format == "workbook"
    assert read(b"a,b\n1,2\n", name).reading.format == "delimited"


def test_a_workbook_may_claim_any_size(read: Callable, make_xlsx: Callable, change_member: Callable) -> None:
    honest = make_xlsx(fill_usual)
    claimed = change_member(honest, SHEET, lambda xml: xml.replace(b'ref="B1:J6"', b'ref="A1:XFD1048576"'))
    assert read(claimed).rows == read(honest).rows


def test_a_sheet_that_fills_the_memory_ends_its_own_process(
    read: Callable, make_xlsx: Callable, change_member: Callable
) -> None:
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    content = change_member(make_xlsx(fill_usual), SHEET, lambda xml: xml.replace(b"</sheetData>", far))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Unreadable, match=r"too large .* Save it as CSV"):
        read(content)
    row = (
        b'<table:table-row%b><table:table-cell office:value-type="string" table:number-columns-repeated="%d"'
    )
    honest, lie = row % (b"", 3), row % (b' table:number-rows-repeated="200000"', 300)
    repeated = change_member(make_ods(), "content.xml", lambda xml: xml.replace(honest, lie))
    with pytest.raises(Unreadable, match="too large"):
        read(repeated)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def test_a_workbook_that_unfolds_to_gigabytes_is_refused(
    read: Callable, make_xlsx: Callable, change_member: Callable
) -> None:
    blank = b" " * (70 * 1024**2)
    content = change_member(
        make_xlsx(fill_usual), SHEET, lambda xml: xml.replace(b"</sheetData>", blank + b"</sheetData>")
    )
    with pytest.raises(Unreadable, match="far more"):
        read(content)


def test_sixteen_thousand_columns_are_refused(read: Callable, make_xlsx: Callable) -> None:
    content = make_xlsx(lambda _book, sheet: [sheet.write_row(row, 0, ["x"] * 16_000) for row in range(3)])
    with pytest.raises(Unreadable, match="16000 columns; at most 500"):
        read(content)


def test_a_merged_block_as_large_as_a_sheet_adds_no_rows(
    read: Callable, make_xlsx: Callable, change_member: Callable
) -> None:
    def fill(_workbook, sheet) -> None:
        sheet.write_row(0, 0, ["a", "b"])
        sheet.merge_range(1, 0, 2, 1, "x")
        sheet.write_row(4, 0, ["y", "z"])

    content = change_member(
        make_xlsx(fill), SHEET, lambda xml: xml.replace(b'ref="A2:B3"', b'ref="A2:XFD1048576"')
    )
    assert read(content, reading=Reading("workbook")).rows == [["x", "x"], ["y", "z"]]


@pytest.mark.parametrize(
    "fill", [lambda _book, _sheet: None, lambda _book, sheet: sheet.write_row(0, 0, ["name", "km"])]
)
def test_a_workbook_without_rows_is_refused(read: Callable, make_xlsx: Callable, fill: Callable) -> None:
    with pytest.raises(Unreadable, match="no rows"):
        read(make_xlsx(fill))


def test_a_locked_workbook_is_refused(read: Callable, change_member: Callable) -> None:
    book = make_xls()
    name = "Workbook".encode("utf-16-le")
    locked = "EncryptedPackage".encode("utf-16-le")
    entry = book.index(name)
    as_xlsx = book[:entry] + locked + book[entry + len(locked) : entry + 64] + b"\x22\0" + book[entry + 66 :]
    # The record behind the first one of the stream, made into one that says that all others are encrypted.
    begin = book.index(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    place = begin + 4 + 16
    as_xls = book[:place] + b"\x2f\x00" + book[place + 2 :]
    document = make_ods()
    manifest = b"<manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
    as_ods = change_member(
        document, "META-INF/manifest.xml", lambda xml: xml.replace(b"</manifest:manifest>", manifest)
    )
    for content in (as_xlsx, as_xls, as_ods):
        with pytest.raises(Unreadable, match="password"):
            read(content, "fleet.xls")


def test_a_damaged_workbook_is_refused(read: Callable, make_xlsx: Callable, change_member: Callable) -> None:
    content = make_xlsx(fill_usual)
    for broken in (
        content[: len(content) // 2],
        change_member(content, SHEET, lambda xml: xml[: len(xml) // 2]),
        change_member(content, "xl/workbook.xml", lambda _xml: b"nothing"),
        make_xls()[:3000],
    ):
        with pytest.raises(Unreadable, match="damaged"):
            read(broken)


def test_no_process_is_left_behind(read: Callable, make_xlsx: Callable) -> None:
    read(make_xlsx(fill_usual))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_hundred_thousand_rows_of_thirteen_columns_fit(read: Callable) -> None:
    """The other process is held to 230 MB (web.tables.sheet), and this one keeps no rows of its own."""
    header = "".join(f'<c r="{chr(65 + at)}1" t="inlineStr"><is><t>h{at}</t></is></c>' for at in range(13))
    rows = (
        f'<row r="{row}">'
        + "".join(
            f'<c r="{chr(65 + at)}{row}"><v>{row * at}</v></c>'
            if at % 3 == 1
            else f'<c r="{chr(65 + at)}{row}" t="inlineStr"><is><t>value {row} of {at}</t></is></c>'
            for at in range(13)
        )
        + "</row>"
        for row in range(2, 100_002)
    )
    content = io.BytesIO()
    book = openpyxl.Workbook()
    book.save(content)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    changed = io.BytesIO()
    with (
        zipfile.ZipFile(content) as old,
        zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            if name != SHEET:
                new.writestr(name, old.read(name))
        with new.open(SHEET, "w") as sheet:
            sheet.write(f'<worksheet xmlns="{main}"><sheetData><row r="1">{header}</row>'.encode())
            for row in rows:
                sheet.write(row.encode())
            sheet.write(b"</sheetData></worksheet>")
    found = read(changed.getvalue())
    assert len(found.rows) == 100_000
    assert found.rows[-1][:3] == ["value 100001 of 0", 100001, "value 100001 of 2"]
